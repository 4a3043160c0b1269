"""Decodes text files: UTF-8, even with a damaged byte, UTF-16, UTF-32, or an older encoding that it gives away."""

import codecs
import math
import re
from typing import TYPE_CHECKING
from unicodedata import category

import regex

if TYPE_CHECKING:
    from chardet import EncodingEra

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16: its mark begins in the same way
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks, with which a text begins."""

SHIFTS = {b"\x1b$B": "iso2022_jp", b"\x1b$@": "iso2022_jp", b"\x1b$)C": "iso2022_kr"}
"""Sequences that change the alphabet, in encodings of seven bits."""

HZ = re.compile(rb"~\{([!-)0-w][!-~]){2,}~\}")
"""Chinese in seven bits, between braces: four bytes and more of GB 2312."""

SAMPLE_BYTES = 32_768
"""How much of a file is used to guess an older encoding: more takes longer and guesses no better."""
NOT_ASCII = re.compile(rb"[\x80-\xff]")
BEFORE_BYTES = 100
"""How much of the sample comes before the first byte that is not ASCII."""

NOT_TEXT = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
"""Control characters that text files do not contain. Logs do have escape (colours) and backspace (progress)."""

C1_CONTROL = re.compile("[\x80-\x9f]")
"""What a Windows encoding's quotes and dashes become if they are decoded as ISO 8859."""
LATIN = "A-Za-z\u00c0-\u024f"
OTHER_ALPHABET = "\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u0e00-\u0e7f"
HALF_WIDTH = "\uff66-\uff9f"
MIXED_WORD = re.compile(
    f"[{LATIN}][{OTHER_ALPHABET}]|[{OTHER_ALPHABET}][{LATIN}]|[a-z][{HALF_WIDTH}]|[{HALF_WIDTH}][a-z]"
)
"""A word half in Latin and half in Greek, Cyrillic, Hebrew, Arabic or Thai letters or in half-width kana: the encoding
is another one."""

ODD = regex.compile(r"\p{L}[^\p{L}\p{M}\p{Nd}\p{Pd}\s\x00-\x7f’…·\u200c\u200d]\p{L}|\p{Ll}(?![\x00-\x7f])[\p{Lu}‚„]")
"""A sign inside a word, or a capital letter or an opening quote behind a small one: what letters of DOS, old Macs and
rarer encodings become if they are decoded as those of Windows."""

RARE = re.compile(r"iso8859-|cp1006|cp1258|ISO-8859-(?![2579]$)")
"""Encodings that are rarer than mistakes for them."""

UNUSED = {"Cn", "Co"}
WIDE = {"utf-32-le": 4, "utf-32-be": 4, "utf-16-le": 2, "utf-16-be": 2}
"""Encodings without a mark, and the bytes of a character in each."""
COMMON = frozenset(" \n\r\t.,、。，")
"""Characters of nearly every text, which no text has many of if its bytes are taken in the wrong order."""
CRASH_END = re.compile(rb"\0{8,}\Z")
"""What a crash leaves at the end of a log: the blocks that were reserved, not yet written."""
DOS_END = b"\x1a"
"""The end of a file under DOS."""

GOOD_PER_BAD = 10
"""Whole multi-byte characters for each damaged one, from which on a file is UTF-8: other encodings hardly form any."""


def decode_text(content: bytes) -> str | None:
    """The text in `content`, or None if it is not text. Damaged characters of UTF-8 become U+FFFD."""
    content = CRASH_END.sub(b"", content.removesuffix(DOS_END))
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _decode(content, encoding, "replace")
    for shift, encoding in SHIFTS.items():
        if shift in content and (text := _decode(content, encoding)):
            return text
    if HZ.search(content) and (text := _decode(content, "hz")):
        return text
    damaged = content.decode("utf-8", "replace")
    if "\ufffd" not in damaged or _is_utf8(content):
        return _wide(content) if "\0" in damaged else _decode(content, "utf-8", "replace")
    if NOT_TEXT.search(content.decode("latin-1")):
        return _wide(content)
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


def _wide(content: bytes) -> str | None:
    """The text of UTF-16 or UTF-32 without a byte order mark. Half of all binary data decodes as UTF-16 too, but into
    characters that no script has, or without a space."""
    whole = {encoding: content[: len(content) // size * size] for encoding, size in WIDE.items()}
    texts = filter(None, (_decode(part, encoding) for encoding, part in whole.items()))
    used = (text for text in texts if not any(category(each) in UNUSED for each in text[:SAMPLE_BYTES]))
    counts = [(sum(each in COMMON for each in text[:SAMPLE_BYTES]), text) for text in used]
    common, text = max(counts, default=(0, None))
    return text if common else None


def _guess(whole: bytes) -> str | None:
    """The text in the most likely older encoding: one of those of the web, unless its words then look odd."""
    from chardet import EncodingEra as Era  # noqa: PLC0415 - only older files need it

    content = whole.replace(b"\r\n", b"\n")  # the guess depends on the kind of line end
    start = NOT_ASCII.search(content)
    sample = content[max(0, start.start() - BEFORE_BYTES if start else 0) :][:SAMPLE_BYTES]
    guesses = _guesses(sample, Era.MODERN_WEB | Era.LEGACY_ISO)
    # Among equally likely ones, the one that gives the most letters.
    usual = [(round(likely, 2), _letters(text), name) for likely, name, text in guesses if not RARE.match(name)]
    names = [name for _, _, name in sorted(usual, reverse=True)] + ["cp1252"]
    odd = _oddness(sample, names[0])
    if odd:
        others = _guesses(sample, Era.ALL & ~Era.MAINFRAME)
        ranked = sorted(((_oddness(sample, name), -likely, -_letters(text), name) for likely, name, text in others))
        names = [name for oddness, *_, name in ranked if oddness < odd] + names
    return next(filter(None, (_decode(whole, name) for name in names)), None)


def _guesses(sample: bytes, era: "EncodingEra") -> list[tuple[float, str, str]]:
    """How likely each encoding of the era is, its name, and the text in it, if that is plausible."""
    from chardet import detect_all  # noqa: PLC0415 - as above

    found = [(each["confidence"], each["encoding"] or "") for each in detect_all(sample, encoding_era=era)]
    texts = ((likely, name, _decode_start(sample, name)) for likely, name in found)
    return [(likely, name, text) for likely, name, text in texts if text and _is_plausible(text)]


def _decode_start(sample: bytes, encoding: str) -> str | None:
    """The text of a sample, whose end may cut a character."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except (UnicodeDecodeError, LookupError):
        return None
    return None if NOT_TEXT.search(text) else text


def _oddness(sample: bytes, encoding: str) -> float:
    """How many of its words look odd if it is decoded so."""
    text = _decode_start(sample, encoding)
    return math.inf if text is None else len(ODD.findall(text))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _is_plausible(text: str) -> bool:
    return not (C1_CONTROL.search(text) or MIXED_WORD.search(text))
