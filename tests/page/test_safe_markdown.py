"""make_markdown_safe: escapes HTML and images outside code and leaves all other Markdown as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.page.safe_markdown import make_markdown_safe


@pytest.mark.parametrize(
    "markdown",
    [
        "Just *text* with `code`, 1 < 2 and a -> b",
        "one<br>two<br/>three <b>bold</b> x<sup>2</sup>",
        "`<div>` and ``a ` <div>``",
        "```html\n<div>\n```",
        "```html\n<div>",
        "~~~\n<div>\n```\n<p>\n~~~",
        "- item\n  ```\n  <div>\n  ```",
        "````\n```\n<div>\n```\n````",
        "$$a < b$$ [link](https://example.com)",
    ],
)
def test_safe_markdown_is_unchanged(markdown: str) -> None:
    assert make_markdown_safe(markdown) == markdown


@pytest.mark.parametrize(
    ("markdown", "escaped"),
    [
        ("<div>x</div>", "&lt;div>x&lt;/div>"),
        ("<br onclick=x>", "&lt;br onclick=x>"),
        ("<!-- x -->", "&lt;!-- x -->"),
        ("```\n<a>\n```\n<b x>", "```\n<a>\n```\n&lt;b x>"),
        ("```a``` <div>", "```a``` &lt;div>"),
        ("`a\n\n<div>`", "`a\n\n&lt;div>`"),
        ("# `a\n<div>`", "# `a\n&lt;div>`"),
        ("``a <div>` b", "``a &lt;div>` b"),
        ("![x](y)", "\\![x](y)"),
        ("`![x](y)` ![x][y]", "`![x](y)` \\![x][y]"),
        ("```mermaid\ngraph\n```", "```text\ngraph\n```"),
    ],
)
def test_unsafe_markdown_is_displayed_as_text(markdown: str, escaped: str) -> None:
    assert make_markdown_safe(markdown) == escaped


@given(st.lists(st.sampled_from(["```", "`", "~~~", "\n", "\n\n", "x", " ", "- ", "> ", "*"])).map("".join))
def test_markdown_without_html_is_unchanged(markdown: str) -> None:
    assert make_markdown_safe(markdown + " <br>") == markdown + " <br>"
