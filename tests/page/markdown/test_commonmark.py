"""CommonMark's own examples (spec 0.31.2, its JSON as in markdown-it-py's source) and those of GFM's extensions."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chatbot.page.markdown.html import render_tokens
from chatbot.page.markdown.parser import build_parser, parse
from tests.page.markdown.reading import TAGS

EXAMPLES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("commonmark.json").read_text("utf-8"))

HTML_IS_TEXT = "HTML is text: what a model writes must not become a part of the page"
UNUSED = "a link definition that no link uses is shown: it may be a list of sources"
BARE = "a bare web address is a link"
ESCAPES = "a backslash before a character that means nothing in Markdown, or in a path or a pattern, is itself"
IMAGE = "an image is a link, and inside a link its name"
NOWHERE = "a link without an address is shown as it was written"
PRODUCT = "asterisks between numbers multiply: as emphasis they would make other numbers of them"
NAMELESS = "a link without words shows its address"

DEVIATIONS = {
    **dict.fromkeys((21, 31, 201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536, 642, 643), HTML_IS_TEXT),
    **dict.fromkeys((207, 208, 210, 317, 537, 538, 545, 563, 565, 567, 571, 592), UNUSED),
    **dict.fromkeys((602, 608, 611), BARE),
    **dict.fromkeys((12, 606), ESCAPES),
    **dict.fromkeys((517, 531), IMAGE),
    **dict.fromkeys((484,), NAMELESS),
    **dict.fromkeys((356,), PRODUCT),
    **dict.fromkeys((200, 485, 486, 487), NOWHERE),
}
"""By the number of the example. The sections “HTML blocks” and “Raw HTML” differ as a whole."""

HTML_SECTIONS = ("HTML blocks", "Raw HTML")

ANY_ADDRESS = build_parser(lambda address: not re.match("(?:javascript|vbscript|file|data):", address, re.IGNORECASE))
"""The examples link to `/url`; on the page only addresses with a host become links, as test_cases.py shows."""

GFM = {
    "table": (
        "| foo | bar |\n| --- | --- |\n| baz | bim |",
        "<table><tr><th>foo</th><th>bar</th></tr><tr><td>baz</td><td>bim</td></tr></table>",
    ),
    "cells need not match in length, nor pipes at the ends": (
        "| abc | defghi |\n:-: | -----------:\nbar | baz",
        "<table><tr><th>abc</th><th>defghi</th></tr><tr><td>bar</td><td>baz</td></tr></table>",
    ),
    "escaped pipes": (
        "| f\\|oo  |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |",
        "<table><tr><th>f|oo</th></tr><tr><td>b <code>|</code> az</td></tr><tr><td>b <strong>|</strong> im</td></tr>"
        "</table>",
    ),
    "another block ends a table": (
        "| abc | def |\n| --- | --- |\n| bar | baz |\n> bar",
        "<table><tr><th>abc</th><th>def</th></tr><tr><td>bar</td><td>baz</td></tr></table><blockquote><p>bar</p>"
        "</blockquote>",
    ),
    "an empty line ends a table": (
        "| abc | def |\n| --- | --- |\n| bar | baz |\nbar\n\nbar",
        "<table><tr><th>abc</th><th>def</th></tr><tr><td>bar</td><td>baz</td></tr><tr><td>bar</td><td></td></tr>"
        "</table><p>bar</p>",
    ),
    "as many cells in the delimiter row": ("| abc | def |\n| --- |\n| bar |", "<p>| abc | def | | --- | | bar |</p>"),
    "short rows (long ones keep their words here: see test_cases.py)": (
        "| abc | def |\n| --- | --- |\n| bar |",
        "<table><tr><th>abc</th><th>def</th></tr><tr><td>bar</td><td></td></tr></table>",
    ),
    "a table without a body": ("| abc | def |\n| --- | --- |", "<table><tr><th>abc</th><th>def</th></tr></table>"),
    "tasks": (
        "- [ ] foo\n- [x] bar",
        "<ul><li><input> foo</li><li><input checked> bar</li></ul>",
    ),
    "nested tasks": (
        "- [x] foo\n  - [ ] bar\n  - [x] baz\n- [ ] bim",
        "<ul><li><input checked> foo<ul><li><input> bar</li><li><input checked> baz</li></ul></li><li><input> bim</li>"
        "</ul>",
    ),
    "strikethrough": ("~~Hi~~ Hello, world!", "<p><del>Hi</del> Hello, world!</p>"),
    "strikethrough ends with its paragraph": (
        "This ~~has a\n\nnew paragraph~~.",
        "<p>This ~~has a</p><p>new paragraph~~.</p>",
    ),
}

KEPT = {"a": ("href", "title"), "ol": ("start",), "code": ("class",), "input": ("checked",)}
OURS = frozenset(("div", "button", "span", "thead", "tbody"))
"""What our HTML has around the same content, or the examples' has."""


class Outline(HTMLParser):
    """HTML without what is the same to a reader: white space, wrappers, soft or hard line breaks."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Any] = []
        self._in_code = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "img":  # a link here, called as its file if nothing else
            self._add("<", "a", (("href", values.get("src")), *self._values(values, ("title",))))
            self.handle_data(values.get("alt") or (values.get("src") or "").rsplit("/", 1)[-1])
            self._add(">", "a")
        elif tag == "br":
            self.handle_data("\n")
        elif tag not in OURS:
            self._in_code += tag == "pre"
            self._add("<", tag, self._values(values, KEPT.get(tag, ())))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in OURS:
            self._in_code -= tag == "pre"
            self._add(">", tag)

    def handle_data(self, data: str) -> None:
        if not self._in_code:
            data = re.sub(r"\s+", " ", data)
        if self.parts and isinstance(self.parts[-1], str):
            data = self.parts.pop() + data
        self.parts.append(data if self._in_code else re.sub(r"\s+", " ", data))

    def outline(self) -> list[Any]:
        """The parts, text without the white space around it."""
        texts = [part.strip() if isinstance(part, str) else part for part in self.parts]
        return [part for part in texts if part]

    def _add(self, *part: object) -> None:
        self.parts.append(part)

    def _values(self, values: dict[str, str | None], names: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
        return tuple((name, values[name]) for name in names if name in values)


def outline(html: str) -> list[Any]:
    return Outline(html).outline()


def rendered(markdown: str) -> str:
    return "".join(render_tokens(parse(markdown.replace("\0", "\ufffd"), parser=ANY_ADDRESS)))


def is_like_the_standard(example: dict[str, Any]) -> bool:
    return outline(rendered(example["markdown"])) == outline(example["html"])


def test_commonmarks_examples_are_rendered_as_the_standard_says() -> None:
    compared = [each for each in EXAMPLES if each["section"] not in HTML_SECTIONS]
    differing = {each["example"] for each in compared if not is_like_the_standard(each)}
    assert len(compared) > 580
    assert differing == DEVIATIONS.keys()


def test_the_examples_of_raw_html_show_it_as_text() -> None:
    for each in EXAMPLES:
        if each["section"] in HTML_SECTIONS:
            written = set(re.findall(r"<(\w+)", rendered(each["markdown"])))
            assert written <= TAGS


@pytest.mark.parametrize("name", GFM)
def test_gfms_extensions_are_rendered_as_github_does(name: str) -> None:
    markdown, expected = GFM[name]
    assert outline(rendered(markdown)) == outline(expected)
