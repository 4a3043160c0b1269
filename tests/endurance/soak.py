"""Runs dozens of visitors for minutes, while the provider often fails: `python -m tests.endurance.soak`.

Each chats, stops, retries, edits, undoes, disconnects, renames, imports and deletes at random, through the API and the
page. At the end no task, connection or file may be left over, every message box must be usable, and the store must have
what the visitors expect. Faults are printed, and the exit status is 1.
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
from tests.endurance.observer import Observer
from tests.endurance.page import Wiring
from tests.endurance.talks import fault_in, sent_questions, to_model
from tests.endurance.visitor import RandomVisitor
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import ROOT, RunningApp, two_providers

REPLY_SECONDS = 6
"""CHATBOT_REPLY_SECONDS of the app; short, because many providers are silent."""
MAX_PAUSE_SECONDS = 1.0
"""Between two steps of a visitor."""
QUIET_SECONDS = 90
"""Maximum wait for the end of running answers."""


def main() -> None:
    """Runs the visitors and prints the counts; exits with status 1 if there are faults."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="duration, 10 by default")
    parser.add_argument("--sessions", type=int, default=50, help="number of visitors, 50 by default")
    parser.add_argument("--seed", type=int, default=1, help="random seed, 1 by default")
    options = parser.parse_args()
    logging.disable()  # the upstream in this process logs each disconnected client
    with tempfile.TemporaryDirectory() as directory:
        faults = run_soak(Path(directory), options.minutes * 60, options.sessions, options.seed)
    print(*faults[:20], f"{len(faults)} faults", sep="\n")
    sys.exit(bool(faults))


def run_soak(directory: Path, seconds: float, sessions: int, seed: int) -> list[str]:
    """Runs so many visitors for so long; returns the faults."""
    observed = ROOT / "tests" / "endurance" / "observed.py"
    with FakeUpstream() as upstream:
        settings = two_providers(upstream) | {"CHATBOT_REPLY_SECONDS": f"{REPLY_SECONDS}", "PYTHONPATH": str(ROOT)}
        with RunningApp(directory / "data", settings, script=observed) as app:
            with Visitor(app.url) as first:
                first.stream()  # starts tasks that stay
            wiring = Wiring(app.url)
            visitors = [RandomVisitor(app.url, wiring, number, seed) for number in range(sessions)]
            observer = Observer(app, upstream)
            faults = _run_visitors(visitors, seconds, seed, observer)
            faults += observer.left_over(QUIET_SECONDS)
            faults += _blocked(visitors)
            for visitor in visitors:
                visitor.api.http.close()
        steps = Counter(step for visitor in visitors for step in visitor.steps)
        print(f"{sessions} sessions, {seconds:.0f} s, seed {seed}: {steps.total()} steps, {dict(steps.most_common())}")
        faults += _errors_in(app.log.splitlines())
    return faults + _differences(directory / "data", visitors)


def _run_visitors(visitors: list[RandomVisitor], seconds: float, seed: int, observer: Observer) -> list[str]:
    """Runs all visitors at once until the time is over; returns their failures."""
    faults: list[str] = []
    finished = threading.Event()

    def visit(visitor: RandomVisitor, dice: Random) -> None:
        while not finished.wait(dice.uniform(0, MAX_PAUSE_SECONDS)):
            try:
                visitor.step()
            except Exception:
                faults.append(f"{visitor.steps[-4:]}: {traceback.format_exc(limit=-3)}")
                return

    numbered = enumerate(visitors)
    threads = [threading.Thread(target=visit, args=(each, Random(f"{seed} {n}"))) for n, each in numbered]  # noqa: S311
    for thread in threads:
        thread.start()
    observer.watch(seconds)
    finished.set()
    for thread in threads:
        thread.join()
    return faults


def _errors_in(log: list[str]) -> list[str]:
    """Returns the tracebacks and error lines of the log, tracebacks with the lines around them."""
    return [
        "\n".join(log[max(0, number - 2) : number + 40]) for number, line in enumerate(log) if "Traceback" in line
    ] + [line for line in log if "Error" in line]


def _blocked(visitors: list[RandomVisitor]) -> list[str]:
    """Returns a fault for each visitor whose page is not usable."""
    return [
        f"blocked after {visitor.steps[-4:]}"
        for visitor in visitors
        for conversation_id in [*visitor.conversations][:1]
        if not visitor.page_is_usable(conversation_id)
    ]


def _differences(data: Path, visitors: list[RandomVisitor]) -> list[str]:
    """Returns the differences between the store and the visitors' expectations."""
    store = Store(data)
    faults = [f"left on disk: {path}" for path in [*data.rglob("*damaged*"), *data.rglob("draft")]]
    by_session = {visitor.session_id: visitor for visitor in visitors}
    faults += [f"unknown session: {path}" for path in (data / "sessions").iterdir() if path.name not in by_session]
    for session_id, visitor in by_session.items():
        memory = store.memory(session_id)
        stored = {each.conversation_id: each for each in memory.list_conversations()}
        faults += [f"lost: {each} of {session_id}" for each in visitor.conversations.keys() - stored.keys()]
        for conversation_id, conversation in stored.items():
            model, messages = to_model(memory.all_messages(conversation_id), memory.get_head(conversation_id))
            expected = visitor.conversations.get(conversation_id)
            if expected and (expected.messages, expected.head) != (model.messages, model.head):
                faults.append(f"{conversation_id}: {model}, expected {expected}")
            elif expected and expected.title not in ("", conversation.title):
                faults.append(f"{conversation_id}: {conversation.title}, expected {expected.title}")
            elif not expected and not {name.partition("#")[0] for name in messages} <= visitor.abandoned:
                faults.append(f"not deleted: {conversation_id}")
            for name, message in messages.items():
                if message.role == "assistant":
                    seen = visitor.seen.get((conversation_id, name))
                    fault = fault_in(message, sent_questions(model, messages, model.messages[name].parent), seen)
                    faults += [f"{conversation_id}, {message}: {fault}"] if fault else []
    store.close()
    return faults


if __name__ == "__main__":
    main()
