"""Where a text can be cut so that the parts, parsed one by one, give the same HTML as the whole."""

import re

LINE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
    r"|^[ >]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<formula>\\\[|\$\$)"
    r"|\n\n(?=[^\s>+*\-\d])",
    re.MULTILINE,
)
"""What opens or ends code, what opens a formula, and an empty line before one that continues no list and no quote."""

DEFINITION = re.compile(r"^[ >\-*+\d.)]*\[[^\]\n]+\]:", re.MULTILINE)
"""The start of a link reference definition, which changes text anywhere before and after it."""

NESTING = re.compile(r"[ \t]*(?:md|markdown)\b", re.IGNORECASE)


def split(text: str) -> list[str]:
    """The text in chunks, of which all but the last are complete; the whole if a cut could change anything."""
    if DEFINITION.search(text):
        return [text]
    chunks, start = [], 0
    for cut in _cuts(text):
        chunks.append(text[start:cut])
        start = cut
    return [*chunks, text[start:]]


def _cuts(text: str) -> list[int]:
    """The positions of top-level blocks after an empty line, outside of code and formulas."""
    cuts: list[int] = []
    position, opener = 0, ""
    while match := LINE.search(text, position):
        position = match.end()
        if match["fence"]:
            marks, info = match["fence"], match["info"]
            if not opener and NESTING.match(info):
                break  # a fence of Markdown may contain others: see fences.py
            if not opener:
                indent = match.start("fence") - match.start()
                if indent:
                    break  # a fence of a list item ends with the item
                opener = "" if marks[0] == "`" and "`" in info else marks
            elif marks.startswith(opener) and not info.strip():
                opener = ""
        elif match["formula"]:
            if not opener:
                end = _end_of_formula(text, position, match["formula"])
                if end < 0:
                    break
                position = end
        elif not opener:
            cuts.append(position)
    return cuts


def _end_of_formula(text: str, position: int, opener: str) -> int:
    """Where the formula that may begin here ends at the latest; -1 if that is not known yet."""
    end = text.find("\\]" if opener == "\\[" else "$$", position)
    return end + 2 if end >= 0 else -1
