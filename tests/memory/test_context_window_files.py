"""Window: files count, and the oldest are left out first."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.memory import estimate_tokens, message_tokens, select_messages
from chatbot.memory.context_window import MAX_FILE_BYTES
from chatbot.page.answer_details import details
from chatbot.types import Attachment, ModelProfile, StoredMessage

ids = count()

SIGHTED = ModelProfile("any", reads_images=True, reads_documents=True)
BLIND = ModelProfile("any", reads_images=False, reads_documents=False)
UNKNOWN = ModelProfile("any")


def photo(edge: int = 1120, size: int = 1000) -> Attachment:
    """A picture of 1,700 tokens for Anthropic, by its guide."""
    return Attachment(f"{next(ids)}", "photo.png", "image/png", size, edge, edge)


def document(pages: int = 1) -> Attachment:
    return Attachment(f"{next(ids)}", "report.pdf", "application/pdf", 1000, pages=pages, text_size=3000 * pages)


def said(content: str, *attachments: Attachment, role: Any = "user") -> StoredMessage:
    return StoredMessage(f"{next(ids)}", role, content, "2026-11-22T10:00:00.000+00:00", attachments=attachments)


def forms(messages: list[StoredMessage], reads: ModelProfile = SIGHTED, **limits: Any) -> list[list[str]]:
    window = select_messages(messages, reads, **limits)
    return [[each.form for each in message.attachments] for message in window.messages]


def test_all_files_are_sent_where_there_is_room() -> None:
    talk = [said("One", photo(), document()), said("Hm", role="assistant"), said("Two", photo())]
    assert forms(talk) == [["whole", "whole"], [], ["whole"]]
    assert forms(talk, context_tokens=200_000) == [["whole", "whole"], [], ["whole"]]


def test_the_oldest_files_are_left_out_first_and_their_messages_stay() -> None:
    talk = [said(f"{number}", photo()) for number in range(4)]
    assert forms(talk, context_tokens=4000) == [["name"], ["name"], ["whole"], ["whole"]]


def test_no_older_file_slips_in_where_a_newer_did_not_fit() -> None:
    talk = [said("Small", photo(100)), said("Large", document(3)), said("New")]
    assert forms(talk, context_tokens=3000) == [["name"], ["name"], []]


def test_the_newest_messages_files_are_sent_even_where_they_do_not_fit() -> None:
    assert forms([said("One", photo()), said("Two", photo(2000))], context_tokens=1000) == [["whole"]]


def test_no_request_is_larger_than_providers_take() -> None:
    heavy = [said(f"{number}", photo(10, MAX_FILE_BYTES // 3)) for number in range(5)]
    assert forms(heavy) == [["name"], ["name"], ["whole"], ["whole"], ["whole"]]


def test_a_model_that_reads_no_files_gets_text_and_names() -> None:
    assert forms([said("One", photo(), document())], BLIND) == [["name", "text"]]


@pytest.mark.parametrize(
    ("talk", "reads", "limits", "told"),
    [
        ([said("One", photo())], SIGHTED, {}, None),
        ([said("One", document())], BLIND, {}, {"shown": 1, "count": 1, "as_text": 1}),
        ([said("One", photo()), said("Two")], BLIND, {}, {"shown": 0, "count": 1, "unread": 1}),
        (
            [said("One", photo(), photo()), said("Two", photo())],
            SIGHTED,
            {"context_tokens": 3000},
            {"shown": 1, "count": 3, "left_out": 2},
        ),
        (
            [said("One", photo()), said("Two", photo())],
            SIGHTED,
            {"history_limit": 1},
            {"shown": 1, "count": 2, "left_out": 1},
        ),
    ],
)
def test_the_answers_line_says_what_the_model_saw(
    talk: list[StoredMessage], reads: ModelProfile, limits: dict[str, Any], told: dict[str, int] | None
) -> None:
    window = select_messages(talk, reads, **limits)
    facts = details(StoredMessage("a", "assistant", "Yes", "2026", seen=window.sent), str).get("files")
    assert facts == (told and {"left_out": 0, "unread": 0, "as_text": 0} | told)


attachments = st.lists(st.builds(photo, st.integers(1, 2000)) | st.builds(document, st.integers(1, 5)), max_size=3)
histories = st.lists(st.builds(lambda text, files: said(text, *files), st.text(max_size=40), attachments), min_size=1)


@given(histories, st.integers(1, 20_000), st.sampled_from([SIGHTED, BLIND, UNKNOWN]))
def test_no_room_is_exceeded_and_nothing_is_dropped_silently(
    talk: list[StoredMessage], room: int, reads: ModelProfile
) -> None:
    window = select_messages(talk, reads, context_tokens=room)
    seen = window.sent
    there = [each for message in window.messages for each in message.attachments if each.form != "name"]
    assert seen.files == sum(len(message.attachments) for message in talk)
    assert seen.files == len(there) + seen.files_left_out + seen.files_unread
    if len(window.messages) > 1:
        assert sum(message_tokens(each, reads) for each in window.messages) <= room - estimate_tokens("")
