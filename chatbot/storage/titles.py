"""Titles of conversations, cut from the first message: no model is asked for one."""

MAX_TITLE_LENGTH = 60


def make_title(text: str) -> str:
    """The first line of `text`, cut at a word."""
    line = " ".join(text.strip().partition("\n")[0].split())
    if len(line) <= MAX_TITLE_LENGTH:
        return line
    start = line[: MAX_TITLE_LENGTH - 1]
    return (start.rpartition(" ")[0] or start) + "…"
