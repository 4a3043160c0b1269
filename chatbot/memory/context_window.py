"""Selects the messages that fit a model's context window. Pure: messages and limits in, a window out."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chatbot.attachments import attachment_form
from chatbot.errors import ContentFiltered, FilesNotRead, RequestRefused
from chatbot.memory.message_sizes import (
    MAX_FILE_BYTES,
    WHOLE,
    estimate_tokens,
    file_bytes,
    message_tokens,
    without_files,
)
from chatbot.memory.pinned import select_pinned
from chatbot.types import Message, ModelProfile, SentAttachment, SentContext, StoredMessage

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
        return ContextWindow(tuple(without_files(each, WHOLE) for each in self.messages), sent)


def select_messages(
    messages: Sequence[StoredMessage],
    profile: ModelProfile,
    *,
    system_prompt: str = "",
    history_limit: int = 20,
    context_tokens: int | None = None,
    max_tokens: int = 0,
    with_pinned: bool = True,
) -> ContextWindow:
    """The newest of `messages` that fit, starting with a user's and alternating: a question that got no answer is
    merged into the next. Unless `with_pinned` is false, pinned messages before them are sent too, in their places, as
    `select_pinned` says.

    At most `history_limit` messages and, with the system prompt and `max_tokens` reserved for the answer, at most
    `context_tokens` (None: unknown, so no limit). The newest message is always in: whether it fits alone is for the
    provider to say. Failed and empty answers, and turns that a model or a filter refused, are left out.

    Attachments go out in the form that the model of `profile` takes; those that it refused once, by their names only.
    If they do not fit, the oldest are left out first, before the text of any message.
    """
    refused = _questions_with_refused_files(messages, profile.id)
    sendable = _sendable(messages)
    said = [_as_sent(message, profile, refused) for message in sendable]
    available = math.inf
    if context_tokens is not None:
        reserved = min(max_tokens, context_tokens // 2)  # an answer gets no more than half of a small context
        available = context_tokens - reserved - estimate_tokens(system_prompt)
    pinned = select_pinned(sendable, said, available, profile) if with_pinned else {}
    newest = _fit(said, max(0, len(said) - history_limit), available, profile, pinned)
    while len(newest) > 1 and said[min(newest)].role != "user" and min(newest) - 1 not in pinned:
        del newest[min(newest)]
    sent = dict(sorted((pinned | newest).items()))
    left_out = sum(each.pinned and place not in sent for place, each in enumerate(sendable))
    account = _sent_context(said, list(sent.values()), profile)
    account = replace(account, pinned=len(sent) - len(newest), pinned_left_out=left_out)
    return ContextWindow(tuple(_merged(sent.values())), account)


def first_sent_id(messages: Sequence[StoredMessage], sent: SentContext) -> str | None:
    """The id of the first of the `messages` before an answer from which on all went out for it, by the answer's
    account; None if there was none that did not."""
    sendable = _sendable(messages)
    in_window = sent.sent - sent.pinned
    is_part = sent.sent < sent.total and 0 < in_window <= len(sendable)
    return sendable[-in_window].message_id if is_part else None


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
    return without_files(sent) if message.message_id in refused else sent


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


def _fit(
    said: Sequence[Message], first: int, available: float, profile: ModelProfile, pinned: Mapping[int, Message]
) -> dict[int, Message]:
    """The newest messages that fit beside the `pinned` ones, by place, none before the place `first`. From the first
    message whose files do not fit, older files are left out; from the first whose text does not fit, older messages
    are."""
    fitting: dict[int, Message] = {}
    available -= sum(message_tokens(each, profile) for each in pinned.values())
    files_fit, size = True, sum(map(file_bytes, pinned.values()))
    for place in reversed(range(first, len(said))):
        message, reserved = said[place], pinned.get(place)
        if reserved:
            available, size = available + message_tokens(reserved, profile), size - file_bytes(reserved)
        size += file_bytes(message)
        files_fit = files_fit and message_tokens(message, profile) <= available and size <= MAX_FILE_BYTES
        as_sent = message if files_fit or not fitting else reserved or without_files(message)
        available -= message_tokens(as_sent, profile)
        if available < 0 and fitting:
            break
        fitting[place] = as_sent
    return fitting


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
