"""Observes the running app: open files, memory, threads, tasks, and connections to the provider."""

import json
import os
import signal
import time
from dataclasses import dataclass
from typing import Self

from tests.endurance.observed import MARK
from tests.fake_upstream import FakeUpstream
from tests.support.running import RunningApp

MIB = 1024 * 1024
SPARE_FILES = 4
"""Additional open files that are no leak: the number of idle connections varies."""


@dataclass(frozen=True)
class Counts:
    """Counts at one moment. `files` are open files without connections to the provider; `memory` is in MiB."""

    files: int
    threads: int
    memory: float
    streams: int
    tasks: dict[str, int]

    @classmethod
    def at(cls, app: RunningApp, upstream: FakeUpstream) -> Self:
        """Takes the counts now."""
        process = f"/proc/{app.process_id}"
        with open(f"{process}/statm", encoding="ascii") as statm:
            memory = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB
        files = len(os.listdir(f"{process}/fd")) - upstream.connections
        return cls(files, len(os.listdir(f"{process}/task")), memory, upstream.open_streams, _tasks(app))


class Observer:
    """Observes an app that runs `observed.py`. Its baseline is the time of its creation."""

    def __init__(self, app: RunningApp, upstream: FakeUpstream) -> None:
        self._app = app
        self._upstream = upstream
        self._baseline = self._counts()

    def watch(self, seconds: float) -> None:
        """Prints the counts at intervals until so much time has passed."""
        end = time.monotonic() + seconds
        pause = max(10.0, seconds / 10)
        while (rest := end - time.monotonic()) > 0:
            time.sleep(min(rest, pause))
            print(self._summary(self._counts()), flush=True)

    def left_over(self, seconds: float) -> list[str]:
        """Waits up to so much time without visitors; returns what is still more than at the baseline."""
        end = time.monotonic() + seconds
        while (faults := self._leaks()) and time.monotonic() < end:
            time.sleep(1)
        print("at the end", self._summary(self._counts()))
        return faults

    def _leaks(self) -> list[str]:
        baseline, now = self._baseline, self._counts()
        tasks = {name: count for name, count in now.tasks.items() if count > baseline.tasks.get(name, 0)}
        return [
            *([f"answers still running: {now.streams}"] if now.streams else []),
            *([f"tasks left over: {tasks}"] if tasks else []),
            *([f"open files: {now.files} after {baseline.files}"] if now.files > baseline.files + SPARE_FILES else []),
        ]

    def _counts(self) -> Counts:
        return Counts.at(self._app, self._upstream)

    def _summary(self, counts: Counts) -> str:
        idle = self._upstream.connections - counts.streams
        return (
            f"memory {counts.memory:.0f} MiB, {counts.files} files, {counts.threads} threads, "
            f"{sum(counts.tasks.values())} tasks, {counts.streams} answers running, {idle} idle connections"
        )


def _tasks(app: RunningApp) -> dict[str, int]:
    printed = app.log.count(MARK)
    os.kill(app.process_id, signal.SIGUSR1)
    while app.log.count(MARK) == printed:
        time.sleep(0.01)
    line = app.log.split(MARK)[-1].splitlines()[0]
    return dict(json.loads(line))
