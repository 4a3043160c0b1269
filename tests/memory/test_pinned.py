"""Pinned messages: always sent, in their places, beside the newest ones."""

import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatbot.memory import estimate_tokens, select_messages
from chatbot.memory.context_window import first_sent_id
from chatbot.memory.message_sizes import MAX_FILE_BYTES
from chatbot.types import Attachment, Message, ModelProfile, StoredMessage
from tests.memory.test_context_window import ANY, histories, limits, sent, tokens, turns

READS_ALL = ModelProfile("any", reads_images=True, reads_documents=True)


def pin(messages: list[StoredMessage], *places: int) -> list[StoredMessage]:
    return [replace(each, pinned=place in places) for place, each in enumerate(messages)]


def test_a_pinned_message_before_the_window_is_sent_with_its_turn_in_its_place() -> None:
    messages = turns("Q1", "A1", "Q2", "A2", "Q3", "A3", "Q4")
    for place in (2, 3):
        window = select_messages(pin(messages, place), ANY, history_limit=1)
        assert [each.content for each in window.messages] == ["Q2", "A2", "Q4"]
        assert (window.sent.sent, window.sent.total, window.sent.pinned) == (3, 7, 2)
        assert first_sent_id(messages, window.sent) == messages[6].message_id


def test_an_answer_at_the_start_of_the_window_stays_if_its_question_is_pinned() -> None:
    messages = pin(turns("Q1", "A1", "Q2", "A2", "Q3"), 2)
    window = select_messages(messages, ANY, history_limit=2)
    assert [each.content for each in window.messages] == ["Q2", "A2", "Q3"]
    assert (window.sent.sent, window.sent.pinned) == (3, 1)
    assert first_sent_id(messages, window.sent) == messages[3].message_id


def test_a_pinned_question_goes_without_an_answer_that_is_too_long() -> None:
    messages = pin(turns("Q1", "A" * 3000, "Q2", "A2", "Q3"), 0)
    assert sent(messages, history_limit=2, context_tokens=300) == ["Q1\n\nQ3"]


def test_pinned_messages_get_half_of_the_context_the_newest_first() -> None:
    messages = pin(turns(*["x" * 300] * 13), 0, 2, 4)
    window = select_messages(messages, ANY, history_limit=1, context_tokens=900)
    assert (window.sent.pinned, window.sent.pinned_left_out) == (4, 1)
    assert tokens(window.messages) <= 900
    everything = select_messages(messages, ANY, history_limit=1)
    assert (everything.sent.pinned, everything.sent.pinned_left_out) == (6, 0)


def test_what_is_pinned_takes_the_place_of_older_messages_of_the_window() -> None:
    messages = turns(*["x" * 300] * 13)
    unpinned = select_messages(messages, ANY, context_tokens=900)
    window = select_messages(pin(messages, 0), ANY, context_tokens=900)
    assert (window.sent.pinned, window.sent.sent) == (2, unpinned.sent.sent)
    assert tokens(window.messages) <= 900


def test_a_pinned_file_leaves_room_for_those_of_the_question() -> None:
    def report(size: int) -> Attachment:
        return Attachment("1", "report.pdf", "application/pdf", size, pages=1, text_size=3000)

    first, answer, newest = turns("Q1", "A1", "Q2")
    large = replace(newest, attachments=(report(MAX_FILE_BYTES // 2),))
    for size, form in ((MAX_FILE_BYTES // 3, "whole"), (MAX_FILE_BYTES // 2 + 1, "name")):
        messages = [replace(first, pinned=True, attachments=(report(size),)), answer, large]
        window = select_messages(messages, READS_ALL, history_limit=1)
        assert [each.form for each in window.attachments] == [form, "whole"]


places = st.sets(st.integers(0, 30))


@given(histories, limits, places)
def test_whatever_is_pinned_the_roles_alternate_and_the_limit_holds(
    messages: list[StoredMessage], limits: dict[str, Any], places: set[int]
) -> None:
    window = select_messages(pin(messages, *places), ANY, **limits)
    roles = [each.role for each in window.messages]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    assert window.messages[-1].content.endswith(messages[-1].content)
    assert window.sent.sent - window.sent.pinned <= limits["history_limit"]
    if window.sent.sent > 1 and "context_tokens" in limits:
        available = limits["context_tokens"] - estimate_tokens(limits.get("system_prompt", ""))
        assert tokens(window.messages) <= available - min(limits.get("max_tokens", 0), limits["context_tokens"] // 2)


@given(histories, limits, places)
def test_without_a_limit_every_pinned_message_is_sent(
    messages: list[StoredMessage], limits: dict[str, Any], places: set[int]
) -> None:
    pinned = pin(messages, *places)
    numbered = [replace(each, content=f"<{place}>") for place, each in enumerate(pinned)]
    window = select_messages(numbered, ANY, history_limit=limits["history_limit"])
    everything = select_messages(numbered, ANY, history_limit=1000)
    sent, possible = ("".join(each.content for each in found.messages) for found in (window, everything))
    assert all(each.content in sent for each in numbered if each.pinned and each.content in possible)
    order = [int(number) for number in re.findall(r"\d+", sent)]
    assert order == sorted(order)


@given(histories, limits)
def test_without_pins_the_same_is_sent(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    window: tuple[Message, ...] = select_messages(messages, ANY, **limits).messages
    assert window == select_messages(messages, ANY, with_pinned=False, **limits).messages
    assert window == select_messages(pin(messages, len(messages) - 1), ANY, **limits).messages
