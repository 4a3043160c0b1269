"""A conversation as Markdown: what one message leaves open must not swallow the next ones."""

import pytest
from markdown_it import MarkdownIt

from chatbot.storage import ConversationMemory
from chatbot.transfer import export_markdown
from chatbot.transfer.markdown import close_blocks, escape
from chatbot.types import Summary
from tests.support.stored_files import add_conversation


def render(text: str) -> str:
    """The HTML that a reader of Markdown makes of the text."""
    return str(MarkdownIt("commonmark").render(text))


def rendered(memory: ConversationMemory, conversation_id: str) -> str:
    conversation = memory.get_conversation(conversation_id)
    return render(export_markdown(conversation, memory.get_messages(conversation_id)))


OPEN = [
    "Here it is:\n```python\nprint(1)",
    "Here it is:\n\n~~~~\n~~~\nnot the end\n",
    "````md\n```\ninner\n```",
    "```\r\nfrom Windows\r\n",
    "   ```\nindented",
    "- a list, and then\n```\ncode",
    "`````\n````\n```\n",
    "an HTML comment <b>\n\n<!-- that never ends",
    "<script>\nlet a;",
    "<pre>\nlines",
    "<?php\necho 1;",
]
CLOSED = [
    "plain",
    "```\ncode\n```",
    "- item\n  ```\n  code of the item",
    "> ```\n> code of the quote",
    "1. ```\n   a",
    "    indented code",
    "`` ` ``",
    "| a |\n|---|",
    "<div>\ntext",
    "a ``` in a line",
]


@pytest.mark.parametrize("text", [*OPEN, *CLOSED])
def test_the_next_message_is_text_again_whatever_the_last_one_left_open(text: str, memory: ConversationMemory) -> None:
    shown = rendered(memory, add_conversation(memory, "Question", text, "The **next** question", "Answer"))
    assert "<p>The <strong>next</strong> question</p>" in shown
    assert shown.count("<p><strong>You</strong></p>") == 4


@pytest.mark.parametrize("text", CLOSED)
def test_a_message_that_leaves_nothing_open_stays_as_it_is(text: str) -> None:
    assert close_blocks(text) == text


@pytest.mark.parametrize("text", OPEN)
def test_closing_only_adds_to_the_end(text: str) -> None:
    assert close_blocks(text).startswith(text)
    assert close_blocks(close_blocks(text)) == close_blocks(text)


@pytest.mark.parametrize(
    "name",
    [
        "a*b*.txt",
        "_draft_.md",
        "snake_case_name.py",
        "[x](https://evil.example).png",
        "![x](y).png",
        "<b>bold</b>.txt",
        "AT&amp;T.txt",
        "~~old~~.txt",
        "back\\slash\\.txt",
        "`code`.txt",
        "$a$ | b.csv",
        "C #",
        "می‌خواهم.txt",
    ],
)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    shown = render(f"# {escape(name)}\n\n*Attached: {escape(name)}*")
    as_html = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown == f"<h1>{as_html}</h1>\n<p><em>Attached: {as_html}</em></p>\n"


@pytest.mark.parametrize("text", [*OPEN, *CLOSED])
def test_a_summary_is_quoted_behind_what_it_covers_over_the_untouched_messages(
    text: str, memory: ConversationMemory
) -> None:
    conversation_id = add_conversation(memory, "Question", "Answer", "The **next** question", "Its answer")
    conversation, messages = memory.get_conversation(conversation_id), memory.get_messages(conversation_id)
    made = Summary("1", f"In short.\n\n{text}", 2, messages[1].message_id, "2026-11-22T10:00:00.000+00:00", model="m_1")
    exported = export_markdown(conversation, messages, summaries=[made])
    before, quoted, after = exported.partition(
        "\n\n> **Summary of 2 earlier messages** (m_1, 2026-11-22)\n>\n> In short.\n"
    )
    assert quoted
    assert before.endswith("\n\nAnswer")
    assert "\n\n**You**\n\nThe **next** question\n\n" in after
    shown = render(exported)
    assert shown.count("<blockquote>\n<p><strong>Summary") == 1
    assert "</blockquote>\n<p><strong>You</strong></p>\n<p>The <strong>next</strong> question</p>" in shown
    assert export_markdown(conversation, messages) == before + after[after.index("\n\n**You**") :]
