"""Starts Python scripts from a process that has already imported the app, which takes 3 s of CPU each time."""

import atexit
import importlib
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO
from uuid import uuid4

from chatbot.storage import leases

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["chatbot.web.server", "tests.support.forked_process"])


class ForkedProcess:
    """A script in a process of its own, as `subprocess.Popen` starts it, with its arguments, its whole environment and
    its working directory. `stdout` is the text of both its outputs."""

    def __init__(self, command: list[str], env: Mapping[str, str], cwd: Path) -> None:
        reader, writer = os.pipe()
        with Connection(writer, readable=False) as output:
            self._process = CONTEXT.Process(target=_run, args=(command[1:], dict(env), cwd, output))
            self._process.start()
        self.stdout: IO[str] = os.fdopen(reader, encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid
        return self._process.pid

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process, if it still runs."""
        with suppress(ProcessLookupError):  # it can end, and be forgotten, between two lines
            if self.poll() is None:
                os.kill(self.pid, number)

    def poll(self) -> int | None:
        """The exit status, or None while the process runs."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """Waits for the end and returns the exit status. Raises AssertionError after so many seconds."""
        self._process.join(seconds)
        status = self.poll()
        assert status is not None, "the process did not end"
        return status


def _run(arguments: list[str], environment: dict[str, str], directory: Path, output: Connection) -> None:
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    output.close()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ |= environment
    os.chdir(directory)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # multiprocessing's server ignores it
    leases.OWNER = uuid4().hex  # made once by each process that imports it
    sys.argv = arguments
    if "COVERAGE_PROCESS_START" in environment:
        importlib.import_module("coverage").process_startup()
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()  # multiprocessing skips them
