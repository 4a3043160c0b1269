"""Answers: Markdown in, a list of HTML blocks out."""

from functools import lru_cache

from chatbot.page.markdown.html import render_tokens
from chatbot.page.markdown.parser import parse
from chatbot.page.markdown.unfinished import without_half_line

CACHED_ANSWERS = 500
"""As many as fifteen pages show; they take about 5 MB."""


@lru_cache(CACHED_ANSWERS)
def render_answer(text: str) -> tuple[str, ...]:
    """The HTML of each top-level block of `text`, in order. Safe to insert: raw HTML in `text` is text."""
    return tuple(render_tokens(parse(normalize(text))))


def render_unfinished(text: str) -> list[str]:
    """The HTML of each block of a text that goes on. Marks of a construct that has not ended yet are hidden."""
    return render_tokens(parse(without_half_line(normalize(text)), is_running=True))


def normalize(text: str) -> str:
    """CommonMark: every line ending is one newline, and NUL is the replacement character."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
