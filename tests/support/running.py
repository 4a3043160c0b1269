"""Runs the app: `python app.py` in its own process, with its own data directory and settings."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Condition, Event, Thread
from typing import IO, Self

from chatbot.settings import Settings
from tests.fake_upstream import FakeUpstream
from tests.support.forked_process import ForkedProcess

ROOT = Path(__file__).parents[2]
ALONE = {"CHATBOT_DISCOVER": "off", "HF_HUB_CACHE": os.devnull}
"""Whatever else runs on this machine, or is in its caches, is none of the tests' business."""
START_SECONDS = 180
LOG_SECONDS = 60


class RunningApp:
    """The app in a process. Its settings are those of `environment`; it inherits none from this process. `forked`: from
    a process that has imported the app already, which saves 3 s of CPU."""

    def __init__(
        self,
        data: Path,
        environment: Mapping[str, str],
        *arguments: str,
        script: Path | None = None,
        forked: bool = True,
    ) -> None:
        self.data = data
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = dict(environment)
        self._arguments = arguments
        self._script = script or app_without_env_file()
        self._is_forked = forked and sys.platform == "linux"
        self._process: subprocess.Popen[str] | ForkedProcess | None = None
        self._ready = Event()
        self._line_read = Condition()
        self.log = ""

    def start(self) -> Self:
        """Starts the app and waits until it prints its URL."""
        command, environment, directory = self._command()
        self.data.mkdir(parents=True, exist_ok=True)
        if self._is_forked:
            self._process = ForkedProcess(command, environment, directory)
        else:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._ready.clear()
        self._reader = Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._ready.wait(START_SECONDS)
        if self.url not in self.log:
            self.stop(signal.SIGKILL)
            raise AssertionError(f"the app did not start: {self.log}")
        return self

    @property
    def process_id(self) -> int:
        assert self._process
        return self._process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal and waits for the end of the process; returns its exit status."""
        assert self._process
        self._process.send_signal(number)
        status = self._process.wait(START_SECONDS)
        self._reader.join(START_SECONDS)
        return status

    def logs(self, text: str) -> bool:
        """Returns whether the app prints `text`; waits for it, since a line is read after the answer it is about."""
        with self._line_read:
            return self._line_read.wait_for(lambda: text in self.log, LOG_SECONDS)

    def _command(self) -> tuple[list[str], dict[str, str], Path]:
        """Returns the command, its whole environment and its working directory."""
        command = [sys.executable, str(self._script), "--port", str(self.port), *self._arguments]
        environment = clean_environment() | {"CHATBOT_DATA_DIR": str(self.data)} | self._environment
        return command, environment, self.data  # it contains no .env file

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self.stop()

    def _read(self, output: IO[str]) -> None:
        """Reads all output of the app: a full pipe would block it."""
        with output:
            for line in output:
                with self._line_read:
                    self.log += line
                    self._line_read.notify_all()
                if self.url in line:
                    self._ready.set()
        self._ready.set()


def two_providers(upstream: FakeUpstream) -> dict[str, str]:
    """Returns settings with OpenAI and Anthropic at `upstream` and without a rate limit."""
    return {
        "OPENAI_API_KEY": "sk-test-operator",
        "OPENAI_BASE_URL": upstream.openai_url,
        "ANTHROPIC_API_KEY": "sk-ant-test-operator",
        "ANTHROPIC_BASE_URL": upstream.anthropic_url,
        "LOCAL_MODEL": "off",
        "CHATBOT_MESSAGES_PER_MINUTE": "0",
    }


@cache
def app_without_env_file() -> Path:
    """Returns a copy of app.py: the app reads the `.env` beside its program too, and a developer's is beside app.py."""
    return Path(shutil.copy(ROOT / "app.py", tempfile.mkdtemp()))


def clean_environment() -> dict[str, str]:
    """Returns this process's environment without the chatbot's settings, for programs that find the chatbot."""
    settings = {name.upper() for name in Settings.model_fields}
    return (
        {name: value for name, value in os.environ.items() if name not in settings} | {"PYTHONPATH": str(ROOT)} | ALONE
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
