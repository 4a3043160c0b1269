"""Kills the process in each step of queue, "Continue" and summaries: `python -m tests.endurance.interruptions`.

A real store, real replies and a real server on loopback; the process is killed with SIGKILL soon after a random step.
What was acknowledged must be there then, once, and what was pending completely or not at all; and all of it must go on
afterwards as if nothing had happened.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from chatbot.replies.single_call import Caller
from chatbot.replies.turns import Turn
from chatbot.settings import Settings
from chatbot.types import ModelChoice, Options
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import SESSION, ReplySetup, until, wait_for_end

OPTIONS = Options(ModelChoice("compatible", "any-model"), "Be brief.", 1000, 4)
TURN = Turn(None, OPTIONS)
CALLER = Caller(SESSION)
LONGEST_SECONDS = (0.005, 0.4)
"""From the step to the kill, at most: one of them, so that quick and slow steps are both hit in their middle."""
STEPS = {"queue": 7, "continue": 3, "summary": 5}
WORDS = 60
ENDLESS = Scenario(tokens=100_000, tokens_per_second=50)

Journal = Callable[[str], None]
Check = Callable[[ReplySetup, FakeUpstream, str, list[str]], Awaitable[None]]


def main() -> None:
    """Kills, checks and prints the counts; exits with status 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.interruptions", description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="kills of each kind, 50 by default")
    parser.add_argument("--seed", type=int, default=1, help="random seed of the moments, 1 by default")
    options = parser.parse_args()
    started, dice = time.monotonic(), Random(options.seed)  # noqa: S311 - reproducible
    with FakeUpstream() as upstream:
        for kind in KINDS:
            reached = [run_round(kind, upstream, dice) for _ in range(options.times)]
            steps = ", ".join(f"{reached.count(step)} after {step}" for step in dict.fromkeys(sorted(reached)))
            print(f"{kind}: {options.times} kills, seed {options.seed}: {steps}; none lost, none doubled", flush=True)
    print(f"{time.monotonic() - started:.0f} s")


def run_round(kind: str, upstream: FakeUpstream, dice: Random) -> str:
    """Kills once, and checks; returns the last step that was acknowledged."""
    prepare, work, check = KINDS[kind]
    upstream.reset()
    with tempfile.TemporaryDirectory() as directory:
        path, journal = Path(directory), Path(directory) / "journal"
        journal.touch()
        conversation_id = asyncio.run(_with_setup(path, upstream, prepare))
        upstream.queue(*SCENARIOS[kind])
        worker = os.fork()
        if worker == 0:
            _run_worker(path, upstream, conversation_id, work, journal)
        step, deadline = dice.randint(1, STEPS[kind]), time.monotonic() + 60
        while journal.read_text().count("\n") < step and time.monotonic() < deadline:
            time.sleep(0.0005)
        time.sleep(dice.uniform(0, dice.choice(LONGEST_SECONDS)))
        os.kill(worker, signal.SIGKILL)
        if not os.WIFSIGNALED(os.waitpid(worker, 0)[1]):
            sys.exit(f"{kind}: a step failed")
        upstream.reset()
        steps = journal.read_text().split()

        async def after(setup: ReplySetup, upstream: FakeUpstream) -> str:
            await check(setup, upstream, conversation_id, steps)
            return steps[-1]

        return asyncio.run(_with_setup(path, upstream, after))


async def _with_setup(
    path: Path, upstream: FakeUpstream, act: Callable[[ReplySetup, FakeUpstream], Awaitable[str]]
) -> str:
    settings = Settings.load(
        compatible_api_key="sk-test",
        compatible_base_url=upstream.openai_url,
        local_model="off",
        chatbot_data_dir=path / "data",
        chatbot_messages_per_minute=0,
    )
    setup = ReplySetup(settings)
    try:
        return await act(setup, upstream)
    finally:
        await setup.close()


def _run_worker(
    path: Path,
    upstream: FakeUpstream,
    conversation_id: str,
    work: Callable[[ReplySetup, str, Journal], Awaitable[None]],
    journal: Path,
) -> None:
    log = os.open(journal, os.O_WRONLY | os.O_APPEND)

    async def act(setup: ReplySetup, _: FakeUpstream) -> str:
        def note(step: str) -> None:
            os.write(log, f"{step}\n".encode())

        await work(setup, conversation_id, note)
        await asyncio.Event().wait()
        return ""

    try:
        asyncio.run(_with_setup(path, upstream, act))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


async def begin(setup: ReplySetup, _: FakeUpstream) -> str:
    """A conversation of one turn."""
    conversation_id, _answer = await setup.answer("Zero", history_limit=4)
    return conversation_id


async def queue_messages(setup: ReplySetup, conversation_id: str, journal: Journal) -> None:
    """Queues three messages during an answer, withdraws one, and ends the answer: two go."""
    place = SESSION, conversation_id
    reply = await setup.say("One", conversation_id)
    async for _ in reply.chunks():
        break
    journal("One")
    for text in ("Two", "Withdrawn", "Three"):
        await setup.queue.add(*place, text, TURN)
        journal(text)
    withdrawn = next(each for each in setup.queue.list(*place) if each.message.text == "Withdrawn")
    await setup.queue.withdraw(*place, withdrawn.message.message_id)
    journal("withdrawal")
    await setup.replies.stop(*place)
    journal("stop")
    await until(lambda: not setup.queue.list(*place))
    journal("all")


async def check_queue(setup: ReplySetup, upstream: FakeUpstream, conversation_id: str, steps: list[str]) -> None:
    """Every message is there once, sent or waiting, and in the end all are sent in their order."""
    place = SESSION, conversation_id
    expected = [text for text in ("Zero", "One", "Two", "Withdrawn", "Three") if text in ("Zero", *steps)]
    if "withdrawal" in steps:
        expected.remove("Withdrawn")
    waiting = [each.message for each in setup.queue.list(*place)]
    found = [*_questions(setup, conversation_id), *(each.text for each in waiting)]
    pending = [text for text in found if text not in expected]
    lost = [text for text in expected if text not in found]
    is_withdrawn = lost == ["Withdrawn"] and steps[-1] == "Three"  # the withdrawal was pending
    is_doubled = len(found) != len({*found}) or ("withdrawal" in steps and "Withdrawn" in found)
    if is_doubled or len(pending) > 1 or (lost and not is_withdrawn):
        sys.exit(f"queue: {found} is not {expected}, after {steps}")
    for each in waiting:
        await setup.queue.send_now(*place, each.message_id, TURN)
        while reply := setup.replies.running(*place):
            await wait_for_end(reply)
    if _questions(setup, conversation_id) != found or setup.queue.list(*place):
        sys.exit(f"queue: {_questions(setup, conversation_id)} was sent, not {found}")


async def begin_cut_answer(setup: ReplySetup, upstream: FakeUpstream) -> str:
    """A conversation whose answer was cut after a third of its words."""
    upstream.queue(Scenario(tokens=_words(1, WORDS // 3), finish_reason="length"))
    return await begin(setup, upstream)


async def continue_answer(setup: ReplySetup, conversation_id: str, journal: Journal) -> None:
    """Goes on with the answer, to its end."""
    journal("start")
    reply = await setup.replies.resume(SESSION, conversation_id, OPTIONS)
    journal("resume")
    await wait_for_end(reply)
    journal("end")


async def check_answer(setup: ReplySetup, upstream: FakeUpstream, conversation_id: str, steps: list[str]) -> None:
    """The answer is the beginning of the whole, no shorter than it was, and becomes the whole."""
    whole = "".join(_words(1, WORDS))
    begun = setup.on_disk(conversation_id)[-1]
    number = len(begun.content.split())
    if not whole.startswith(begun.content) or number < WORDS // 3 or (steps[-1] == "end" and begun.content != whole):
        sys.exit(f"continue: {begun.content!r} after {steps}")
    if begun.content != whole:
        upstream.queue(Scenario(tokens=_words(max(1, number - 2), WORDS)))  # it repeats some words
        await wait_for_end(await setup.replies.resume(SESSION, conversation_id, OPTIONS))
    messages = setup.on_disk(conversation_id)
    if len(messages) != 2 or messages[-1].content.split() != whole.split() or messages[-1].status != "complete":
        sys.exit(f"continue: {messages} in the end")


async def begin_long_talk(setup: ReplySetup, upstream: FakeUpstream) -> str:
    """A conversation of four turns of which the model sees two."""
    conversation_id = await begin(setup, upstream)
    for number in range(3):
        await setup.answer(f"Message {number}", conversation_id, history_limit=4)
    return conversation_id


async def summarize(setup: ReplySetup, conversation_id: str, journal: Journal) -> None:
    """Makes a summary, edits it, makes another after one more turn, and undoes that."""
    summaries = setup.memory.summaries
    journal("none")
    await setup.summarizing.summarize(conversation_id, OPTIONS, CALLER)
    journal("first")
    summaries.edit(conversation_id, "edited")
    journal("edited")
    await setup.answer("One more", conversation_id, history_limit=4)
    await setup.summarizing.summarize(conversation_id, OPTIONS, CALLER)
    journal("second")
    summaries.remove(conversation_id)
    journal("undone")


async def check_summary(setup: ReplySetup, upstream: FakeUpstream, conversation_id: str, steps: list[str]) -> None:
    """The summaries are as after the last step or after the next, and another can be made."""
    states: list[tuple[str, ...]] = [(), ("first",), ("edited",), ("edited", "second"), ("edited",)]
    found = tuple(each.text for each in setup.memory.summaries.list(conversation_id))
    if found not in states[len(steps) - 1 : len(steps) + 1]:
        sys.exit(f"summary: {found} after {steps}")
    covered = sum(each.covers for each in setup.memory.summaries.list(conversation_id)[-1:])
    await setup.answer("And then", conversation_id, history_limit=4)
    upstream.queue(Scenario(tokens=("third",)))
    made = await setup.summarizing.summarize(conversation_id, OPTIONS, CALLER)
    messages = setup.on_disk(conversation_id)
    ids = [each.message_id for each in setup.memory.get_messages(conversation_id, None)]
    if made.covers <= covered or ids.index(made.until) + 1 != made.covers or len(messages) != len({*ids}):
        sys.exit(f"summary: {made} in the end")


def _questions(setup: ReplySetup, conversation_id: str) -> list[str]:
    messages = setup.memory.get_messages(conversation_id, None)
    return [each.content for each in messages if each.role == "user"]


def _words(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{' ' if number > 1 else ''}word{number}" for number in range(first, last + 1))


SCENARIOS: dict[str, tuple[Scenario, ...]] = {
    "queue": (ENDLESS,),
    "continue": (Scenario(tokens=_words(WORDS // 3 + 1, WORDS), tokens_per_second=100),),
    "summary": (
        Scenario(tokens=("first",), first_token_after=0.05),
        Scenario(),
        Scenario(tokens=("second",), first_token_after=0.05),
    ),
}

KINDS: dict[
    str,
    tuple[
        Callable[[ReplySetup, FakeUpstream], Awaitable[str]],
        Callable[[ReplySetup, str, Journal], Awaitable[None]],
        Check,
    ],
] = {
    "queue": (begin, queue_messages, check_queue),
    "continue": (begin_cut_answer, continue_answer, check_answer),
    "summary": (begin_long_talk, summarize, check_summary),
}


if __name__ == "__main__":
    main()
