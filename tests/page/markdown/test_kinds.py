"""Variants of each kind of fault that was once reported, and what they show instead.

kinds.json has for each kind the variants in Markdown, each with its HTML in short: without classes, directions and what
is the same in every link and code block.
"""

import json
import re
from pathlib import Path

import pytest

from chatbot.page.markdown import render_answer
from tests.page.markdown.reading import live_parts, read
from tests.page.markdown.test_streaming import check_growth

KINDS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("kinds.json").read_text("utf-8"))
VARIANTS = [(markdown, html) for variants in KINDS.values() for markdown, html in variants.items()]

SAME = re.compile(
    r' (?:class|dir|target|rel|data-\w+|type)="[^"]*"| disabled|<button></button>|<div>(?=<(?:pre|table|button))'
    r"|(?<=</pre>)</div>|(?<=</table>)</div>"
)
TOKEN = re.compile(r"<span class=\"token [^>]*>([^<]*)</span>")


def in_short(blocks: tuple[str, ...]) -> str:
    """The HTML of the blocks without what every block of its kind has."""
    return SAME.sub("", SAME.sub("", TOKEN.sub(r"\1", "".join(blocks))))


@pytest.mark.parametrize(("markdown", "html"), VARIANTS)
def test_a_variant_of_a_reported_fault_is_shown_as_meant(markdown: str, html: str) -> None:
    blocks = render_answer(markdown)
    assert in_short(blocks) == html
    assert live_parts(read(blocks)) == []


@pytest.mark.first_case
@pytest.mark.parametrize(("markdown", "html"), VARIANTS)
def test_a_variant_ends_as_that_however_it_comes(markdown: str, html: str) -> None:
    check_growth(markdown, 1)
    check_growth(f"{markdown}\n\nMore words.\n", 3)
