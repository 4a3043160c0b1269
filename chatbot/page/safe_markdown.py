"""Markdown whose HTML is shown and not obeyed, whoever wrote it.

Not the only wall: the page's Content-Security-Policy and its style sheet stand behind it.
"""

import re
from bisect import bisect_left
from collections import defaultdict

HARMLESS = "br|hr|b|i|u|s|em|strong|sub|sup|small|mark|kbd|del|ins|details|summary"
"""Tags that models do write, and that can do nothing where they have no attributes."""

LIVE = re.compile(
    # a block of code, as far as it has come
    r"^(?P<open>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}))(?P<language>[^\n]*)"
    r"(?P<block>(?:\n.*?)??(?:\n[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z))"
    # what code in a sentence begins with
    r"|(?P<ticks>`+)"
    rf"|(?P<tag><(?!(?:{HARMLESS})[ ]?/?>|/(?:{HARMLESS})>)(?=[a-z/!?]))"
    r"|(?P<image>!(?=\[))",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)

DRAWN = re.compile("mermaid", re.IGNORECASE)
"""A language that Gradio draws instead of showing it, and whose HTML it obeys."""


def make_markdown_safe(markdown: str) -> str:
    """`markdown` with its code as it is, other HTML as text, and a link in the place of each image: to load one would
    tell its host what was said."""
    if "<" not in markdown and "![" not in markdown and not DRAWN.search(markdown):
        return markdown
    ticks = _Ticks(markdown)
    done, at = [], 0
    while match := LIVE.search(markdown, at):
        done.append(markdown[at : match.start()])
        at = ticks.end_of_code(match.start(), match.end()) if match["ticks"] else match.end()
        done.append(markdown[match.start() : at] if match["ticks"] else _as_text(match))
    return "".join([*done, markdown[at:]])


class _Ticks:
    """Where runs of backticks are, by their length: each is looked for once, however many there are."""

    def __init__(self, markdown: str) -> None:
        self._markdown = markdown
        self._starts: dict[int, list[int]] = defaultdict(list)
        for run in re.finditer("`+", markdown):
            self._starts[len(run[0])].append(run.start())

    def end_of_code(self, start: int, end: int) -> int:
        """Where code ends that the run from `start` to `end` begins: behind the next run of that length, which has to
        be in the same line: a heading, say, ends with its line, and the code in it too. `end` where there is none."""
        starts = self._starts[end - start]
        following = bisect_left(starts, end)
        if following == len(starts) or "\n" in self._markdown[end : starts[following]]:
            return end
        return starts[following] + end - start


def _as_text(match: re.Match[str]) -> str:
    if match["tag"]:
        return "&lt;"
    if match["image"]:
        return "\\!"
    return str(match["open"]) + DRAWN.sub("text", match["language"]) + match["block"]
