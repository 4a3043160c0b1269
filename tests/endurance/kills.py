"""Kills a process at random moments while several sessions write, edit, clear and delete. Compares store and model.

After each kill every session must have all acknowledged steps, and the pending step completely or not at all. No file
may be damaged, and no session may have data of another. The next round continues with the same files. In every second
round short files are appended to, as long ones are.
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
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import NamedTuple

import psycopg

from chatbot.storage import ConversationMemory, Store, atomic_json
from chatbot.storage.database_backend import DatabaseBackend
from chatbot.transfer import export_zip
from tests.endurance.model import SessionModel, Step, read_model
from tests.endurance.steps import apply_step, draw_step
from tests.support.postgres import PostgresServer

SESSIONS = 5
MAX_ROUND_SECONDS = 0.25
"""From the first step to the kill."""
SMALL_REWRITE_MAX_BYTES = 500
"""Size from which files are appended to in every second round."""
DONE = "done"


def main() -> None:
    """Kills, checks and prints the counts; exits with status 1 if the store is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=300, help="number of kills, 300 by default")
    parser.add_argument("--seed", type=int, default=1, help="random seed of the steps and moments, 1 by default")
    parser.add_argument("--postgres", action="store_true", help="keep everything in a PostgreSQL, not in files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, PostgresServer() if options.postgres else nullcontext() as server:
        started = time.monotonic()
        keeper = Keeper(Path(directory), server.create_database() if server else "")
        steps, interrupted, stored_steps = run_kills(keeper, options.times, options.seed)
    print(
        f"{options.times} kills, seed {options.seed}: {steps} steps acknowledged by {SESSIONS} sessions, {interrupted} "
        f"interrupted of which {stored_steps} are stored completely; none lost, none damaged, none mixed; "
        f"{time.monotonic() - started:.0f} s"
    )


class Keeper(NamedTuple):
    """Where the sessions are kept, in files or at the URL, and the journals of what was done."""

    directory: Path
    url: str = ""

    def open(self) -> Store:
        """The store of the next process."""
        return Store(DatabaseBackend(self.url) if self.url else self.directory / "data")

    def damaged(self) -> list[str]:
        """The names of damaged files."""
        if not self.url:
            return [str(each) for each in (self.directory / "data").rglob("*damaged*")]
        with psycopg.connect(self.url) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM chatbot_piece WHERE name ~ 'damaged'")]


def run_kills(keeper: Keeper, times: int, seed: int) -> tuple[int, int, int]:
    """Kills so often; returns the numbers of acknowledged steps, pending steps and stored pending steps. Exits if the
    store is wrong."""
    models = {f"session{number}": SessionModel() for number in range(SESSIONS)}
    dice = Random(seed)  # noqa: S311 - reproducible
    steps = interrupted = stored_steps = 0
    for number in range(times):
        _kill_one(keeper, models, number, dice)
        store = keeper.open()
        for session, model in models.items():
            done, pending = _read_journal(keeper.directory / f"{session}.log")
            for step in done:
                model.apply(step)
            found = read_model(store.memory(session))
            after = copy.deepcopy(model)
            for step in pending:
                after.apply(step)
            if found not in (model, after):
                sys.exit(f"kill {number + 1}, {session}: {found}\nis neither {model}\nnor, after {pending}, {after}")
            steps, interrupted = steps + len(done), interrupted + len(pending)
            stored_steps += found != model
            models[session] = found
        store.close()
        if damaged := keeper.damaged():
            sys.exit(f"kill {number + 1}: {damaged}")
    return steps, interrupted, stored_steps


def _kill_one(keeper: Keeper, models: dict[str, SessionModel], number: int, dice: Random) -> None:
    """Runs one round: starts a process and kills it at a random moment after its first step."""
    directory = keeper.directory
    for session in models:
        (directory / f"{session}.log").write_bytes(b"")
    worker = os.fork()
    if worker == 0:
        if number % 2:
            atomic_json.REWRITE_MAX_BYTES = SMALL_REWRITE_MAX_BYTES
        _work(keeper, models, f"{number}", dice.random())
    while not any((directory / f"{session}.log").stat().st_size for session in models):
        time.sleep(0.0005)
    time.sleep(dice.uniform(0, MAX_ROUND_SECONDS * (4 if keeper.url else 1)))  # a database takes longer for a step
    os.kill(worker, signal.SIGKILL)
    if not os.WIFSIGNALED(os.waitpid(worker, 0)[1]):
        sys.exit("a step failed")


def _work(keeper: Keeper, models: dict[str, SessionModel], prefix: str, seed: float) -> None:
    """Runs a thread for each session, and one that reads in all of them, until the process is killed."""
    threading.excepthook = _exit
    store, directory = keeper.open(), keeper.directory

    def visit(session: str, model: SessionModel) -> None:
        dice = Random(f"{seed} {session}")  # noqa: S311
        log = os.open(directory / f"{session}.log", os.O_WRONLY | os.O_APPEND)
        for count in range(1_000_000):
            step = draw_step(dice, model, f"{session}-{prefix}-{count}")
            os.write(log, (json.dumps(step) + "\n").encode())
            apply_step(store.memory(session), step)
            os.write(log, (json.dumps(DONE) + "\n").encode())
            model.apply(step)

    def read(memories: list[ConversationMemory]) -> None:
        while True:
            for memory in memories:
                memory.search("word")
                export_zip(memory)

    threading.Thread(target=read, args=([store.memory(session) for session in models],)).start()
    for session, model in models.items():
        threading.Thread(target=visit, args=(session, model)).start()
    threading.Event().wait()


def _exit(failed: threading.ExceptHookArgs) -> None:
    traceback.print_exception(failed.exc_value)
    os._exit(1)


def _read_journal(path: Path) -> tuple[list[Step], list[Step]]:
    """Returns the acknowledged steps and the pending one, if any."""
    pending: list[Step] = []
    done: list[Step] = []
    for line in _complete_lines(path.read_text()):
        if line == DONE:
            done += pending
            pending = []
        else:
            pending = [line]
    return done, pending


def _complete_lines(text: str) -> Iterator[Step | str]:
    """Yields the parsed lines, without one that the kill cut off."""
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


if __name__ == "__main__":
    main()
