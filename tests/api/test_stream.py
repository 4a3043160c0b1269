"""An answer as a stream of events: their order and fields, and the effects of disconnecting, waiting and stopping."""

import asyncio
from itertools import accumulate

import httpx
import pytest
from starlette.types import Message

from chatbot.api import sse as events
from chatbot.replies.reply import Reply
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Event, Visitor, blocks, text_of
from tests.support.api_client import events as read
from tests.support.reply_setup import ReplySetup, until
from tests.support.running import RunningApp

COUNTED = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 26))
AWKWARD = (
    "a\u2028b",
    "\n",
    "\n\n",
    "\r\n",
    '"quoted" \\ ',
    "\x85\u2029",
    "🙂",
    "é",
    "data: x\n\nid: 7\n",
    "\x00\x1c",
    " ",
)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("path", ["/chat/stream", "/chat"])
def test_events_come_in_order_and_have_their_fields(path: str, provider: str, visitor: Visitor) -> None:
    body = {"message": "Hello", "provider": provider, "stream": True}
    with visitor.watching("POST", path, json=body) as answer:
        start, *tokens, done = answer
    assert start.name == "start"
    assert start.data.keys() == {"conversation_id", "message_id", "session_token", "provider", "model"}
    assert start.data["provider"] == provider
    assert {token.name for token in tokens} == {"token"}
    assert text_of(tokens) == "You said: Hello"
    assert done.name == "done"
    assert done.data.keys() == {"conversation_id", "message_id", "finish_reason", "usage", "timing", "memory"}
    assert done.data["usage"].keys() == {"input_tokens", "output_tokens"}
    assert done.data["timing"].keys() == {"first_token_ms", "total_ms"}
    assert [start.id, done.id] == [None, None]
    visitor.token = start.data["session_token"]
    stored = visitor.messages(start.data["conversation_id"])[-1]
    for name in ("message_id", "finish_reason", "usage", "timing"):
        assert done.data[name] == stored[name]
    assert done.data["message_id"] == start.data["message_id"]
    assert stored["model"] == start.data["model"]


def test_event_data_is_one_line_for_any_token(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=AWKWARD, tokens_per_second=100))
    seen = visitor.stream()
    assert text_of(seen) == "".join(AWKWARD)
    assert [event.raw.splitlines() for event in seen] == [[event.raw] for event in seen]
    assert len(seen) > 5
    assert visitor.messages(seen[0].data["conversation_id"])[-1]["content"] == "".join(AWKWARD)


def test_an_event_id_counts_the_characters_so_far(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=AWKWARD, tokens_per_second=100))
    tokens = [event for event in visitor.stream() if event.name == "token"]
    assert [token.id for token in tokens] == [str(end) for end in accumulate(len(token.data) for token in tokens)]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_reasoning_has_its_own_events_before_the_text(provider: str, visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reasoning=("Hm", "\n", "well"), tokens=("Yes", "."), tokens_per_second=100))
    _, *seen, _ = visitor.stream(provider=provider)
    assert "".join(event.data for event in seen if event.name == "reasoning") == "Hm\nwell"
    assert text_of(seen) == "Yes."
    assert [event.name for event in seen] == sorted(event.name for event in seen)
    assert {event.id for event in seen if event.name == "reasoning"} == {None}


@pytest.mark.parametrize("accepted", ["identity", "gzip", "br", "gzip, deflate, br, zstd"])
def test_headers_prevent_buffering_and_compression_of_a_stream(accepted: str, visitor: Visitor) -> None:
    body = {"message": "Count.", "model": "pace:50x25"}
    with visitor.http.stream("POST", "/chat/stream", json=body, headers={"Accept-Encoding": accepted}) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["cache-control"] == "no-store"
        assert "content-encoding" not in response.headers
        start = next(read(response.iter_raw()))
        assert start.name == "start"
        visitor.token = start.data["session_token"]


def test_tokens_are_sent_while_the_answer_runs(visitor: Visitor, upstream: FakeUpstream) -> None:
    with visitor.watching("POST", "/chat/stream", json={"message": "Count.", "model": "pace:50x5000"}) as answer:
        start = next(answer).data
        visitor.token = start["session_token"]
        words: list[str] = []
        while len(words) < 5:
            words.append(str(next(answer).data))
            assert upstream.open_streams == 1
        visitor.stop(start["conversation_id"])
    assert "".join(words).startswith("word1 word2 word3 word4 word5")


def test_an_answer_continues_after_a_disconnect(visitor: Visitor, upstream: FakeUpstream) -> None:
    conversation = visitor.begin("Count.", model="pace:50x25")
    while (answer := visitor.messages(conversation)[-1])["status"] == "running":
        pass
    assert (answer["status"], answer["content"]) == ("complete", COUNTED)
    assert upstream.closed_early == 0


@pytest.mark.parametrize("model", ["pace:50x5000", "fault:silence_middle", "fault:silence_first"])
def test_stop_closes_the_providers_stream_and_stores_the_text(
    model: str, visitor: Visitor, upstream: FakeUpstream
) -> None:
    with visitor.watching("POST", "/chat/stream", json={"message": "Count.", "model": model}) as answer:
        start = next(answer).data
        visitor.token = start["session_token"]
        text = "" if model == "fault:silence_first" else next(answer).data
        while upstream.open_streams == 0:
            pass
        assert visitor.stop(start["conversation_id"]) == "stopped"
        *rest, done = answer
    assert (done.name, done.data["finish_reason"]) == ("done", "stopped")
    stored = visitor.messages(start["conversation_id"])[-1]
    assert (stored["status"], stored["content"]) == ("interrupted", text + text_of(rest))
    assert (stored["finish_reason"], stored["error"]) == ("stopped", None)
    assert visitor.stop(start["conversation_id"]) == "idle"
    wait_until_closed(upstream)


def wait_until_closed(upstream: FakeUpstream) -> None:
    asyncio.run(until(lambda: upstream.open_streams == 0 and upstream.closed_early == 1))


async def test_stop_also_ends_an_answer_that_is_not_streamed(
    visitor: Visitor, api_app: RunningApp, upstream: FakeUpstream
) -> None:
    conversation = visitor.chat()["conversation_id"]
    headers = {"Authorization": f"Bearer {visitor.token}"}
    body = {"message": "Count.", "model": "pace:50x5000", "conversation_id": conversation}
    async with httpx.AsyncClient(base_url=api_app.url, headers=headers) as client:
        request = asyncio.create_task(client.post("/chat", json=body))
        await until(lambda: "word3" in visitor.messages(conversation)[-1]["content"])
        assert visitor.stop(conversation) == "stopped"
        answer = (await request).json()
    assert answer["finish_reason"] == "stopped"
    assert answer["response"] == visitor.messages(conversation)[-1]["content"]


class Connection:
    """A client's connection to a response: records what is sent, and blocks while `writable` is not set."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.writable = asyncio.Event()
        self.writable.set()

    async def watch(self, reply: Reply) -> None:
        await events.stream(reply, "a-token")({"type": "http", "method": "GET"}, self._receive, self._send)

    def comments(self) -> list[float]:
        return [time for time, body in self.sent if body.startswith(b":")]

    def blocks(self) -> list[str]:
        return [*blocks(body for _, body in self.sent)]

    def events(self) -> list[Event]:
        return [*read(body for _, body in self.sent)]

    async def _send(self, message: Message) -> None:
        self.sent.append((asyncio.get_running_loop().time(), message.get("body", b"")))
        await self.writable.wait()

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_comment_keeps_a_silent_stream_alive(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < events.KEEPALIVE_SECONDS <= 15
    monkeypatch.setattr(events, "KEEPALIVE_SECONDS", 0.05)
    upstream.scenario = Scenario(tokens=2, silence_after=1)
    reply = await replies_setup.say("Hello")
    connection = Connection()
    watching = asyncio.create_task(connection.watch(reply))
    await until(lambda: len(connection.events()) == 2)
    before = len(connection.comments())
    await until(lambda: len(connection.comments()) >= before + 5)
    await replies_setup.stop(reply)
    await asyncio.wait_for(watching, 3)
    assert [event.name for event in connection.events()] == ["start", "token", "done"]
    assert len([block for block in connection.blocks() if block.startswith(": ")]) == len(connection.comments())


async def test_a_slow_client_gets_waiting_text_as_one_event(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=25, tokens_per_second=200)
    reply = await replies_setup.say("Count.")
    connection = Connection()
    watching = asyncio.create_task(connection.watch(reply))
    await until(lambda: len(connection.events()) >= 2)
    connection.writable.clear()
    before = len(connection.events())
    await reply.ended.wait()
    connection.writable.set()
    await asyncio.wait_for(watching, 3)
    seen = connection.events()
    assert text_of(seen) == COUNTED
    assert len(seen) <= before + 3, "the event being sent, all the rest, and done"
