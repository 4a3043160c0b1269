"""What of a conversation a model is sent. Pure: messages and limits in, a window out."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.messages import Message, StoredMessage

BYTES_PER_TOKEN = 3
"""English text has about four bytes a token in current tokenizers, most other languages three or more;
three keeps the estimate on the safe side."""

LIKELY_BYTES_PER_TOKEN = 4
"""The same for an account of what was used, which has no safe side: for English four characters to a token, for Greek
or Russian two, for Chinese about one and a third, as tokenizers have it."""

TOKENS_PER_MESSAGE = 4
"""What a chat template adds around a message: role and separators."""


@dataclass(frozen=True, slots=True)
class Window:
    """The messages to send, oldest first, and how many that could have been sent were left out."""

    messages: tuple[Message, ...]
    left_out: int


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE


def likely_tokens(text: str) -> int:
    """How many tokens `text` most likely is, for telling somebody what was used."""
    return -(-len(text.encode("utf-8", "replace")) // LIKELY_BYTES_PER_TOKEN)


def select(
    messages: Sequence[StoredMessage],
    *,
    system_prompt: str = "",
    history_limit: int = 20,
    context_tokens: int | None = None,
    max_tokens: int = 0,
) -> Window:
    """The newest of `messages` that fit, starting with a user's.

    At most `history_limit` messages, and with the system prompt and `max_tokens` kept free for the answer
    at most `context_tokens` (None: unknown, so no limit). The newest message is always in: whether it fits
    alone is the provider's to say. Failed and empty answers and refused turns do not count as said.
    """
    said = _said(messages)
    newest = said[-history_limit:]
    if context_tokens is not None:
        room = context_tokens - _answer_room(context_tokens, max_tokens) - estimate_tokens(system_prompt)
        newest = _fitting(newest, room)
    while len(newest) > 1 and newest[0].role != "user":
        newest = newest[1:]
    return Window(tuple(Message(m.role, m.content) for m in newest), len(said) - len(newest))


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


def _fitting(messages: list[StoredMessage], room: int) -> list[StoredMessage]:
    kept = 0
    for message in reversed(messages):
        room -= estimate_tokens(message.content)
        if room < 0 and kept:
            break
        kept += 1
    return messages[-kept:] if kept else []
