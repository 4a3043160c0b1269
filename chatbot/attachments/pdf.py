"""Reads PDFs in a process of their own."""

from chatbot.attachments import pdf_worker
from chatbot.attachments.worker_process import run_worker
from chatbot.errors import InvalidAttachment

TIMEOUT_SECONDS = 15
"""For a whole document; the worker itself ends much sooner at a page that takes too long."""


def read_pdf(name: str, content: bytes) -> tuple[int, str]:
    """Returns the number of pages and the text on them. Raises InvalidAttachment if the document is damaged, locked,
    too long, or takes too much time or memory."""
    status, output = run_worker(pdf_worker, name, content, TIMEOUT_SECONDS)
    if status == pdf_worker.LOCKED:
        raise InvalidAttachment("pdf_locked", name=name)
    if status == pdf_worker.TOO_LONG:
        raise InvalidAttachment("pdf_too_long", name=name, most=pdf_worker.MAX_PAGES)
    if status:
        raise InvalidAttachment("pdf_damaged", name=name)
    pages, _, text = output.partition("\n")
    return int(pages), text.strip()
