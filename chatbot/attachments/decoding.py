"""Text of any kind: source code, tables, logs, in UTF-8 or in what was usual before."""

import codecs
import re

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE = 32_768
"""Bytes by which an old encoding is guessed: more of them take longer and tell no more."""

NOT_TEXT = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
"""Control characters that no text has; a log has colours (escape) and progress (backspace)."""


def decode_text(content: bytes) -> str | None:
    """The text that the content is, None where it is none."""
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _as_text(content, encoding)
    text = _as_text(content, "utf-8")
    if text is None and not NOT_TEXT.search(content.decode("latin-1")):
        return _as_text(content, _guessed(content))
    return text


def _as_text(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    return None if NOT_TEXT.search(text) else text


def _guessed(content: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - for files of another age only

    best = from_bytes(content[:SAMPLE]).best()
    if best and any(not alphabet.startswith(("Basic Latin", "Latin", "Control")) for alphabet in best.alphabets):
        return best.encoding
    return "cp1252"  # the encodings of Latin letters can hardly be told apart, and this one is by far the most usual
