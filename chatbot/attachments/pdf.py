"""PDFs, opened in a process of their own: whatever a file does to it, the app goes on."""

import os
import subprocess
import sys
from pathlib import Path

from chatbot.attachments import pdf_worker as pdf_reader
from chatbot.errors import InvalidAttachment

SECONDS = 15
"""How long a long document may take in all; a page that takes too long ends it much sooner."""

REASONS = {
    pdf_reader.LOCKED: "“{name}” is locked with a password. Save it without one first.",
    pdf_reader.TOO_LONG: f"“{{name}}” has more than {pdf_reader.MOST_PAGES} pages. Send a part of it.",
}
BROKEN = "“{name}” is damaged: it cannot be opened as a PDF."


def read_pdf(name: str, content: bytes) -> tuple[int, str]:
    """How many pages the document has, and the text on them. Raises InvalidAttachment for one that is damaged, locked,
    or made to be trouble."""
    needed = {key: os.environ[key] for key in ("SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ}
    try:
        reader = subprocess.run(  # noqa: S603 - our own script, and nothing of the file in the command
            [sys.executable, "-I", str(Path(pdf_reader.__file__))],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=needed,  # no key of the operator's
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidAttachment(f"“{name}” takes too long to read. Send a part of it.") from None
    if reader.returncode:
        raise InvalidAttachment(REASONS.get(reader.returncode, BROKEN).format(name=name))
    pages, _, text = reader.stdout.decode("utf-8", "replace").partition("\n")
    return int(pages), text.strip()
