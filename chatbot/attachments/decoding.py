"""Decodes text files: UTF-8, UTF-16 with a byte order mark, or an older encoding."""

import codecs
import re

BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE_BYTES = 32_768
"""How much of a file is used to guess an older encoding: more takes longer and guesses no better."""

NOT_TEXT = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
"""Control characters that text files do not contain. Logs do have escape (colours) and backspace (progress)."""


def decode_text(content: bytes) -> str | None:
    """The text in `content`, or None if it is not text."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return _decode(content, encoding)
    text = _decode(content, "utf-8")
    if text is None and not NOT_TEXT.search(content.decode("latin-1")):
        return _decode(content, _guess_encoding(content))
    return text


def _decode(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    return None if NOT_TEXT.search(text) else text


def _guess_encoding(content: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only older files need it

    best = from_bytes(content[:SAMPLE_BYTES]).best()
    if best and any(not alphabet.startswith(("Basic Latin", "Latin", "Control")) for alphabet in best.alphabets):
        return best.encoding
    return "cp1252"  # the Latin encodings can hardly be told apart, and this one is by far the most common
