"""The real HAProxy with the README's configuration, in front of apps on other ports."""

import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.support.running import ROOT

START_SECONDS = 30


class HAProxy:
    """The proxy in front of three apps, which need not run yet. Use it as a context."""

    def __init__(self, directory: Path, ports: Sequence[int]) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._file = directory / "haproxy.cfg"
        self._file.write_text(_configuration(self.port, ports))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
        if program is None:
            pytest.skip("HAProxy is not installed: apt-get install haproxy")
        self._process = subprocess.Popen([program, "-db", "-f", str(self._file)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            assert self._process.poll() is None, "HAProxy refuses its configuration"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


def _configuration(port: int, ports: Sequence[int]) -> str:
    """The README's, with these ports."""
    readme = (ROOT / "README.md").read_text("utf-8")
    text = readme.partition("```haproxy\n")[2].partition("```")[0].replace(":8080", f":{port}")
    for number, own in enumerate(ports, 7861):
        assert f"127.0.0.1:{number}" in text
        text = text.replace(f"127.0.0.1:{number}", f"127.0.0.1:{own}")
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
