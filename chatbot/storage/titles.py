"""Titles of conversations, cut from the first message: no model is asked for one."""

import re

from chatbot.types import cut

MAX_TITLE_LENGTH = 60

FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*[^\s`]*[ \t]*$")
"""A line that begins or ends a code block, with the language."""


def make_title(text: str) -> str:
    """The first line of `text` that has words and is no fence, cut at a word, or inside a long one at a whole
    grapheme."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    worded = (line.strip("`~ ") for line in lines if not FENCE.match(line) and any(map(str.isalnum, line)))
    line = next(worded, "") or (lines[0].strip("`~ ") or lines[0] if lines else "")
    if len(line) <= MAX_TITLE_LENGTH:
        return line
    start = cut(line, MAX_TITLE_LENGTH - 1)
    at_word = start if line[len(start)] == " " else start.rpartition(" ")[0]
    return (at_word or start).rstrip() + "…"
