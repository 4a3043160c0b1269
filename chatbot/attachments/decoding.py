"""Decodes text files: UTF-8, even with a damaged byte, UTF-16, or an older encoding that the text itself gives away."""

import codecs
import re
from unicodedata import category

BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE_BYTES = 32_768
"""How much of a file is used to guess an older encoding: more takes longer and guesses no better."""

NOT_TEXT = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
"""Control characters that text files do not contain. Logs do have escape (colours) and backspace (progress)."""

C1_CONTROL = re.compile("[\x80-\x9f]")
"""What a Windows encoding's quotes and dashes become if they are decoded as ISO 8859."""
OTHER_ALPHABET = "\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u0e00-\u0e7f"
MIXED_WORD = re.compile(f"[A-Za-z][{OTHER_ALPHABET}]|[{OTHER_ALPHABET}][A-Za-z]")
"""A word half in Latin and half in Greek, Cyrillic, Hebrew, Arabic or Thai letters: the encoding is another one."""

RARE = re.compile(r"iso8859-|cp1006|cp1258|ISO-8859-(?![2579]$)")
"""Encodings that are rarer than mistakes for them."""

UNUSED = {"Cn", "Co"}
UTF16 = {"utf-16-le", "utf-16-be"}
DOS_END = b"\x1a"
"""The end of a file under DOS."""

GOOD_PER_BAD = 10
"""Whole multi-byte characters for each damaged one, from which on a file is UTF-8: other encodings hardly form any."""


def decode_text(content: bytes) -> str | None:
    """The text in `content`, or None if it is not text. Damaged characters of UTF-8 become U+FFFD."""
    content = content.removesuffix(DOS_END)
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return _decode(content, encoding, "replace")
    damaged = content.decode("utf-8", "replace")
    if "\ufffd" not in damaged or _is_utf8(content):
        return _utf16(content) if "\0" in damaged else _decode(content, "utf-8", "replace")
    if NOT_TEXT.search(content.decode("latin-1")):
        return _utf16(content)
    return _guess(content)


def _decode(content: bytes, encoding: str, errors: str = "strict") -> str | None:
    try:
        text = content.decode(encoding, errors)
    except (UnicodeDecodeError, LookupError):
        return None
    return None if NOT_TEXT.search(text) else text


def _is_utf8(content: bytes) -> bool:
    """Whether the few bytes that are not UTF-8 are damage. A character that the end of the file cuts after its second
    byte proves it too."""
    whole = content.decode("utf-8", "ignore")
    good = len(whole.encode()) - len(whole)
    bad = content.decode("utf-8", "replace").count("\ufffd") - whole.count("\ufffd")
    is_cut = bool(re.search(rb"[\xe0-\xf4][\x80-\xbf]{1,2}\Z", content))
    return bad * GOOD_PER_BAD <= good or (bad == 1 and (good > 1 or is_cut))


def _utf16(content: bytes) -> str | None:
    """The text of UTF-16 without a byte order mark. Half of all binary data decodes as that too, but into characters
    that no script has, or without a space."""
    from chardet import detect  # noqa: PLC0415 - only older files need it

    encoding = str(detect(content[:SAMPLE_BYTES])["encoding"])
    text = _decode(content, encoding) if encoding in UTF16 else None
    is_text = text and re.search(r"\s", text) and not any(category(each) in UNUSED for each in text[:SAMPLE_BYTES])
    return text if is_text else None


def _guess(content: bytes) -> str | None:
    """The text in the most likely older encoding. Among equally likely ones, the one that gives the most letters."""
    from chardet import EncodingEra, detect_all  # noqa: PLC0415 - only older files need it

    found = detect_all(content[:SAMPLE_BYTES], encoding_era=EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO)
    guesses = [(round(each["confidence"], 2), each["encoding"] or "") for each in found]
    texts = [(likely, _decode(content, name)) for likely, name in guesses if not RARE.match(name)]
    fitting = [(likely, sum(map(str.isalpha, text)), text) for likely, text in texts if text and _is_plausible(text)]
    return max(fitting)[2] if fitting else _decode(content, "cp1252")


def _is_plausible(text: str) -> bool:
    return not (C1_CONTROL.search(text) or MIXED_WORD.search(text))
