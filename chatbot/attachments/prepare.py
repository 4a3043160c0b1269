"""From the bytes that somebody sent to a file that can be kept, shown and sent on. Blocks: call it from a thread."""

import re
from dataclasses import dataclass
from hashlib import sha256

from chatbot.attachments.decoding import decode_text
from chatbot.attachments.images import accept_normalized_image, is_image, normalize_image
from chatbot.attachments.pdf import read_pdf
from chatbot.errors import InvalidAttachment
from chatbot.types import Attachment, FileContent, MediaType, clean

LONGEST_NAME = 120
MOST_TEXT = 2_000_000
"""Bytes of the text of one file: about half a million tokens, more than most models read."""

PDF_MARK, PDF_MARK_WITHIN = b"%PDF-", 1024
"""How a PDF begins, and within how many bytes, as Adobe's reader has it."""

UNKNOWN = "“{name}” is neither a picture (PNG, JPEG, WebP or GIF) nor a PDF nor text, so no model could read it."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that is fit to be kept."""

    attachment: Attachment
    file: FileContent


def prepare(name: str, content: bytes, *, as_kept: bool = False) -> Prepared:
    """The file, whose kind its content tells and not its name.

    A picture is turned upright, loses what says where and with what it was taken, and is made no larger than providers
    read it; `as_kept` leaves one alone that is so already, as a file from an export is. Text becomes UTF-8.
    Raises InvalidAttachment, whose sentence names the file, for anything else: what is damaged, locked, or would take
    more memory or time to open than any honest file.
    """
    name = _fit(name)
    if not content.strip():
        raise InvalidAttachment(f"“{name}” is empty.")
    if is_image(content):
        picture = (accept_normalized_image(content) if as_kept else None) or normalize_image(name, content)
        return _prepared(name, picture.media_type, picture.content, width=picture.width, height=picture.height)
    if PDF_MARK in content[:PDF_MARK_WITHIN]:
        pages, text = read_pdf(name, content)
        return _prepared(name, "application/pdf", content, text, pages=pages)
    plain = decode_text(content)
    if plain is None:
        raise InvalidAttachment(UNKNOWN.format(name=name))
    return _prepared(name, "text/plain", plain.encode(), plain)


def _prepared(name: str, media_type: MediaType, content: bytes, text: str = "", **measures: int) -> Prepared:
    text_size = len(text.encode())
    if text_size > MOST_TEXT:
        raise InvalidAttachment(
            f"“{name}” holds {text_size / 1e6:.1f} MB of text; {MOST_TEXT / 1e6:.0f} MB is the most. Send a part of it."
        )
    identity = sha256(content).hexdigest()
    attachment = Attachment(identity, name, media_type, len(content), text_size=text_size, **measures)
    return Prepared(attachment, FileContent(content, text))


def _fit(name: str) -> str:
    """`name` without folders and line ends, and not too long, its ending kept."""
    last = re.split(r"[/\\]", clean(name))[-1]
    words = " ".join("".join(each if each.isprintable() else " " for each in last).replace("`", "'").split())
    stem, dot, ending = words.rpartition(".")
    if len(words) > LONGEST_NAME and len(ending) < 12:
        return stem[: LONGEST_NAME - len(ending) - 1] + dot + ending
    return words[:LONGEST_NAME] or "file"
