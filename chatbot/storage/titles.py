"""Titles of conversations, cut from the first message: no model is asked for one."""

import re

from chatbot.types import cut

MAX_TITLE_LENGTH = 60

FENCE = re.compile(r"`{3,}[^`]*$|~{3,}")
"""A line that begins or ends a code block, with the language and more."""

MARKS = re.compile(r"^(?:`{3,}|~{3,})\s*|\s*(?:`{3,}|~{3,})$")
"""Those of a fence, in a line that begins and ends one, or in the only line."""


def make_title(text: str) -> str:
    """The first line of `text` that has words and is no fence, cut at a word, or inside a long one at a whole
    grapheme."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    worded = [line for line in lines if any(map(str.isalnum, line))]
    line = next((line for line in worded if not FENCE.match(line)), "") or next(iter([*worded, *lines]), "")
    line = MARKS.sub("", line) or line
    if len(line) <= MAX_TITLE_LENGTH:
        return line
    start = cut(line, MAX_TITLE_LENGTH - 1)
    at_word = start if line[len(start)] == " " else start.rpartition(" ")[0]
    return (at_word or start).rstrip() + "…"
