"""Replies end as they should if the disk refuses or the cost of an answer cannot be computed."""

import asyncio

import pytest

from chatbot.errors import StorageError
from tests.conftest import CreateReplies
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import asked
from tests.support.reply_setup import SESSION, ReplySetup, full_disk, wait_for_end


async def test_a_message_that_cannot_be_stored_is_not_sent(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    with full_disk(replies_setup), pytest.raises(StorageError, match="not sent"):
        await replies_setup.say("Hello")
    assert upstream.requests == []
    _, answer = await replies_setup.answer("Hello again")
    assert answer.status == "complete"


@pytest.mark.parametrize("is_stopped", [False, True])
async def test_an_answer_that_cannot_be_stored_reports_it(
    is_stopped: bool, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50)
    reply = await replies_setup.say("Hello")
    with full_disk(replies_setup):
        if is_stopped:
            reply.stop()
        await wait_for_end(reply)
    assert isinstance(reply.error, StorageError)
    assert "not sent" not in str(reply.error)
    assert not replies_setup.replies.running(SESSION, reply.conversation_id)


async def test_a_file_damaged_during_an_answer_frees_the_conversation(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.replies.checkpoints.CHECKPOINT_SECONDS", 0.02)
    upstream.scenario = Scenario(tokens=20, tokens_per_second=50)
    reply = await replies_setup.say("Hello")
    with full_disk(replies_setup):
        await asyncio.sleep(0.2)
        (replies_setup.path / f"{reply.conversation_id}.json").write_text("[]")
    await wait_for_end(reply)
    assert isinstance(reply.error, StorageError)
    assert not replies_setup.replies.running(SESSION, reply.conversation_id)


async def test_a_full_disk_is_reported_if_tokens_are_counted(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_daily_tokens=1000)
    draft = replies_setup.path.parent.parent / "draft"
    with full_disk(replies_setup), pytest.raises(StorageError):
        draft.mkdir()
        await replies_setup.say("Hello")
    draft.rmdir()
    assert asked(upstream) == []
    assert (await replies_setup.answer("Hello again"))[1].status == "complete"


async def test_an_answer_that_cannot_be_counted_frees_the_conversation(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_daily_tokens=1000)
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50)
    reply = await replies_setup.say("Hello")
    (replies_setup.path.parent.parent / "draft").mkdir()
    await wait_for_end(reply)
    assert replies_setup.on_disk(reply.conversation_id)[-1].status == "complete"
    assert not replies_setup.replies.running(SESSION, reply.conversation_id)


async def test_an_answer_is_stored_if_its_cost_is_unknown(
    replies_setup: ReplySetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(type(replies_setup.providers), "cost")
    _, answer = await replies_setup.answer("Hello")
    assert (answer.content, answer.status, answer.cost) == ("You said: Hello", "complete", None)
