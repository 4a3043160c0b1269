"""Answers: Markdown in, a list of HTML blocks out, cheaply also while the text grows."""

from functools import lru_cache, partial

from chatbot.page.markdown.chunks import split
from chatbot.page.markdown.html import render_tokens
from chatbot.page.markdown.lists import render_list
from chatbot.page.markdown.parser import parse
from chatbot.page.markdown.unfinished import without_half_line

CACHED_CHUNKS = 2000
"""Chunks are a few hundred characters, so the cache holds about 2 MB."""


def render_answer(text: str, *, is_running: bool = False) -> list[str]:
    """The HTML of each top-level block of `text`, in order. Safe to insert: raw HTML in `text` is text.

    While the answer runs, marks of a construct that has not ended yet are hidden. Chunks that are complete are rendered
    once and cached, so an update costs what its last chunk costs.
    """
    *complete, last = split(_normalize(text))
    blocks = [block for chunk in complete for block in _render_chunk(chunk)]
    return [*blocks, *(_render_growing(last) if is_running else _render_chunk(last))]


def render_chunk(text: str, *, is_running: bool = False) -> list[str]:
    """The HTML of each block of a text that is parsed at once."""
    parsed = parse(without_half_line(text) if is_running else text, is_running=is_running)
    return render_tokens(parsed)


def _render_growing(text: str) -> list[str]:
    """The blocks of the chunk to which words are added."""
    return render_list(text, _render_chunk, partial(render_chunk, is_running=True)) or render_chunk(
        text, is_running=True
    )


_render_chunk = lru_cache(CACHED_CHUNKS)(render_chunk)


def _normalize(text: str) -> str:
    """CommonMark: every line ending is one newline, and NUL is the replacement character."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
