"""Snapshots of a running answer, each watcher at its own interval, and checkpoints on disk."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise

import pytest

from chatbot.replies import checkpoints, pacing
from chatbot.replies.reply import Reply
from chatbot.types import StoredMessage
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup, slow_disk, until, wait_for_end

TWENTY_TOKENS = Scenario(tokens=20, tokens_per_second=100)
FULL_TEXT = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 21))


def every(seconds: float) -> Callable[[], float]:
    return lambda: seconds


async def watch(reply: Reply, interval: float = 0.05) -> list[tuple[float, StoredMessage]]:
    return [(time.monotonic(), snapshot) async for snapshot in reply.snapshots(every(interval))]


async def test_the_first_and_the_last_token_arrive_without_delay(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=20, silence_after=1, silence_seconds=0.6)
    reply = await replies_setup.say("Count.")
    snapshots = await watch(reply, interval=60)
    assert [snapshot.content for _, snapshot in snapshots] == ["word1", FULL_TEXT]
    assert [snapshot.status for _, snapshot in snapshots] == ["running", "complete"]
    assert replies_setup.on_disk(reply.conversation_id)[-1] == snapshots[-1][1]


async def test_an_empty_first_snapshot_arrives_after_its_deadline(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    for patience, seen in ((0, ["", "word1", FULL_TEXT]), (60, ["word1", FULL_TEXT])):
        upstream.scenario = Scenario(tokens=20, silence_after=1, silence_seconds=0.6)
        reply = await replies_setup.say("Count.")
        snapshots = [snapshot.content async for snapshot in reply.snapshots(every(60), patience)]
        assert snapshots == seen


async def test_snapshots_keep_the_interval(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = TWENTY_TOKENS
    snapshots = await watch(await replies_setup.say("Count."))
    times = [seen for seen, _ in snapshots]
    gaps = [later - earlier for earlier, later in pairwise(times[:-1])]
    assert len(gaps) <= 4
    assert min(gaps, default=1) > 0.045
    assert all(FULL_TEXT.startswith(snapshot.content) for _, snapshot in snapshots)


async def test_reasoning_arrives_before_the_text(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(reasoning=3, tokens=("Yes",), silence_after=3, silence_seconds=0.6)
    snapshots = await watch(await replies_setup.say("Think."), interval=0)
    assert "word1 word2 word3".startswith(snapshots[0][1].reasoning)
    assert (bool(snapshots[0][1].reasoning), snapshots[0][1].content) == (True, "")
    assert (snapshots[-1][1].reasoning, snapshots[-1][1].content) == ("word1 word2 word3", "Yes")


async def test_every_watcher_gets_the_whole_answer_even_if_late(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = TWENTY_TOKENS
    reply = await replies_setup.say("Count.")
    early = [asyncio.create_task(watch(reply, interval)) for interval in (0, 0.04, 60)]
    await until(lambda: "word9" in reply.snapshot().content)
    late = asyncio.create_task(watch(reply))
    seen = await asyncio.gather(*early, late)
    assert [snapshots[-1][1].content for snapshots in seen] == [FULL_TEXT] * 4
    assert len(seen[0]) > len(seen[1]) > len(seen[2]) == 2
    assert "word9" in seen[3][0][1].content
    assert [snapshot.content for _, snapshot in await watch(reply)] == [FULL_TEXT]


@pytest.mark.parametrize("interval", [0, 60])
async def test_a_watcher_who_leaves_does_not_end_the_answer(
    interval: float, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = TWENTY_TOKENS
    reply = await replies_setup.say("Count.")
    async with aclosing(reply.snapshots(every(interval))) as snapshots:
        await anext(snapshots)
    cancelled = asyncio.create_task(watch(reply, interval))
    await asyncio.sleep(0.05)
    cancelled.cancel()
    await wait_for_end(reply)
    assert replies_setup.on_disk(reply.conversation_id)[-1].content == FULL_TEXT
    assert upstream.closed_early == 0


async def test_an_answer_without_watchers_is_stored(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = TWENTY_TOKENS
    _, answer = await replies_setup.answer("Count.")
    assert (answer.status, answer.content) == ("complete", FULL_TEXT)


@pytest.mark.parametrize("fault", ["wrong_key", "cut"])
async def test_a_watcher_gets_the_failure(fault: str, replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS[fault]
    reply = await replies_setup.say("Hello")
    _, last = (await watch(reply))[-1]
    assert reply.error
    assert last.fault
    assert str(last.fault.words) == str(reply.error)


async def test_a_silent_answer_has_no_snapshot_until_it_is_stopped(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(silence_after=0)
    reply = await replies_setup.say("Hello")
    watching = asyncio.create_task(watch(reply))
    await until(lambda: upstream.open_streams)
    await asyncio.sleep(0.05)
    assert not watching.done()
    await replies_setup.stop(reply)
    assert [snapshot.status for _, snapshot in await watching] == ["interrupted"]


async def test_the_last_snapshot_waits_until_the_answer_is_stored(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=3, tokens_per_second=50)
    reply = await replies_setup.say("Count.")
    with slow_disk(replies_setup.memory):
        watching = asyncio.create_task(watch(reply, interval=0))
        await until(lambda: reply.snapshot().status == "complete")
        await asyncio.sleep(0.05)
        assert not watching.done()
    await watching
    assert replies_setup.on_disk(reply.conversation_id)[-1].status == "complete"


async def test_a_long_answer_is_stored_while_it_runs(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.05)
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=50)
    reply = await replies_setup.say("Count.")

    def on_disk() -> StoredMessage:
        return replies_setup.on_disk(reply.conversation_id)[-1]

    await until(lambda: "word5" in on_disk().content)
    await until(lambda: "word10" in on_disk().content)
    assert on_disk().status == "running"
    await replies_setup.stop(reply)
    assert on_disk().status == "interrupted"


async def test_a_slow_checkpoint_never_overwrites_the_complete_answer(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.02)
    upstream.scenario = TWENTY_TOKENS
    reply = await replies_setup.say("Count.")
    with slow_disk(replies_setup.memory):
        await until(lambda: reply.snapshot().content == FULL_TEXT)
    await wait_for_end(reply)
    await asyncio.sleep(0.05)
    assert replies_setup.on_disk(reply.conversation_id)[-1].status == "complete"


def test_the_interval_grows_smoothly_and_limits_the_event_loops_load() -> None:
    intervals = [pacing.update_interval(answers) for answers in range(1, 1000)]
    assert 1 / 40 <= intervals[0] == intervals[7] <= 1 / 25, "fast for a few answers"
    assert pacing.update_interval(60) < 0.25, "still smooth for many"
    for answers, (interval, next_interval) in enumerate(pairwise(intervals), start=1):
        assert interval <= next_interval <= interval + pacing.UPDATE_COST_SECONDS / pacing.UPDATE_SHARE + 1e-9
        assert answers * pacing.UPDATE_COST_SECONDS / interval <= pacing.UPDATE_SHARE + 1e-9


async def test_more_running_answers_lengthen_the_update_interval(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "UPDATE_COST_SECONDS", 0.01)
    upstream.scenario = Scenario(headers_after=60)
    alone = replies_setup.replies.update_interval()
    for number in range(10):
        await replies_setup.say(f"Question {number}")
    assert alone == pacing.MIN_UPDATE_SECONDS
    assert replies_setup.replies.update_interval() == pacing.update_interval(10) > 1.5 * alone


async def test_an_empty_answer_is_shown_again_while_it_is_waited_for(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.replies.reply.WAITING_SECONDS", 0.0)
    upstream.scenario = Scenario(silence_after=0)
    reply = await replies_setup.say("Hello")
    async with aclosing(reply.snapshots(every(60), 0)) as snapshots:
        empty = [(await anext(snapshots)).content for _ in range(3)]
    assert empty == ["", "", ""]
    assert reply.elapsed_seconds > 0
    await replies_setup.stop(reply)
