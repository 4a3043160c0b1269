"""Visitors by the dozen at the real app, for minutes, while its provider misbehaves: `python -m tests.endurance.soak`.

Each chats, stops, retries, edits, goes back, disconnects, renames, takes along and deletes at random, at the API and at
the page. Afterwards no task, connection or file is left over, no box is blocked, and the store is as the visitors have
it in mind. What goes wrong is printed, and the exit status is 1.
"""

import argparse
import logging
import sys
import tempfile
import threading
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from chatbot.storage import Store
from tests.api import Visitor
from tests.endurance.observer import Observer
from tests.endurance.page import Wiring
from tests.endurance.talks import fault_in, talk_of
from tests.endurance.visitor import Wanderer
from tests.fake_upstream import FakeUpstream
from tests.running import ROOT, RunningApp, two_providers

REPLY_SECONDS = 6
"""The longest that an answer may take here: silent providers are common."""
PAUSE_SECONDS = 1.0
"""Between two steps of a visitor, at most."""
QUIET_SECONDS = 90
"""How long the end of what was begun is waited for."""


def main() -> None:
    """Run, and print what was counted; exit status 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long, 10 by default")
    parser.add_argument("--sessions", type=int, default=50, help="visitors, 50 by default")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn, 1 by default")
    options = parser.parse_args()
    logging.disable()  # the upstream, in this process, would tell of each client that left in the middle
    with tempfile.TemporaryDirectory() as directory:
        faults = soaked(Path(directory), options.minutes * 60, options.sessions, options.seed)
    print(*faults[:20], f"{len(faults)} faults", sep="\n")
    sys.exit(bool(faults))


def soaked(directory: Path, seconds: float, sessions: int, seed: int) -> list[str]:
    """What is not as it should be after so many visitors for so long."""
    observed = ROOT / "tests" / "endurance" / "observed.py"
    with FakeUpstream() as upstream:
        settings = two_providers(upstream) | {"CHATBOT_REPLY_SECONDS": f"{REPLY_SECONDS}", "PYTHONPATH": str(ROOT)}
        with RunningApp(directory / "data", settings, script=observed) as app:
            with Visitor(app.url) as first:
                first.stream()  # what is begun once and stays
            wiring = Wiring(app.url)
            visitors = [Wanderer(app.url, wiring, number, seed) for number in range(sessions)]
            observer = Observer(app, upstream)
            faults = _wandered(visitors, seconds, seed, observer)
            faults += observer.left_over(QUIET_SECONDS)
            faults += _blocked(visitors)
            for visitor in visitors:
                visitor.api.http.close()
        steps = Counter(step for visitor in visitors for step in visitor.did)
        print(f"{sessions} sessions, {seconds:.0f} s, seed {seed}: {steps.total()} steps, {dict(steps.most_common())}")
        faults += _told_of(app.log.splitlines())
    return faults + _differences(directory / "data", visitors)


def _wandered(visitors: list[Wanderer], seconds: float, seed: int, observer: Observer) -> list[str]:
    """All visitors at once until the time is over; returns what they met that should not be."""
    faults: list[str] = []
    over = threading.Event()

    def wander(visitor: Wanderer, dice: Random) -> None:
        while not over.wait(dice.uniform(0, PAUSE_SECONDS)):
            try:
                visitor.step()
            except Exception:
                faults.append(f"{visitor.did[-4:]}: {traceback.format_exc(limit=-3)}")
                return

    numbered = enumerate(visitors)
    threads = [threading.Thread(target=wander, args=(each, Random(f"{seed} {n}"))) for n, each in numbered]  # noqa: S311
    for thread in threads:
        thread.start()
    observer.watch(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return faults


def _told_of(log: list[str]) -> list[str]:
    """The failures in the log, each with what stands around it: its last line alone does not say where it was."""
    return [
        "\n".join(log[max(0, number - 2) : number + 40]) for number, line in enumerate(log) if "Traceback" in line
    ] + [line for line in log if "Error" in line]


def _blocked(visitors: list[Wanderer]) -> list[str]:
    """Where a page can not be used any more."""
    return [
        f"blocked after {visitor.did[-4:]}"
        for visitor in visitors
        for conversation_id in [*visitor.talks][:1]
        if not visitor.ask_last(conversation_id)
    ]


def _differences(data: Path, visitors: list[Wanderer]) -> list[str]:
    """Where the store is not as the visitors have it in mind."""
    store = Store(data)
    faults = [f"left on disk: {path}" for path in [*data.rglob("*damaged*"), *data.rglob("draft")]]
    mine = {visitor.session_id: visitor for visitor in visitors}
    faults += [f"of nobody: {path}" for path in (data / "sessions").iterdir() if path.name not in mine]
    for session_id, visitor in mine.items():
        memory = store.memory(session_id)
        there = {each.conversation_id: each for each in memory.list_conversations()}
        faults += [f"lost: {each} of {session_id}" for each in visitor.talks.keys() - there.keys()]
        for conversation_id, conversation in there.items():
            talk, messages = talk_of(memory.all_messages(conversation_id), memory.get_head(conversation_id))
            expected = visitor.talks.get(conversation_id)
            if expected and (expected.said, expected.head) != (talk.said, talk.head):
                faults.append(f"{conversation_id}: {talk}, expected {expected}")
            elif expected and expected.title not in ("", conversation.title):
                faults.append(f"{conversation_id}: {conversation.title}, expected {expected.title}")
            elif not expected and not {name.partition("#")[0] for name in messages} <= visitor.unsure:
                faults.append(f"not deleted: {conversation_id}")
            for name, message in messages.items():
                if message.role == "assistant":
                    seen = visitor.seen.get((conversation_id, name))
                    fault = fault_in(message, talk.said[name].parent, seen)
                    faults += [f"{conversation_id}, {message}: {fault}"] if fault else []
    store.close()
    return faults


if __name__ == "__main__":
    main()
