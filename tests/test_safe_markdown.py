"""What of a message's Markdown is obeyed: its code and its marks, no HTML, no image."""

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
def test_what_models_write_stays_as_it_is(markdown: str) -> None:
    assert make_markdown_safe(markdown) == markdown


@pytest.mark.parametrize(
    ("markdown", "shown"),
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
def test_the_rest_is_shown_and_not_obeyed(markdown: str, shown: str) -> None:
    assert make_markdown_safe(markdown) == shown


@given(st.lists(st.sampled_from(["```", "`", "~~~", "\n", "\n\n", "x", " ", "- ", "> ", "*"])).map("".join))
def test_code_without_html_is_never_changed(markdown: str) -> None:
    assert make_markdown_safe(markdown + " <br>") == markdown + " <br>"
