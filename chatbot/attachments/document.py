"""Reads Word, Excel, PowerPoint, EPUB, HTML and notebooks as text, in a process of their own."""

import re

from chatbot.attachments import document_worker
from chatbot.attachments.decoding import MARKS, decode_text
from chatbot.attachments.worker_process import run_worker
from chatbot.errors import InvalidAttachment
from chatbot.types import Attachment

TIMEOUT_SECONDS = 60
"""On a busy machine; the worker itself ends after MAX_SECONDS of processor time."""

ZIP = b"PK\x03\x04"
COMMENTS = rb"(<!--(?:(?!-->).)*-->\s*)*"
PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?" + COMMENTS + rb"<(!doctype\s+html|html)\b", re.I | re.S)
PAGE_START = 4096
NOTEBOOK = re.compile(rb'\s*\{.*"cells"\s*:', re.S)


CONVERTED = re.compile(r"\.(do[ct][xm]|xls[xmb]?|xlt[xm]|ods|p[op][ts][xm]|epub|x?html?|ipynb)$", re.I)


def saved_name(attachment: Attachment) -> str:
    """The name to save the attachment's content under: of a document only the text was kept."""
    is_converted = attachment.media_type == "text/plain" and CONVERTED.search(attachment.name)
    return f"{attachment.name}.md" if is_converted else attachment.name


def read_document(name: str, content: bytes) -> str | None:
    """The document's text, as Markdown; None if it is none of these. Raises InvalidAttachment if it is damaged, locked,
    or takes too much time or memory."""
    if content.startswith(tuple(MARKS)):  # a page or a notebook in UTF-16, or with a mark before it
        content = (decode_text(content) or "").encode()
    if not (
        content.startswith((ZIP, document_worker.OLE)) or PAGE.match(content[:PAGE_START]) or NOTEBOOK.match(content)
    ):
        return None
    status, text = run_worker(document_worker, name, content, TIMEOUT_SECONDS)
    if status == document_worker.UNKNOWN:
        return None
    if status == document_worker.LOCKED:
        raise InvalidAttachment("pdf_locked", name=name)
    if status in document_worker.SAVE_AS:
        raise InvalidAttachment("other_format", name=name, format=document_worker.SAVE_AS[status])
    if status == document_worker.TOO_LARGE:
        raise InvalidAttachment("pdf_slow", name=name)
    if status:
        raise InvalidAttachment("document_damaged", name=name)
    if not text.strip():
        raise InvalidAttachment("document_empty", name=name)
    return text.strip() + "\n"
