"""Kill -9 at random moments while several sessions write, edit, clear and delete; then hold the store against a model.

After each kill every session must have all that was acknowledged, and of the step under way all or nothing: that is
no damaged file, nothing lost, nothing of another's. The next round goes on with what the kill left behind. In every
second round short files grow by lines, as long ones do.
"""

import argparse
import copy
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random

from chatbot.storage import ConversationMemory, Store
from chatbot.storage import atomic_json as storage
from chatbot.transfer import export_zip
from tests.endurance.model import Model, Step, stored
from tests.endurance.steps import draw, take

SESSIONS = 5
LONGEST = 0.25
"""Seconds that a round lasts at most once its first step was taken."""
LINES_FROM = 500
"""Bytes from which on a file grows by lines in every second round."""
DONE = "done"


def main() -> None:
    """Kill, check, and print what was counted; exit status 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=300, help="kills, 300 by default")
    parser.add_argument("--seed", type=int, default=1, help="of the steps and the moments, 1 by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        begun = time.monotonic()
        steps, cut_short, kept = killed(Path(directory), options.times, options.seed)
    print(
        f"{options.times} kills, seed {options.seed}: {steps} steps acknowledged by {SESSIONS} sessions, {cut_short} "
        f"cut short of which {kept} are there as a whole; none lost, none damaged, none mixed; "
        f"{time.monotonic() - begun:.0f} s"
    )


def killed(directory: Path, times: int, seed: int) -> tuple[int, int, int]:
    """Kill so often; returns the steps that were acknowledged, those that were under way, and how many of the latter
    got to the disk. Exits where the store is not as it should be."""
    models = {f"session{number}": Model() for number in range(SESSIONS)}
    dice = Random(seed)  # noqa: S311 - the same each time
    steps = cut_short = kept = 0
    for number in range(times):
        _kill_one(directory, models, number, dice)
        store = Store(directory / "data")
        for session, model in models.items():
            done, under_way = _journal(directory / f"{session}.log")
            for step in done:
                model.take(step)
            there = stored(store.memory(session))
            after = copy.deepcopy(model)
            for step in under_way:
                after.take(step)
            if there not in (model, after):
                sys.exit(f"kill {number + 1}, {session}: {there}\nis neither {model}\nnor, after {under_way}, {after}")
            steps, cut_short, kept = steps + len(done), cut_short + len(under_way), kept + (there != model)
            models[session] = there
        store.close()
        if damaged := [*(directory / "data").rglob("*damaged*")]:
            sys.exit(f"kill {number + 1}: {damaged}")
    return steps, cut_short, kept


def _kill_one(directory: Path, models: dict[str, Model], number: int, dice: Random) -> None:
    """One round: a process of its own, killed at any moment after its first step."""
    for session in models:
        (directory / f"{session}.log").write_bytes(b"")
    worker = os.fork()
    if worker == 0:
        if number % 2:
            storage.REWRITE_MAX_BYTES = LINES_FROM
        _work(directory, models, f"{number}", dice.random())
    while not any((directory / f"{session}.log").stat().st_size for session in models):
        time.sleep(0.0005)
    time.sleep(dice.uniform(0, LONGEST))
    os.kill(worker, signal.SIGKILL)
    if not os.WIFSIGNALED(os.waitpid(worker, 0)[1]):
        sys.exit("a step was refused")


def _work(directory: Path, models: dict[str, Model], prefix: str, seed: float) -> None:
    """A thread for each session, and one that reads in all of them, until the process is killed."""
    threading.excepthook = _give_up
    store = Store(directory / "data")

    def visit(session: str, model: Model) -> None:
        dice = Random(f"{seed} {session}")  # noqa: S311
        log = os.open(directory / f"{session}.log", os.O_WRONLY | os.O_APPEND)
        for count in range(1_000_000):
            step = draw(dice, model, f"{session}-{prefix}-{count}")
            os.write(log, (json.dumps(step) + "\n").encode())
            take(store.memory(session), step)
            os.write(log, (json.dumps(DONE) + "\n").encode())
            model.take(step)

    def read(memories: list[ConversationMemory]) -> None:
        while True:
            for memory in memories:
                memory.search("word")
                export_zip(memory)

    threading.Thread(target=read, args=([store.memory(session) for session in models],)).start()
    for session, model in models.items():
        threading.Thread(target=visit, args=(session, model)).start()
    threading.Event().wait()


def _give_up(failed: threading.ExceptHookArgs) -> None:
    traceback.print_exception(failed.exc_value)
    os._exit(1)


def _journal(path: Path) -> tuple[list[Step], list[Step]]:
    """The steps that were acknowledged, and the one, if any, that was under way."""
    under_way: list[Step] = []
    done: list[Step] = []
    for line in _whole(path.read_text()):
        if line == DONE:
            done += under_way
            under_way = []
        else:
            under_way = [line]
    return done, under_way


def _whole(text: str) -> Iterator[Step | str]:
    """The lines, without one that the kill cut in two."""
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


if __name__ == "__main__":
    main()
