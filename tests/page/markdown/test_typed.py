"""Visitors' messages: shown as they were typed; only closed fences are code, and only web addresses links."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.page.markdown import render_typed
from tests.browser.payloads import PAYLOADS
from tests.page.markdown.reading import live_parts, read

TYPED: dict[str, str] = json.loads(Path(__file__).with_name("typed.json").read_text("utf-8"))
KINDS = ["1.", "-", "* * *", "+", "~~~", "|", "<br/>", "[x](", "![a](https://example.org/a.png)", "&lt;", "\\", "$$"]


@pytest.mark.parametrize("text", [*TYPED.values(), *KINDS, *PAYLOADS])
def test_a_message_is_shown_as_typed(text: str) -> None:
    found = read(render_typed(text))
    assert live_parts(found) == []
    if not found.code:
        assert found.text == f"\n{text}\n".replace("\r", "\n") or found.text.strip("\n") == text.strip("\n")


@given(st.text(st.sampled_from("ab \n\t`~*_<>&[]()!#-1.:/\\$"), max_size=60))
def test_no_character_of_a_message_is_lost(text: str) -> None:
    found = read(render_typed(text))
    if not found.code and text.strip():
        assert found.text[1:-1] == text


def test_a_closed_fence_is_code_and_what_is_around_it_stays() -> None:
    found = read(render_typed("Why?\n```py\ndef f():\n\treturn 1\n```\n  # not a heading"))
    assert (found.code, found.languages) == (["def f():\n\treturn 1\n"], ["py"])
    assert "Why?" in found.text
    assert "  # not a heading" in found.text


@pytest.mark.parametrize("text", ["```", "```py\nx = 1", "```\n```", "see ```x``` here"])
def test_marks_of_a_fence_that_fences_nothing_are_shown(text: str) -> None:
    assert read(render_typed(text)).text.strip() == text


def test_an_address_is_a_link() -> None:
    found = read(render_typed("see https://example.org/a_b, <https://example.org/x?a=1&b=2> and\nwww.example.org。"))
    assert [address for address, _ in found.links] == [
        "https://example.org/a_b",
        "https://example.org/x?a=1&b=2",
        "https://www.example.org",
    ]
