"""Turns uploaded bytes into an attachment that can be stored, shown and sent. Blocks: call it from a thread."""

import re
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from chatbot.attachments.decoding import decode_text
from chatbot.attachments.document import read_document
from chatbot.attachments.images import accept_normalized_image, is_image, normalize_image
from chatbot.attachments.pdf import read_pdf
from chatbot.errors import InvalidAttachment
from chatbot.types import Attachment, FileContent, MediaType, clean, cut

MAX_NAME_LENGTH = 120
MAX_EXTENSION_LENGTH = 12
MAX_TEXT_BYTES = 2_000_000
"""Of the text in one file: about half a million tokens, more than most models read."""

JOINERS = "\u200c\u200d"
"""ZWNJ and ZWJ: parts of words in Persian, Hindi and other scripts, and of emoji."""

PDF_MARK, PDF_MARK_WITHIN = b"%PDF-", 1024
"""How a PDF begins, and within how many bytes: Adobe Reader's rule."""


@dataclass(frozen=True, slots=True)
class PreparedAttachment:
    """An attachment with its content, fit to be stored."""

    attachment: Attachment
    file: FileContent


def prepare(name: str, content: bytes, *, keep_normalized: bool = False) -> PreparedAttachment:
    """Recognises a file by its content and prepares it: images are turned upright, stripped of metadata and scaled to
    what providers read; documents other than PDFs become their text, and all text UTF-8.

    With `keep_normalized`, for imports, a normalized image stays as it is, which keeps its id, and text is not looked
    at as a document again.

    Raises InvalidAttachment, whose text names the file, for anything else, and for a file that is damaged or locked, or
    takes too much memory or time to open.
    """
    name = _clean_name(name)
    if not content.strip():
        raise InvalidAttachment("empty", name=name)
    if is_image(content):
        image = (accept_normalized_image(content) if keep_normalized else None) or normalize_image(name, content)
        return _prepared(name, image.media_type, image.content, width=image.width, height=image.height)
    if PDF_MARK in content[:PDF_MARK_WITHIN]:
        pages, text = read_pdf(name, content)
        return _prepared(name, "application/pdf", content, text, pages=pages)
    plain = (None if keep_normalized else read_document(name, content)) or decode_text(content)
    if plain is None:
        raise InvalidAttachment("unknown_type", name=name)
    return _prepared(name, "text/plain", plain.encode(), plain)


def _prepared(name: str, media_type: MediaType, content: bytes, text: str = "", **measures: int) -> PreparedAttachment:
    text_size = len(text.encode())
    if text_size > MAX_TEXT_BYTES:
        size, most = ceil(text_size / 1e5) / 10, round(MAX_TEXT_BYTES / 1e6)
        raise InvalidAttachment("too_much_text", name=name, size=size, most=most)
    attachment = Attachment(
        sha256(content).hexdigest(), name, media_type, len(content), text_size=text_size, **measures
    )
    return PreparedAttachment(attachment, FileContent(content, text))


def _clean_name(name: str) -> str:
    """Drops folders, line ends and backticks, and shortens the name but not its extension."""
    last = re.split(r"[/\\]", clean(name))[-1]
    visible = "".join(each if each.isprintable() or each in JOINERS else " " for each in last)
    words = " ".join(visible.replace("`", "'").split()).strip(f"{JOINERS} ")
    stem, dot, extension = words.rpartition(".")
    if len(words) > MAX_NAME_LENGTH and len(extension) < MAX_EXTENSION_LENGTH:
        return cut(stem, MAX_NAME_LENGTH - len(extension) - 1) + dot + extension
    return cut(words, MAX_NAME_LENGTH) or "file"
