"""The app as people run it: `python app.py` in a process of its own, with its own data directory and settings."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread
from typing import IO, Self

from chatbot.settings import Settings
from tests.fake_upstream import FakeUpstream

ROOT = Path(__file__).parent.parent
APP = ROOT / "app.py"
START_SECONDS = 180


class RunningApp:
    """A started app. `environment` is all that it is told; of this process's own settings it sees none."""

    def __init__(self, data: Path, environment: Mapping[str, str], *arguments: str, script: Path = APP) -> None:
        self.data = data
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = dict(environment)
        self._arguments = arguments
        self._script = script
        self._process: subprocess.Popen[str] | None = None
        self._ready = Event()
        self.log = ""

    def start(self) -> Self:
        """Start it, and wait until it says that it is ready."""
        command, environment, directory = self._how()
        self.data.mkdir(parents=True, exist_ok=True)
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
            raise AssertionError(f"the app ended at its start: {self.log}")
        return self

    @property
    def process_id(self) -> int:
        """The process that runs it."""
        assert self._process
        return self._process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, and return its exit status."""
        assert self._process
        self._process.send_signal(number)
        status = self._process.wait(START_SECONDS)
        self._reader.join(START_SECONDS)
        return status

    def _how(self) -> tuple[list[str], dict[str, str], Path]:
        """The command, all of its environment, and where it is run."""
        command = [sys.executable, str(self._script), "--port", str(self.port), *self._arguments]
        environment = clean_environment() | {"CHATBOT_DATA_DIR": str(self.data)} | self._environment
        return command, environment, self.data  # where no .env of a developer's is

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self.stop()

    def _read(self, output: IO[str]) -> None:
        """All that the app prints: left unread, it would wait with its next line for ever."""
        with output:
            for line in output:
                self.log += line
                if self.url in line:
                    self._ready.set()
        self._ready.set()


def two_providers(upstream: FakeUpstream) -> dict[str, str]:
    """Settings with OpenAI and Anthropic, both played by `upstream`, for tests that ask oftener than people do."""
    return {
        "OPENAI_API_KEY": "sk-test-operator",
        "OPENAI_BASE_URL": upstream.openai_url,
        "ANTHROPIC_API_KEY": "sk-ant-test-operator",
        "ANTHROPIC_BASE_URL": upstream.anthropic_url,
        "LOCAL_MODEL": "off",
        "CHATBOT_MESSAGES_PER_MINUTE": "0",
    }


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting of the chatbot's."""
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
