"""Visitors' messages: shown as they were typed. Only fences are code, and only web addresses are links."""

import re
from functools import lru_cache

from chatbot.page.markdown.code import code_block
from chatbot.page.markdown.html import link_addresses

FENCE = re.compile(
    r"^ {0,3}(?P<marks>`{3,}|~{3,})(?P<info>[^`\n]*)\n(?P<code>(?:.*\n)*?) {0,3}(?P=marks)[`~]*[ \t]*$", re.MULTILINE
)
"""A block of code with its end: without one, the marks may mean themselves."""


@lru_cache(500)
def render_typed(text: str) -> list[str]:
    """The HTML of each part of a message."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks: list[str] = []
    done = 0
    for fence in FENCE.finditer(text):
        if fence["code"].strip():
            blocks.append(_as_typed(text[done : fence.start()].removesuffix("\n")))
            blocks.append(code_block(fence["code"], fence["info"]))
            done = min(fence.end() + 1, len(text))
    return [block for block in [*blocks, _as_typed(text[done:])] if block]


def _as_typed(text: str) -> str:
    return (
        f'<div class="as-written" dir="auto">{link_addresses(text)}</div>'
        if text.strip() or text.count("\n") > 1
        else ""
    )
