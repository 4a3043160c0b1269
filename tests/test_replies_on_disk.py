"""Replies where the disk refuses, or what an answer took cannot be told: it ends as it should all the same."""

import asyncio

import pytest

from chatbot.errors import StorageError
from tests.api import asked
from tests.conftest import MakeSettings
from tests.fake_upstream import FakeUpstream, Scenario
from tests.reply_setup import SESSION, Road, ended, full_disk


async def test_a_message_that_cannot_be_stored_is_not_sent(road: Road, upstream: FakeUpstream) -> None:
    with full_disk(road), pytest.raises(StorageError, match="not sent"):
        await road.say("Hello")
    assert upstream.requests == []
    _, answer = await road.answer("Hello again")
    assert answer.status == "complete"


@pytest.mark.parametrize("is_stopped", [False, True])
async def test_an_answer_that_cannot_be_stored_says_so(is_stopped: bool, road: Road, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50)
    reply = await road.say("Hello")
    with full_disk(road):
        if is_stopped:
            reply.stop()
        await ended(reply)
    assert isinstance(reply.error, StorageError)
    assert "not sent" not in str(reply.error)
    assert not road.replies.running(SESSION, reply.conversation_id)


async def test_a_store_that_was_spoilt_meanwhile_does_not_keep_the_conversation_busy(
    road: Road, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.replies.checkpoints.CHECKPOINT_SECONDS", 0.02)
    upstream.scenario = Scenario(tokens=20, tokens_per_second=50)
    reply = await road.say("Hello")
    with full_disk(road):
        await asyncio.sleep(0.2)
        (road.path / f"{reply.conversation_id}.json").write_text("[]")
    await ended(reply)
    assert isinstance(reply.error, StorageError)
    assert not road.replies.running(SESSION, reply.conversation_id)


async def test_a_full_disk_is_told_as_what_it_is_also_where_tokens_are_counted(
    settings: MakeSettings, upstream: FakeUpstream
) -> None:
    road = Road(settings(chatbot_daily_tokens=1000))
    draft = road.path.parent.parent / "draft"
    with full_disk(road), pytest.raises(StorageError):
        draft.mkdir()
        await road.say("Hello")
    draft.rmdir()
    assert asked(upstream) == []
    assert (await road.answer("Hello again"))[1].status == "complete"
    await road.close()


async def test_an_answer_that_cannot_be_counted_does_not_keep_the_conversation_busy(
    settings: MakeSettings, upstream: FakeUpstream
) -> None:
    road = Road(settings(chatbot_daily_tokens=1000))
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50)
    reply = await road.say("Hello")
    (road.path.parent.parent / "draft").mkdir()
    await ended(reply)
    assert road.on_disk(reply.conversation_id)[-1].status == "complete"
    assert not road.replies.running(SESSION, reply.conversation_id)
    await road.close()


async def test_an_answer_whose_price_cannot_be_told_is_kept_all_the_same(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(type(road.providers), "cost")
    _, answer = await road.answer("Hello")
    assert (answer.content, answer.status, answer.cost) == ("You said: Hello", "complete", None)
