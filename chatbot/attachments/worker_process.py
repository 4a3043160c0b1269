"""Runs a worker: a program of its own that reads one file, which a hostile file cannot leave."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from chatbot.errors import InvalidAttachment


def run_worker(worker: ModuleType, name: str, content: bytes, seconds: float) -> tuple[int, str]:
    """Returns the worker's exit status and what it wrote. Raises InvalidAttachment after `seconds`."""
    environment = {key: os.environ[key] for key in ("SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ}
    try:
        finished = subprocess.run(  # noqa: S603 - our own script; nothing of the file is in the command
            [sys.executable, "-I", str(Path(str(worker.__file__)))],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,  # without the operator's keys
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidAttachment("pdf_slow", name=name) from None
    return finished.returncode, finished.stdout.decode("utf-8", "replace")
