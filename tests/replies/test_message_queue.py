"""Messages that are sent while an answer runs: they wait for its end, and each is sent once."""

import asyncio
import gc
import weakref
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from chatbot.errors import ChatbotError, InvalidMessage, NotFound
from chatbot.replies.message_queue import MessageQueue
from chatbot.replies.reply import Reply
from chatbot.replies.turns import Turn
from chatbot.types import ModelChoice, Options
from tests.conftest import CreateReplies
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import SESSION, ReplySetup, wait_for_end

ENDLESS = Scenario(tokens=100_000, tokens_per_second=50)


@pytest.fixture
def replies(replies_setup: ReplySetup) -> ReplySetup:
    return replies_setup


@pytest.fixture
def queue(replies_setup: ReplySetup) -> MessageQueue:
    return replies_setup.queue


def turn(**options: object) -> Turn:
    key = options.pop("key", None)
    chosen = Options(ModelChoice("compatible", str(options.pop("model", "any-model"))), "Be brief.", 100, 20)
    return Turn(None, chosen, SecretStr(str(key)) if key else None)


async def begin(replies: ReplySetup, upstream: FakeUpstream) -> Reply:
    """An answer that does not end by itself, of which some text has come."""
    upstream.queue(ENDLESS)
    reply = await replies.say("First")
    async for _ in reply.chunks():
        return reply
    raise AssertionError


async def all_sent(replies: ReplySetup, conversation_id: str) -> list[str]:
    """Waits until nothing runs; returns the visitor's messages."""
    while reply := replies.replies.running(SESSION, conversation_id):
        await wait_for_end(reply)
    return [each.content for each in replies.on_disk(conversation_id) if each.role == "user"]


async def test_it_waits_and_goes_when_the_answer_has_ended(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    reply = await begin(replies, upstream)
    place = SESSION, reply.conversation_id
    await queue.add(*place, "Second", turn(model="another"))
    await queue.add(*place, "Third", turn())
    assert [each.message.text for each in queue.list(*place)] == ["Second", "Third"]
    assert len(upstream.requests) == 1
    await replies.replies.stop(*place)
    assert await all_sent(replies, reply.conversation_id) == ["First", "Second", "Third"]
    assert queue.list(*place) == []
    assert [each.body["model"] for each in upstream.requests] == ["any-model", "another", "any-model"]


async def test_stop_and_send_ends_the_answer_and_goes_before_the_others(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    reply = await begin(replies, upstream)
    place = SESSION, reply.conversation_id
    await queue.add(*place, "Third", turn())
    await queue.add(*place, "Second", turn(), stops=True)
    assert reply.ended.is_set()
    assert await all_sent(replies, reply.conversation_id) == ["First", "Second", "Third"]


async def test_a_withdrawn_message_is_not_sent_and_leaves_nothing(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    reply = await begin(replies, upstream)
    place = SESSION, reply.conversation_id
    await queue.add(*place, "the-heron-nests-in-april", turn())
    (waiting,) = queue.list(*place)
    assert (await queue.withdraw(*place, waiting.message.message_id)).text == "the-heron-nests-in-april"
    with pytest.raises(NotFound):
        await queue.withdraw(*place, waiting.message.message_id)
    await replies.replies.stop(*place)
    assert await all_sent(replies, reply.conversation_id) == ["First"]
    assert b"the-heron-nests" not in _files(replies.path)


async def test_it_is_sent_at_once_if_nothing_runs(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies.answer("First")
    await queue.add(SESSION, conversation_id, "Second", turn())
    assert await all_sent(replies, conversation_id) == ["First", "Second"]


@pytest.mark.parametrize("action", ["undo", "delete"])
async def test_what_ends_the_answer_for_something_else_sends_nothing(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream, action: str
) -> None:
    reply = await begin(replies, upstream)
    await queue.add(SESSION, reply.conversation_id, "Second", turn(key="sk-visitor"))
    await getattr(replies.replies, action)(SESSION, reply.conversation_id)
    assert len(upstream.requests) == 1
    if action == "undo":
        assert await all_sent(replies, reply.conversation_id) == []
        (waiting,) = queue.list(SESSION, reply.conversation_id)
        await queue.send_now(SESSION, reply.conversation_id, waiting.message.message_id, turn())
        assert await all_sent(replies, reply.conversation_id) == ["Second"]


async def test_after_a_failed_answer_it_waits_for_the_visitor(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    upstream.queue(Scenario(headers_after=0.3, status=401))
    reply = await replies.say("First")
    place = SESSION, reply.conversation_id
    await queue.add(*place, "Second", turn())
    await wait_for_end(reply)
    assert [each.message.text for each in queue.list(*place)] == ["Second"]
    assert await all_sent(replies, reply.conversation_id) == ["First"]
    (waiting,) = queue.list(*place)
    await queue.send_now(*place, waiting.message.message_id, turn())
    assert await all_sent(replies, reply.conversation_id) == ["First", "Second"]


async def test_a_refusal_keeps_it_and_says_why(create_replies: CreateReplies, upstream: FakeUpstream) -> None:
    replies = create_replies(chatbot_messages_per_minute=1)
    queue, reply = replies.queue, await begin(replies, upstream)
    place = SESSION, reply.conversation_id
    await queue.add(*place, "Second", turn())
    await replies.replies.stop(*place)
    (waiting,) = queue.list(*place)
    assert (waiting.message.text, waiting.refusal and waiting.refusal.code) == ("Second", "rate_limited")
    assert await all_sent(replies, reply.conversation_id) == ["First"]


@pytest.mark.parametrize("of", ["conversation", "session"])
async def test_what_is_deleted_leaves_no_refusal_in_memory(
    of: str, create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    setup = create_replies(chatbot_messages_per_minute=1)
    reply = await begin(setup, upstream)
    place = SESSION, reply.conversation_id
    await setup.queue.add(*place, "Second", turn())
    await setup.replies.stop(*place)
    (waiting,) = setup.queue.list(*place)
    refusal = weakref.ref(cast(ChatbotError, waiting.refusal))
    assert refusal() is not None
    del waiting
    await (setup.replies.delete(*place) if of == "conversation" else setup.replies.delete_session(SESSION))
    gc.collect()
    assert refusal() is None


async def test_what_could_not_be_sent_is_refused_at_once(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    reply = await begin(replies, upstream)
    place = SESSION, reply.conversation_id
    for text in ("", "x" * 10_001):
        with pytest.raises(InvalidMessage):
            await queue.add(*place, text, turn())
    for number in range(10):
        await queue.add(*place, f"Message {number}", turn())
    with pytest.raises(InvalidMessage, match="10 messages"):
        await queue.add(*place, "One more", turn())
    await replies.replies.delete(*place)


async def test_many_at_once_are_sent_once_each(
    replies: ReplySetup, queue: MessageQueue, upstream: FakeUpstream
) -> None:
    reply = await begin(replies, upstream)
    place = SESSION, reply.conversation_id
    texts = [f"Message {number}" for number in range(8)]
    await asyncio.gather(*(queue.add(*place, text, turn()) for text in texts), replies.replies.stop(*place))
    assert sorted(await all_sent(replies, reply.conversation_id)) == ["First", *texts]
    assert queue.list(*place) == []


def _files(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.rglob("*") if each.is_file())
