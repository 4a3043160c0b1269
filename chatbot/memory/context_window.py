"""What of a conversation a model is sent. Pure: messages and limits in, a window out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chatbot.attachments import attachment_form, file_tokens
from chatbot.types import (
    UNKNOWN_SUPPORT,
    FileSupport,
    Message,
    ProviderName,
    SentAttachment,
    SentContext,
    StoredMessage,
)

BYTES_PER_TOKEN = 3
"""English text has about four bytes a token in current tokenizers, most other languages three or more;
three keeps the estimate on the safe side."""

LIKELY_BYTES_PER_TOKEN = 4
"""The same for an account of what was used, which has no safe side: for English four characters to a token, for Greek
or Russian two, for Chinese about one and a third, as tokenizers have it."""

TOKENS_PER_MESSAGE = 4
"""What a chat template adds around a message: role and separators."""

MOST_FILE_BYTES = 22_000_000
"""Of the files in one request: in base64 they are a third longer, and Anthropic takes 32 MB of all, OpenAI 50."""


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """The messages to send, oldest first, and how many that could have been sent were left out; and for somebody who
    wants to know, both as `seen`, with what became of the files."""

    messages: tuple[Message, ...]
    left_out: int
    seen: SentContext


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE


def likely_tokens(text: str) -> int:
    """How many tokens `text` most likely is, for telling somebody what was used."""
    return -(-len(text.encode("utf-8", "replace")) // LIKELY_BYTES_PER_TOKEN)


def message_tokens(message: Message, provider: ProviderName) -> int:
    """About how many tokens `message` is with its files, rather too many than too few."""
    return estimate_tokens(message.content) + sum(file_tokens(each, provider) for each in message.attachments)


def select_messages(
    messages: Sequence[StoredMessage],
    *,
    system_prompt: str = "",
    history_limit: int = 20,
    context_tokens: int | None = None,
    max_tokens: int = 0,
    provider: ProviderName = "compatible",
    reads: FileSupport = UNKNOWN_SUPPORT,
) -> ContextWindow:
    """The newest of `messages` that fit, starting with a user's.

    At most `history_limit` messages, and with the system prompt and `max_tokens` kept free for the answer
    at most `context_tokens` (None: unknown, so no limit). The newest message is always in: whether it fits
    alone is the provider's to say. Failed and empty answers and refused turns do not count as said.

    Files go out as a model that `reads` such files takes them, and count as `provider` counts. Where they do not fit,
    the oldest are left out first, before any message's text.
    """
    said = [_as_sent(message, reads) for message in _said(messages)]
    room = math.inf
    if context_tokens is not None:
        room = context_tokens - _answer_room(context_tokens, max_tokens) - estimate_tokens(system_prompt)
    newest = _fitting(said[-history_limit:], room, provider)
    while len(newest) > 1 and newest[0].role != "user":
        newest = newest[1:]
    return ContextWindow(tuple(newest), len(said) - len(newest), _seen(said, newest, reads))


def _answer_room(context_tokens: int, max_tokens: int) -> int:
    """Tokens kept free for the answer: what it may take, but no more than half of a small context."""
    return min(max_tokens, context_tokens // 2)


def _said(messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    said: list[StoredMessage] = []
    for message in messages:
        if message.role == "user":
            said.append(message)
        elif message.finish_reason in ("refusal", "content_filter"):
            if said and said[-1].role == "user":
                said.pop()
        elif message.status in ("complete", "interrupted") and message.content.strip():
            said.append(message)
    return said


def _as_sent(message: StoredMessage, reads: FileSupport) -> Message:
    attachments = (SentAttachment(each, attachment_form(each, reads)) for each in message.attachments)
    return Message(message.role, message.content, tuple(attachments))


def _fitting(messages: list[Message], room: float, provider: ProviderName) -> list[Message]:
    """The newest of the messages that fit, without the files that do not: the first that does not fit ends the room for
    files, the first text that does not fit the room for messages."""
    kept: list[Message] = []
    files_fit, size = True, 0
    for message in reversed(messages):
        size += sum(each.attachment.size for each in message.attachments if each.form == "whole")
        files_fit = files_fit and message_tokens(message, provider) <= room and size <= MOST_FILE_BYTES
        as_sent = message if files_fit or not kept else _without_files(message)
        room -= message_tokens(as_sent, provider)
        if room < 0 and kept:
            break
        kept.append(as_sent)
    return kept[::-1]


def _without_files(message: Message) -> Message:
    return replace(message, attachments=tuple(replace(each, form="name") for each in message.attachments))


def _seen(said: Sequence[Message], sent: Sequence[Message], reads: FileSupport) -> SentContext:
    everything, attachments = _files(said), _files(sent)
    unread = sum(attachment_form(each.attachment, reads) == "name" for each in attachments)
    there = sum(each.form != "name" for each in attachments)
    return SentContext(
        len(sent),
        len(said),
        files=len(everything),
        files_left_out=len(everything) - there - unread,
        files_unread=unread,
        files_as_text=sum(each.form == "text" and each.attachment.is_document for each in attachments),
    )


def _files(messages: Iterable[Message]) -> list[SentAttachment]:
    return [each for message in messages for each in message.attachments]
