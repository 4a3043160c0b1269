"""Pinned messages: which of them a model is sent, whatever else does not fit. Pure."""

from collections.abc import Iterator, Sequence

from chatbot.memory.message_sizes import MAX_FILE_BYTES, file_bytes, message_tokens, without_files
from chatbot.types import Message, ModelProfile, StoredMessage

PINNED_SHARE = 0.5
"""The largest part of what a context has for messages that pinned ones take."""


def select_pinned(
    messages: Sequence[StoredMessage], said: Sequence[Message], available: float, profile: ModelProfile
) -> dict[int, Message]:
    """The pinned messages to send, by their place, with those that go with them. They take at most PINNED_SHARE of
    the `available` tokens, and leave room for the last message; newer ones come first.

    `messages` are those that could be sent, and `said` is what a model would be sent of each. A pinned message goes
    with its turn. If that is too much, its files are left out; then of a pinned question the answer.
    """
    selected: dict[int, Message] = {}
    if not any(each.pinned for each in messages[:-1]):
        return selected
    tokens = min(available * PINNED_SHARE, available - message_tokens(said[-1], profile))
    size = MAX_FILE_BYTES - file_bytes(said[-1])
    for turn in reversed(_pinned_turns(messages[:-1])):
        for form in _forms(turn, messages, said):
            form_tokens = sum(message_tokens(each, profile) for each in form.values())
            form_size = sum(map(file_bytes, form.values()))
            if form_tokens <= tokens and form_size <= size:
                tokens, size = tokens - form_tokens, size - form_size
                selected |= form
                break
    return selected


def ids_with_turns(messages: Sequence[StoredMessage]) -> set[str]:
    """The ids of the pinned messages, and of those that go with them."""
    return {messages[place].message_id for turn in _pinned_turns(messages) for place in turn}


def _pinned_turns(messages: Sequence[StoredMessage]) -> list[list[int]]:
    """The places of the messages of each turn, questions and what answers them, that has a pinned one. An answer
    without a question is in no turn: no request starts with it."""
    turns: list[list[int]] = []
    for place, message in enumerate(messages):
        if message.role == "user" and (place == 0 or messages[place - 1].role != "user"):
            turns.append([])
        if turns:
            turns[-1].append(place)
    return [turn for turn in turns if any(messages[place].pinned for place in turn)]


def _forms(
    turn: Sequence[int], messages: Sequence[StoredMessage], said: Sequence[Message]
) -> Iterator[dict[int, Message]]:
    """What may be sent of a turn, the most first."""
    yield {place: said[place] for place in turn}
    yield {place: without_files(said[place]) for place in turn}
    questions = [place for place in turn if messages[place].role == "user" and messages[place].pinned]
    if questions:
        yield {place: without_files(said[place]) for place in questions}
