"""Starts servers in their own processes, measures their CPU and memory, and ends them."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from tests.support.running import clean_environment

START_SECONDS = 180
"""Long, because the machine may be busy."""


class Served(NamedTuple):
    """A running server and its processes."""

    url: str
    processes: Sequence[psutil.Process]

    def cpu(self) -> float:
        """Returns the CPU seconds so far, in user and kernel mode, with a resolution of 0.01."""
        times = [process.cpu_times() for process in self._all()]
        return float(sum(each.user + each.system for each in times))

    def megabytes(self) -> float:
        """Returns the resident memory."""
        return float(sum(process.memory_info().rss for process in self._all())) / 1e6

    def _all(self) -> Iterator[psutil.Process]:
        for process in self.processes:
            yield process
            yield from process.children(recursive=True)


@contextmanager
def serve(
    command: Sequence[str], *, port: int, directory: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Runs the command in `directory` inside the block, which starts when the server listens on `port`. The command
    inherits no settings of the chatbot."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=directory, env=clean_environment() | dict(environment or {}), stdout=log, stderr=log
        )
        try:
            _wait_for(port, process, log)
            yield Served(f"http://127.0.0.1:{port}", [psutil.Process(process.pid)])
        finally:
            _end(process)


def free_port() -> int:
    """Returns a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        for each in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            each.terminate()
        process.wait(START_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            raise AssertionError(f"{process.args!r} did not start:\n{log.read().decode()}")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
