"""Resuming a stream at any character, by any number of clients, while the answer runs and afterwards."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.api_client import Event, Json, Visitor, text_of
from tests.support.reply_setup import until

AWKWARD = ("word", " ", "🙂", "\n\n", "é\u2028", '"\\', "\r\n", "data: ")
COUNTED = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 26))
CUTS = 50
SEED = 4


def names_of(seen: list[Event]) -> list[str]:
    return list(dict.fromkeys(event.name for event in seen))


def test_a_running_answer_can_be_followed_from_its_start(visitor: Visitor) -> None:
    with visitor.watching("POST", "/chat/stream", json={"message": "Count.", "model": "pace:50x25"}) as answer:
        start = next(answer)
        visitor.token = start.data["session_token"]
        first = next(answer)
        again = visitor.follow(start.data["conversation_id"])
        seen = [start, first, *answer]
    assert again[0] == start
    assert again[-1] == seen[-1]
    assert text_of(again) == text_of(seen) == COUNTED


def test_a_last_event_id_returns_only_the_rest(visitor: Visitor) -> None:
    with visitor.watching("POST", "/chat/stream", json={"message": "Count.", "model": "pace:50x25"}) as answer:
        start = next(answer).data
        seen = [next(answer) for _ in range(5)]
    visitor.token = start["session_token"]
    assert seen[-1].id
    rest = visitor.follow(start["conversation_id"], int(seen[-1].id))
    assert names_of(rest) == ["token", "done"]
    assert text_of(seen) + text_of(rest) == COUNTED


@pytest.mark.parametrize("offset", [0, 1, 3, 4, 5])
def test_a_stream_resumes_inside_a_token(offset: int, visitor: Visitor) -> None:
    conversation = visitor.begin("Count.", model="pace:250x25")
    rest = visitor.follow(conversation, offset)
    assert text_of(rest) == COUNTED[offset:]
    assert [event.id for event in rest if event.name == "token"][-1] == str(len(COUNTED))


def test_text_that_came_earlier_is_sent_as_one_event(visitor: Visitor) -> None:
    conversation = visitor.begin("Count.", model="pace:50x25")
    asyncio.run(until(lambda: "word10" in visitor.messages(conversation)[-1]["content"]))
    _, first, *_ = visitor.follow(conversation)
    assert "word10" in first.data


def test_many_clients_can_follow_one_answer(visitor: Visitor) -> None:
    conversation = visitor.begin("Count.", model="pace:100x100")
    whole = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 101))
    offsets = [None, *range(0, 57, 3)]
    with ThreadPoolExecutor(len(offsets)) as pool:
        seen = [*pool.map(lambda after: reconnected(visitor).follow(conversation, after), offsets)]
    for after, events in zip(offsets, seen, strict=True):
        assert text_of(events) == whole[after or 0 :]
        assert events[-1] == seen[0][-1]


def reconnected(visitor: Visitor) -> Visitor:
    """The same session on a new connection."""
    return Visitor(visitor.url, visitor.token)


@pytest.mark.parametrize("after", [0, 1, 7, 15, 16, 10_000])
def test_a_finished_answer_can_still_be_resumed(after: int, visitor: Visitor) -> None:
    answer = visitor.stream("Hello")
    conversation = answer[-1].data["conversation_id"]
    rest = visitor.follow(conversation, after)
    assert text_of(rest) == "You said: Hello"[after:]
    assert rest[-1] == answer[-1]
    assert len(rest) == (2 if after < 15 else 1)


@pytest.mark.parametrize("fault", ["wrong_key", "cut"])
def test_a_failed_answer_can_still_be_resumed(fault: str, visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS[fault])
    answer = visitor.stream()
    rest = visitor.follow(answer[0].data["conversation_id"], 2)
    assert text_of(rest) == text_of(answer)[2:]
    assert rest[-1] == answer[-1]
    assert rest[-1].name == "error"


def test_a_stream_is_204_if_no_answer_is_running(visitor: Visitor) -> None:
    conversation = visitor.chat()["conversation_id"]
    empty = {"title": "", "messages": [], "format": "chatbot-conversation", "version": 1}
    times: Json = dict.fromkeys(("created_at", "updated_at"), "2026-01-31T12:00:00.000+00:00")
    untouched = visitor.call("POST", "/conversations/import", json=empty | times).json()["conversation_id"]
    for each, headers in ((conversation, {}), (untouched, {}), (untouched, {"Last-Event-ID": "0"})):
        answer = visitor.call("GET", f"/conversations/{each}/stream", headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_stream_follows_the_newest_answer(visitor: Visitor) -> None:
    conversation = visitor.chat("Hello")["conversation_id"]
    visitor.begin("Count.", conversation_id=conversation, model="pace:50x25")
    start, *rest = visitor.follow(conversation)
    assert start.data["message_id"] == rest[-1].data["message_id"]
    assert text_of(rest) == COUNTED


@pytest.mark.parametrize("words", range(1, 13))
def test_a_client_that_joins_at_the_end_misses_nothing(words: int, visitor: Visitor) -> None:
    conversation = visitor.begin("Count.", model=f"pace:300x{words}")
    received: list[Event] = []
    while not received or received[-1].name != "done":
        received = [event for event in visitor.follow(conversation, 0) if event.name in ("token", "done")]
        assert received[-1].name == "done"
    assert text_of(received) == COUNTED[: len(text_of(received))]
    assert text_of(received).split()[-1] == f"word{words}"


@pytest.mark.tier2
def test_a_client_disconnected_fifty_times_has_the_exact_text(visitor: Visitor, upstream: FakeUpstream) -> None:
    chance = random.Random(SEED)  # noqa: S311 - reproducible
    tokens = tuple(chance.choice(AWKWARD) + (str(number) if chance.random() < 0.5 else "") for number in range(600))
    upstream.queue(Scenario(reasoning=5, tokens=tokens, tokens_per_second=150))
    conversation = visitor.begin()
    text, last = "", None
    while_running = 0
    for _ in range(CUTS):
        seen = cut_stream(visitor, conversation, last, chance.randint(0, 400))
        while_running += visitor.messages(conversation)[-1]["status"] == "running"
        assert not [event for event in seen if event.name == "done"]
        text += text_of(seen)
        last = next((event.id for event in reversed(seen) if event.id), last)
    assert while_running > CUTS / 2
    rest = visitor.follow(conversation, int(last or 0))
    assert text + text_of(rest) == "".join(tokens)
    assert rest[-1].name == "done"
    assert visitor.messages(conversation)[-1]["content"] == "".join(tokens)


def cut_stream(visitor: Visitor, conversation: str, last: str | None, size: int) -> list[Event]:
    """Returns the events in the first `size` bytes, then disconnects, mostly in the middle of an event."""
    headers = {"Last-Event-ID": last} if last else {}
    return [*visitor.first_bytes(f"/conversations/{conversation}/stream", size, headers)]
