"""Reads PDFs in a process of their own, which a hostile file cannot leave."""

import os
import subprocess
import sys
from pathlib import Path

from chatbot.attachments import pdf_worker
from chatbot.errors import InvalidAttachment

TIMEOUT_SECONDS = 15
"""For a whole document; the worker itself ends much sooner at a page that takes too long."""


def read_pdf(name: str, content: bytes) -> tuple[int, str]:
    """Returns the number of pages and the text on them. Raises InvalidAttachment if the document is damaged, locked,
    too long, or takes too much time or memory."""
    environment = {key: os.environ[key] for key in ("SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ}
    try:
        worker = subprocess.run(  # noqa: S603 - our own script; nothing of the file is in the command
            [sys.executable, "-I", str(Path(pdf_worker.__file__))],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,  # without the operator's keys
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidAttachment("pdf_slow", name=name) from None
    if worker.returncode == pdf_worker.LOCKED:
        raise InvalidAttachment("pdf_locked", name=name)
    if worker.returncode == pdf_worker.TOO_LONG:
        raise InvalidAttachment("pdf_too_long", name=name, most=pdf_worker.MAX_PAGES)
    if worker.returncode:
        raise InvalidAttachment("pdf_damaged", name=name)
    pages, _, text = worker.stdout.decode("utf-8", "replace").partition("\n")
    return int(pages), text.strip()
