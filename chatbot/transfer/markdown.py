"""A conversation as Markdown, to read."""

import re
from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt

from chatbot.types import Attachment, Conversation, StoredMessage, Summary

SPECIAL = re.compile(r"[\\`*\[\]<>&|~$]|(?<!\w)_|_(?!\w)|#$")
"""What Markdown reads as markup inside a line: `_` only at the edge of a word, `#` only at the end of a heading."""

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
HTML_ENDS = ("-->", "?>", "]]>", ">", "</script>", "</style>", "</pre>", "</textarea>")
"""What ends the kinds of HTML that run on over empty lines."""
PROBE = "the-next-message"
PARSER = MarkdownIt("commonmark").enable("table")


def export_markdown(
    conversation: Conversation,
    messages: Sequence[StoredMessage],
    link: Callable[[Attachment], str] | None = None,
    summaries: Sequence[Summary] = (),
) -> str:
    """The conversation for reading: who said what in `messages`, without settings and times. `link` returns the path of
    an attachment's file. Each of the `summaries` stands as a quotation behind the last message that it covers."""
    parts = [f"# {escape(' '.join(conversation.title.split())) or 'Conversation'}"]
    for message in messages:
        speaker = "You" if message.role == "user" else message.model or "Assistant"
        attachments = [_attachment_line(each, link(each) if link else "") for each in message.attachments]
        content = [close_blocks(message.content)] if message.content else [] if attachments else ["(no answer)"]
        parts.append("\n\n".join([f"**{escape(speaker)}**", *attachments, *content]))
        parts += [_quoted_summary(each) for each in summaries if each.until == message.message_id]
    return "\n\n".join(parts) + "\n"


def _quoted_summary(summary: Summary) -> str:
    count = "1 earlier message" if summary.covers == 1 else f"{summary.covers} earlier messages"
    facts = ", ".join(filter(None, (escape(summary.model or ""), summary.created_at[:10])))
    lines = [f"**Summary of {count}** ({facts})", "", *summary.text.splitlines()]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def escape(text: str) -> str:
    """One line of plain text, so that Markdown shows it as it is."""
    return SPECIAL.sub(lambda match: f"\\{match[0]}", text)


def close_blocks(text: str) -> str:
    """The text, with an end for a code block or a piece of HTML that would go on in what follows it."""
    if not _runs_on(text):
        return text
    ends = [*dict.fromkeys(reversed(FENCE.findall(text))), *HTML_ENDS]
    separator = "" if text.endswith("\n") else "\n"
    closed = (f"{text}{separator}{end}" for end in ends)
    return next((each for each in closed if not _runs_on(each)), text)


def _runs_on(text: str) -> bool:
    """Whether a paragraph after the text would not be one."""
    html = PARSER.render(f"{text}\n\n{PROBE}\n")
    return not html.rstrip().endswith(f"<p>{PROBE}</p>")


def _attachment_line(attachment: Attachment, link: str) -> str:
    name = escape(attachment.name)
    if not link:
        return f"*Attached: {name}*"
    return f"{'!' if attachment.is_image else ''}[{name}]({link})"
