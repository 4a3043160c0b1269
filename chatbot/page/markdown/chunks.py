"""Where a text can be cut so that the parts, parsed one by one, give the same HTML as the whole."""

import re
from collections.abc import Iterator

LINE = re.compile(
    r"\n(?:(?P<indent> {0,3}|[ >]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)+)(?P<fence>`{3,}|~{3,})(?P<info>.*)"
    r"|[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<formula>\\\[|\$\$)"
    r"|\n(?=(?P<block>[^\s>+*\-\d])))"
)
"""What opens code, what opens a formula, and an empty line before one that continues no list and no quote."""

DEFINITION = re.compile(r"^[ >\-*+\d.)]*\[[^\]\n]+\]:", re.MULTILINE)
"""The start of a link reference definition, which changes text anywhere before and after it."""

NESTING = re.compile(r"[ \t]*(?:md|markdown)\b", re.IGNORECASE)


NO_FORMULA = re.compile(r"\n[ >]*(?:```|~~~|\\\[|\$\$[^\n])|\n[ \t]*\n")
LINE_END = re.compile(r"[.,;:]?[ \t]*(?:\n|\Z)")


def split(text: str) -> list[str]:
    """The text in chunks, of which all but the last are complete; the whole if a cut could change anything."""
    if DEFINITION.search(text):
        return [text]
    chunks, start = [], 0
    for cut in _cuts(text):
        chunks.append(text[start:cut])
        start = cut
    return [*chunks, text[start:]]


def _cuts(text: str) -> Iterator[int]:
    """The positions of top-level blocks after an empty line, outside of code and formulas."""
    position = 0
    text = "\n" + text  # every line then begins with a newline, which is quick to look for
    while match := LINE.search(text, position):
        position = match.end()
        if match["block"]:
            yield position - 1
            position -= 1
        elif match["formula"]:
            position = _end_of_formula(text, position, match["formula"])
        elif match["fence"] and not (match["fence"][0] == "`" and "`" in match["info"]):
            if match["indent"].strip() or NESTING.match(match["info"]):
                return  # a fence beside a list's mark ends with the item; one of Markdown may contain others: fences.py
            start, position = position, _end_of_code(text, position, match["fence"])
            if _is_left(text, start, position, len(match["indent"])):
                return
        if position < 2:
            return  # it may not have ended


def _end_of_formula(text: str, position: int, opener: str) -> int:
    """The end of a formula that stands in lines of its own; 0 if it may be none, or not have ended."""
    line = text[text.rfind("\n", 0, position) + 1 : position - 2]
    closing = text.find("\\]" if opener == "\\[" else "$$", position)
    is_sure = closing >= 0 and "    " not in line and "\t" not in line and LINE_END.match(text, closing + 2)
    return closing + 2 if is_sure and not NO_FORMULA.search(text, position, closing) else 0


def _is_left(text: str, start: int, end: int, indent: int) -> bool:
    """Whether a line of indented code is indented less than its fence: it may then have ended with a list item."""
    return indent > 0 and re.compile(rf"\n {{0,{indent - 1}}}\S").search(text, start, end) is not None


def _end_of_code(text: str, position: int, marks: str) -> int:
    """The end of the line that closes a fence; 0 if there is none."""
    while (place := text.find(marks, position)) >= 0:
        start, end = text.rfind("\n", 0, place), text.find("\n", place)
        line = text[start + 1 : end if end >= 0 else len(text)]
        bare = line.lstrip(" ")
        if len(line) - len(bare) < 4 and bare.startswith(marks) and not bare.rstrip().strip(marks[0]):
            return start + 1 + len(line)
        position = place + len(marks)
    return 0
