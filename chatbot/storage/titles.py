"""Titles, cut locally: no model is asked for one."""

TITLE_LENGTH = 60
"""Characters of a title that is cut from the first message."""


def make_title(text: str) -> str:
    """The first line of `text`, cut at a word."""
    line = " ".join(text.strip().partition("\n")[0].split())
    if len(line) <= TITLE_LENGTH:
        return line
    start = line[: TITLE_LENGTH - 1]
    return (start.rpartition(" ")[0] or start) + "…"
