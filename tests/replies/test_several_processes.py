"""Several processes on one database: one answers, the others follow, stop, and go on when it is gone."""

import asyncio
from collections.abc import Callable
from threading import Thread

import pytest

from chatbot.errors import Busy, DailyLimitReached, LostLease
from chatbot.replies.reply import Reply
from chatbot.replies.turns import Turn
from chatbot.storage import database_processes
from chatbot.storage.database_backend import DatabaseBackend
from tests.conftest import CreateReplies
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.postgres import PostgresServer
from tests.support.reply_setup import SESSION, ReplySetup, until, wait_for_end

pytestmark = pytest.mark.tier2

Processes = Callable[..., tuple[ReplySetup, ReplySetup]]


@pytest.fixture
def two(postgres: PostgresServer, create_replies: CreateReplies) -> Processes:
    """Makes two processes that share a database."""

    def make(**settings: object) -> tuple[ReplySetup, ReplySetup]:
        url = postgres.create_database()
        return tuple(create_replies(chatbot_database_url=url, **settings) for _ in range(2))  # type: ignore[return-value]

    return make


def vanish(process: ReplySetup) -> database_processes.Processes:
    """Lets the process say no more that it is there, as if it were stopped; returns what says so."""
    backend = process._store.backend
    assert isinstance(backend, DatabaseBackend)
    backend._processes._is_closing.set()
    backend._processes._thread.join()
    return backend._processes


@pytest.fixture
def soon_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes a process for gone after half a second."""
    monkeypatch.setattr(database_processes, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(database_processes, "GONE_SECONDS", 0.5)


async def test_only_one_process_answers_a_conversation(two: Processes, upstream: FakeUpstream) -> None:
    one, other = two()
    conversation_id, _ = await one.answer("Hello")
    upstream.scenario = Scenario(tokens=20, tokens_per_second=20)
    starts = [each.say("Who?", conversation_id) for each in (one, other) * 3]
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Busy"] * 5 + ["Reply"]
    (reply,) = (each for each in outcomes if isinstance(each, Reply))
    await wait_for_end(reply)
    assert [each.role for each in other.memory.get_messages(conversation_id)] == ["user", "assistant"] * 2
    await other.answer("And now the other", conversation_id)


async def test_another_process_follows_an_answer_as_it_grows(two: Processes, upstream: FakeUpstream) -> None:
    one, other = two()
    upstream.scenario = Scenario(tokens=40, tokens_per_second=20)
    reply = await one.say("Hello")
    followed = await other.replies.find_running(SESSION, reply.conversation_id)
    assert followed
    chunks = [chunk.text async for chunk in followed.chunks()]
    assert len(chunks) > 1
    stored = one.memory.get_messages(reply.conversation_id)[-1]
    assert ("".join(chunks), followed.snapshot()) == (stored.content, stored)
    assert stored.status == "complete"
    assert await other.replies.find_running(SESSION, reply.conversation_id) is None


async def test_stop_and_delete_work_from_any_process(two: Processes, upstream: FakeUpstream) -> None:
    one, other = two()
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=20)
    reply = await one.say("Hello")
    await until(lambda: reply.snapshot().content)
    assert await other.replies.all_running(SESSION) == {reply.conversation_id}
    assert await other.replies.stop(SESSION, reply.conversation_id)
    stored = other.memory.get_messages(reply.conversation_id)[-1]
    assert (stored.status, stored.finish_reason, bool(stored.content)) == ("interrupted", "stopped", True)
    assert not await other.replies.stop(SESSION, reply.conversation_id)
    reply = await one.say("Once more", reply.conversation_id)
    await other.replies.delete(SESSION, reply.conversation_id)
    await wait_for_end(reply)
    assert one.memory.list_conversations() == []


@pytest.mark.usefixtures("soon_gone")
async def test_the_answer_of_a_process_that_is_gone_is_continued_by_another(
    two: Processes, upstream: FakeUpstream
) -> None:
    one, other = two()
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=20)
    reply = await one.say("Hello")
    conversation_id = reply.conversation_id
    await until(lambda: other.memory.get_messages(conversation_id)[-1].content)
    with pytest.raises(Busy):
        await other.say("Wait", conversation_id)
    processes = vanish(one)
    await until(lambda: other.memory.get_messages(conversation_id)[-1].status == "interrupted")
    before = other.memory.get_messages(conversation_id)[-1].content
    with pytest.raises(LostLease):
        one.memory.store_answer(conversation_id, reply.snapshot())
    upstream.scenario = Scenario(tokens=3)
    options = other.memory.get_conversation(conversation_id).options
    assert options
    await wait_for_end(await other.replies.resume(SESSION, conversation_id, options))
    after = other.memory.get_messages(conversation_id)[-1]
    assert after.status == "complete"
    assert after.content.startswith(before)
    processes._is_closing.clear()
    Thread(target=processes._run, daemon=True).start()
    await wait_for_end(reply)
    assert isinstance(reply.error, LostLease)
    assert one.memory.get_messages(conversation_id)[-1] == after
    await one.answer("It can answer again", conversation_id)


async def test_what_one_process_deletes_leaves_the_index_and_the_cache_of_another(two: Processes) -> None:
    one, other = two()
    conversation_id, _ = await one.answer("The boat is green")
    assert len(other.memory.search("boat")) > 0
    one.memory.delete_conversation(conversation_id)
    database = other.memory.index._database
    assert database

    def indexed() -> int:
        (count,) = database.execute("SELECT count(*) FROM message").fetchone()
        return int(count)

    await until(lambda: not indexed())
    await until(lambda: not other.memory._directory._cached)
    assert other.memory.search("boat") == []


async def test_a_message_that_waits_here_goes_when_the_answer_there_ends(
    two: Processes, upstream: FakeUpstream
) -> None:
    one, other = two()
    upstream.scenario = Scenario(tokens=20, tokens_per_second=20)
    reply = await one.say("Hello")
    options = one.memory.get_conversation(reply.conversation_id).options
    assert options
    await other.queue.add(SESSION, reply.conversation_id, "Next", Turn(None, options))
    assert len(other.memory.queued.list(reply.conversation_id)) == 1
    await wait_for_end(reply)
    await until(lambda: [each.content for each in one.memory.get_messages(reply.conversation_id)][2:3] == ["Next"])


async def test_processes_share_the_days_tokens(two: Processes, upstream: FakeUpstream) -> None:
    one, other = two(chatbot_daily_tokens=1000)
    upstream.scenario = Scenario(tokens=20, tokens_per_second=20)
    starts = [each.say("Hello", max_tokens=400, session_id=f"{n}") for n in range(5) for each in (one, other)]
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    replies = [each for each in outcomes if isinstance(each, Reply)]
    assert len(replies) == 3, "the third goes beyond the budget, as the last may"
    assert all(isinstance(each, (Reply, DailyLimitReached)) for each in outcomes)
    for reply in replies:
        await wait_for_end(reply)
    await other.answer("Hello", max_tokens=400)
