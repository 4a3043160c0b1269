"""The running app as seen from outside: open files, memory, threads, tasks, and connections to the provider."""

import json
import os
import signal
import time
from dataclasses import dataclass
from typing import Self

from tests.endurance.observed import MARK
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp

MIB = 1024 * 1024
SPARE_FILES = 4
"""Open files more than at the start that are no leak: idle connections come and go."""


@dataclass(frozen=True)
class Look:
    """What was seen at one moment. `files` are open ones but for connections to the provider; `memory` is in MiB."""

    files: int
    threads: int
    memory: float
    streams: int
    tasks: dict[str, int]

    @classmethod
    def at(cls, app: RunningApp, upstream: FakeUpstream) -> Self:
        """Look now."""
        process = f"/proc/{app.process_id}"
        with open(f"{process}/statm", encoding="ascii") as statm:
            memory = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB
        files = len(os.listdir(f"{process}/fd")) - upstream.connections
        return cls(files, len(os.listdir(f"{process}/task")), memory, upstream.open_streams, _tasks(app))


class Observer:
    """Watches an app that runs `observed.py`, from before its first visitor on."""

    def __init__(self, app: RunningApp, upstream: FakeUpstream) -> None:
        self._app = app
        self._upstream = upstream
        self._first = self._look()

    def watch(self, seconds: float) -> None:
        """Until so much time has passed; prints what there is now and then."""
        end = time.monotonic() + seconds
        pause = max(10.0, seconds / 10)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, pause))
            print(self._told(self._look()), flush=True)

    def left_over(self, seconds: float) -> list[str]:
        """What has not gone after so much time without visitors."""
        end = time.monotonic() + seconds
        while (faults := self._more_than_at_first()) and time.monotonic() < end:
            time.sleep(1)
        print("afterwards", self._told(self._look()))
        return faults

    def _more_than_at_first(self) -> list[str]:
        first, now = self._first, self._look()
        tasks = {name: count for name, count in now.tasks.items() if count > first.tasks.get(name, 0)}
        return [
            *([f"answers still asked for: {now.streams}"] if now.streams else []),
            *([f"tasks left over: {tasks}"] if tasks else []),
            *([f"open files: {now.files} after {first.files}"] if now.files > first.files + SPARE_FILES else []),
        ]

    def _look(self) -> Look:
        return Look.at(self._app, self._upstream)

    def _told(self, look: Look) -> str:
        idle = self._upstream.connections - look.streams
        return (
            f"memory {look.memory:.0f} MiB, {look.files} files, {look.threads} threads, "
            f"{sum(look.tasks.values())} tasks, {look.streams} answers asked for, {idle} idle connections"
        )


def _tasks(app: RunningApp) -> dict[str, int]:
    told = app.log.count(MARK)
    os.kill(app.process_id, signal.SIGUSR1)
    while app.log.count(MARK) == told:
        time.sleep(0.01)
    line = app.log.split(MARK)[-1].splitlines()[0]
    return dict(json.loads(line))
