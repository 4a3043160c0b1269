"""Estimates how much of a model's context, and of a request, texts and messages take."""

from collections.abc import Collection
from dataclasses import replace
from typing import get_args

from chatbot.attachments import attachment_tokens
from chatbot.types import AttachmentForm, Message, ModelProfile

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


def estimate_tokens(text: str) -> int:
    """Estimates the tokens of a message's text, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE


def likely_tokens(text: str) -> int:
    """Estimates the tokens of a text as closely as possible."""
    return -(-len(text.encode("utf-8", "replace")) // LIKELY_BYTES_PER_TOKEN)


def message_tokens(message: Message, profile: ModelProfile) -> int:
    """Estimates the tokens of a message with its attachments, rather too many than too few."""
    return estimate_tokens(message.content) + sum(attachment_tokens(each, profile) for each in message.attachments)


def file_bytes(message: Message) -> int:
    """The bytes of the message's files that are sent as they are."""
    return sum(each.attachment.size for each in message.attachments if each.form == "whole")


def without_files(message: Message, forms: Collection[AttachmentForm] = ALL_FORMS) -> Message:
    """The message with only the names of the files that are sent in one of the `forms`."""
    named = (replace(each, form="name") if each.form in forms else each for each in message.attachments)
    return replace(message, attachments=tuple(named))
