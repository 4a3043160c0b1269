"""Selects the messages that fit a model's context window. Pure: messages and limits in, a window out."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from chatbot.attachments import attachment_form, attachment_tokens
from chatbot.errors import ContentFiltered, FilesNotRead, RequestRefused
from chatbot.types import AttachmentForm, Message, ModelProfile, SentAttachment, SentContext, StoredMessage

BYTES_PER_TOKEN = 3
"""Current tokenizers have about four bytes of English a token, and three or more of most other languages: three keeps
an estimate on the safe side."""

LIKELY_BYTES_PER_TOKEN = 4
"""For the account of an answer, which has no safe side: four characters of English a token, two of Greek or Russian,
one and a third of Chinese."""

TOKENS_PER_MESSAGE = 4
"""What a chat template adds to a message: its role and separators."""

MAX_FILE_BYTES = 22_000_000
"""Of the files in one request: base64 makes them a third longer, and Anthropic takes 32 MB in all, OpenAI 50."""


WHOLE: tuple[AttachmentForm, ...] = ("whole",)
ALL_FORMS: tuple[AttachmentForm, ...] = get_args(AttachmentForm)

WITHHELD = ("refusal", "content_filter")
"""Finish reasons of turns that a model or a provider's filter refused."""


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """The messages to send, oldest first, by user and assistant in turn; and how much of the conversation that is, for
    the answer's account."""

    messages: tuple[Message, ...]
    sent: SentContext

    @property
    def attachments(self) -> list[SentAttachment]:
        return _attachments(self.messages)

    @property
    def whole_files(self) -> list[SentAttachment]:
        """The attachments that are sent as they are: images and documents."""
        return [each for each in self.attachments if each.form == "whole"]

    def without_whole_files(self) -> "ContextWindow":
        """The window with only the names of these files."""
        sent = replace(self.sent, files_unread=self.sent.files_unread + len(self.whole_files))
        return ContextWindow(tuple(_without_files(each, WHOLE) for each in self.messages), sent)


def estimate_tokens(text: str) -> int:
    """Estimates the tokens of a message's text, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE


def likely_tokens(text: str) -> int:
    """Estimates the tokens of a text as closely as possible."""
    return -(-len(text.encode("utf-8", "replace")) // LIKELY_BYTES_PER_TOKEN)


def message_tokens(message: Message, profile: ModelProfile) -> int:
    """Estimates the tokens of a message with its attachments, rather too many than too few."""
    return estimate_tokens(message.content) + sum(attachment_tokens(each, profile) for each in message.attachments)


def select_messages(
    messages: Sequence[StoredMessage],
    profile: ModelProfile,
    *,
    system_prompt: str = "",
    history_limit: int = 20,
    context_tokens: int | None = None,
    max_tokens: int = 0,
) -> ContextWindow:
    """The newest of `messages` that fit, starting with a user's and alternating: a question that got no answer is
    merged into the next.

    At most `history_limit` messages and, with the system prompt and `max_tokens` reserved for the answer, at most
    `context_tokens` (None: unknown, so no limit). The newest message is always in: whether it fits alone is for the
    provider to say. Failed and empty answers, and turns that a model or a filter refused, are left out.

    Attachments go out in the form that the model of `profile` takes; those that it refused once, by their names only.
    If they do not fit, the oldest are left out first, before the text of any message.
    """
    refused = _questions_with_refused_files(messages, profile.id)
    said = [_as_sent(message, profile, refused) for message in _sendable(messages)]
    available = math.inf
    if context_tokens is not None:
        reserved = min(max_tokens, context_tokens // 2)  # an answer gets no more than half of a small context
        available = context_tokens - reserved - estimate_tokens(system_prompt)
    newest = _fit(said[-history_limit:], available, profile)
    while len(newest) > 1 and newest[0].role != "user":
        newest = newest[1:]
    return ContextWindow(tuple(_merged(newest)), _sent_context(said, newest, profile))


def first_sent_id(messages: Sequence[StoredMessage], sent: SentContext) -> str | None:
    """The id of the first of the `messages` before an answer that went out for it, by the answer's account; None if all
    did."""
    sendable = _sendable(messages)
    is_part = sent.sent < sent.total and 0 < sent.sent <= len(sendable)
    return sendable[-sent.sent].message_id if is_part else None


def _sendable(messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    sendable: list[StoredMessage] = []
    for message in messages:
        if message.role == "user":
            sendable.append(message)
        elif is_withheld(message):
            # With the questions before it that got no answer: they were in the same message, and may be the cause.
            while sendable and sendable[-1].role == "user":
                sendable.pop()
        elif message.status in ("complete", "interrupted") and message.content.strip():
            sendable.append(message)
    return sendable


def is_withheld(answer: StoredMessage) -> bool:
    """Whether the model, or the provider's filter, refused to answer."""
    is_filtered = answer.fault is not None and answer.fault.code == ContentFiltered.code
    return is_filtered or answer.finish_reason in WITHHELD


def _questions_with_refused_files(messages: Sequence[StoredMessage], model: str) -> set[str]:
    """The ids of the questions whose files the model refused: sending them again would fail again."""
    codes = (FilesNotRead.code, RequestRefused.code)
    refused = (each for each in messages if each.fault and each.fault.code in codes and each.model == model)
    return {each.parent_id for each in refused}


def _as_sent(message: StoredMessage, profile: ModelProfile, refused: Collection[str]) -> Message:
    attachments = (SentAttachment(each, attachment_form(each, profile)) for each in message.attachments)
    sent = Message(message.role, message.content, tuple(attachments))
    return _without_files(sent) if message.message_id in refused else sent


def _merged(messages: Iterable[Message]) -> list[Message]:
    """The messages with neighbours of one role in one: many templates want user and assistant to alternate."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = _joined(merged[-1], message)
        else:
            merged.append(message)
    return merged


def _joined(first: Message, second: Message) -> Message:
    content = "\n\n".join(filter(None, (first.content, second.content)))
    return Message(first.role, content, first.attachments + second.attachments)


def _fit(messages: list[Message], available: float, profile: ModelProfile) -> list[Message]:
    """The newest messages that fit. From the first message whose files do not fit, older files are left out; from the
    first whose text does not fit, older messages are."""
    fitting: list[Message] = []
    files_fit, file_bytes = True, 0
    for message in reversed(messages):
        file_bytes += sum(each.attachment.size for each in message.attachments if each.form == "whole")
        files_fit = files_fit and message_tokens(message, profile) <= available and file_bytes <= MAX_FILE_BYTES
        as_sent = message if files_fit or not fitting else _without_files(message)
        available -= message_tokens(as_sent, profile)
        if available < 0 and fitting:
            break
        fitting.append(as_sent)
    return fitting[::-1]


def _without_files(message: Message, forms: Collection[AttachmentForm] = ALL_FORMS) -> Message:
    """The message with only the names of the files that are sent in one of the `forms`."""
    named = (replace(each, form="name") if each.form in forms else each for each in message.attachments)
    return replace(message, attachments=tuple(named))


def _sent_context(said: Sequence[Message], sent: Sequence[Message], profile: ModelProfile) -> SentContext:
    attachments = _attachments(sent)
    all_files = len(_attachments(said))
    unread = sum(attachment_form(each.attachment, profile) == "name" for each in attachments)
    shown = sum(each.form != "name" for each in attachments)
    return SentContext(
        len(sent),
        len(said),
        files=all_files,
        files_left_out=all_files - shown - unread,
        files_unread=unread,
        files_as_text=sum(each.form == "text" and each.attachment.is_document for each in attachments),
    )


def _attachments(messages: Iterable[Message]) -> list[SentAttachment]:
    return [each for message in messages for each in message.attachments]
