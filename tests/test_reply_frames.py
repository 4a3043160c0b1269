"""Those who watch an answer, at their own pace, and what is on disk of it meanwhile."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise

import pytest

from chatbot.replies import checkpoints
from chatbot.replies import pacing as pace
from chatbot.replies.reply import Reply
from chatbot.types import StoredMessage
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.reply_setup import ReplySetup, slow_disk, until, wait_for_end

TWENTY = Scenario(tokens=20, tokens_per_second=100)
WHOLE = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 21))


def every(seconds: float) -> Callable[[], float]:
    return lambda: seconds


async def watched(reply: Reply, interval: float = 0.05) -> list[tuple[float, StoredMessage]]:
    return [(time.monotonic(), frame) async for frame in reply.snapshots(every(interval))]


async def test_a_watcher_sees_the_first_token_at_once_and_the_last_without_delay(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=20, silence_after=1, silence_seconds=0.2)
    reply = await replies_setup.say("Count.")
    snapshots = await watched(reply, interval=60)
    assert [frame.content for _, frame in snapshots] == ["word1", WHOLE]
    assert [frame.status for _, frame in snapshots] == ["running", "complete"]
    assert replies_setup.on_disk(reply.conversation_id)[-1] == snapshots[-1][1]


async def test_who_wants_to_know_that_it_has_begun_is_told_in_time_and_of_the_first_token_at_once(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    for patience, seen in ((0, ["", "word1", WHOLE]), (60, ["word1", WHOLE])):
        upstream.scenario = Scenario(tokens=20, silence_after=1, silence_seconds=0.2)
        reply = await replies_setup.say("Count.")
        snapshots = [frame.content async for frame in reply.snapshots(every(60), patience)]
        assert snapshots == seen


async def test_between_them_the_interval_is_kept(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = TWENTY
    snapshots = await watched(await replies_setup.say("Count."))
    times = [seen for seen, _ in snapshots]
    gaps = [later - earlier for earlier, later in pairwise(times[:-1])]
    assert 2 <= len(gaps) <= 4
    assert min(gaps) > 0.045
    assert all(WHOLE.startswith(frame.content) for _, frame in snapshots)


async def test_reasoning_is_shown_while_the_text_is_still_to_come(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(reasoning=3, tokens=("Yes",), tokens_per_second=50)
    snapshots = await watched(await replies_setup.say("Think."), interval=0)
    assert (snapshots[0][1].reasoning, snapshots[0][1].content) == ("word1", "")
    assert (snapshots[-1][1].reasoning, snapshots[-1][1].content) == ("word1 word2 word3", "Yes")


async def test_all_who_watch_see_it_grow_and_one_who_comes_late_sees_all_of_it(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = TWENTY
    reply = await replies_setup.say("Count.")
    early = [asyncio.create_task(watched(reply, interval)) for interval in (0, 0.04, 60)]
    await until(lambda: "word9" in reply.snapshot().content)
    late = asyncio.create_task(watched(reply))
    seen = await asyncio.gather(*early, late)
    assert [snapshots[-1][1].content for snapshots in seen] == [WHOLE] * 4
    assert len(seen[0]) > len(seen[1]) > len(seen[2]) == 2
    assert "word9" in seen[3][0][1].content
    assert [frame.content for _, frame in await watched(reply)] == [WHOLE]


@pytest.mark.parametrize("interval", [0, 60])
async def test_a_watcher_who_leaves_does_not_end_the_answer(
    interval: float, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = TWENTY
    reply = await replies_setup.say("Count.")
    async with aclosing(reply.snapshots(every(interval))) as snapshots:
        await anext(snapshots)
    cancelled = asyncio.create_task(watched(reply, interval))
    await asyncio.sleep(0.05)
    cancelled.cancel()
    await wait_for_end(reply)
    assert replies_setup.on_disk(reply.conversation_id)[-1].content == WHOLE
    assert upstream.closed_early == 0


async def test_an_answer_that_nobody_watches_is_written_all_the_same(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = TWENTY
    _, answer = await replies_setup.answer("Count.")
    assert (answer.status, answer.content) == ("complete", WHOLE)


@pytest.mark.parametrize("fault", ["wrong_key", "cut"])
async def test_those_who_watch_are_told_of_a_failure(
    fault: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    reply = await replies_setup.say("Hello")
    _, last = (await watched(reply))[-1]
    assert reply.error
    assert last.fault
    assert str(last.fault.words) == str(reply.error)


async def test_a_silent_answer_shows_nothing_until_it_is_stopped(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(silence_after=0)
    reply = await replies_setup.say("Hello")
    watching = asyncio.create_task(watched(reply))
    await until(lambda: upstream.open_streams)
    await asyncio.sleep(0.05)
    assert not watching.done()
    await replies_setup.stop(reply)
    assert [frame.status for _, frame in await watching] == ["interrupted"]


async def test_the_end_is_told_only_when_the_whole_answer_is_on_disk(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=3, tokens_per_second=50)
    reply = await replies_setup.say("Count.")
    with slow_disk(replies_setup.memory):
        watching = asyncio.create_task(watched(reply, interval=0))
        await until(lambda: reply.snapshot().status == "complete")
        await asyncio.sleep(0.05)
        assert not watching.done()
    await watching
    assert replies_setup.on_disk(reply.conversation_id)[-1].status == "complete"


async def test_the_text_of_a_long_answer_is_on_disk_while_it_is_written(
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


async def test_a_slow_checkpoint_never_overwrites_the_end(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.02)
    upstream.scenario = TWENTY
    reply = await replies_setup.say("Count.")
    with slow_disk(replies_setup.memory):
        await until(lambda: reply.snapshot().content == WHOLE)
    await wait_for_end(reply)
    await asyncio.sleep(0.05)
    assert replies_setup.on_disk(reply.conversation_id)[-1].status == "complete"


def test_the_pace_widens_smoothly_and_leaves_the_event_loop_its_time() -> None:
    paces = [pace.update_interval(answers) for answers in range(1, 1000)]
    assert 1 / 25 <= paces[0] == paces[9] <= 1 / 12, "alive for a few"
    assert pace.update_interval(60) < 0.25, "and moving for many"
    for answers, (now, wider) in enumerate(pairwise(paces), start=1):
        assert now <= wider <= now + pace.UPDATE_COST_SECONDS / pace.UPDATE_SHARE + 1e-9
        assert answers * pace.UPDATE_COST_SECONDS / now <= pace.UPDATE_SHARE + 1e-9


async def test_the_more_answers_run_the_longer_a_page_waits(
    replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "UPDATE_COST_SECONDS", 0.01)
    upstream.scenario = Scenario(headers_after=60)
    alone = replies_setup.replies.update_interval()
    for number in range(10):
        await replies_setup.say(f"Question {number}")
    assert alone == pace.MIN_UPDATE_SECONDS
    assert replies_setup.replies.update_interval() == pace.update_interval(10) > 1.5 * alone
