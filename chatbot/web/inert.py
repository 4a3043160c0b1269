"""Markdown whose HTML is shown and not obeyed, whoever wrote it.

Not the only wall: the page's Content-Security-Policy and its style sheet stand behind it.
"""

import re

HARMLESS = "br|hr|b|i|u|s|em|strong|sub|sup|small|mark|kbd|del|ins|details|summary"
"""Tags that models do write, and that can do nothing where they have no attributes."""

LIVE = re.compile(
    # a block of code, as far as it has come
    r"^(?P<open>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}))(?P<language>[^\n]*)"
    r"(?P<block>(?:\n.*?)??(?:\n[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z))"
    # code in a sentence, which ends with its paragraph
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).){1,500}?(?<!`)(?P=ticks)(?!`)"
    rf"|(?P<tag><(?!(?:{HARMLESS})[ ]?/?>|/(?:{HARMLESS})>)(?=[a-z/!?]))"
    r"|(?P<image>!(?=\[))",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)

DRAWN = re.compile("mermaid", re.IGNORECASE)
"""A language that Gradio draws instead of showing it, and whose HTML it obeys."""


def inert(markdown: str) -> str:
    """`markdown` with its code as it is, other HTML as text, and a link in the place of each image: to load one would
    tell its host what was said."""
    is_plain = "<" not in markdown and "![" not in markdown and not DRAWN.search(markdown)
    return markdown if is_plain else LIVE.sub(_as_text, markdown)


def _as_text(match: re.Match[str]) -> str:
    if match["tag"]:
        return "&lt;"
    if match["image"]:
        return "\\!"
    if match["fence"]:
        return match["open"] + DRAWN.sub("text", match["language"]) + match["block"]
    return match[0]
