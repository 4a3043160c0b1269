"""Context window: attachments count, and the oldest are left out first."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.memory import estimate_tokens, message_tokens, select_messages
from chatbot.memory.message_sizes import MAX_FILE_BYTES
from chatbot.page.answer_details import details
from chatbot.types import Attachment, ModelProfile, StoredMessage

ids = count()

READS_ALL = ModelProfile("any", reads_images=True, reads_documents=True)
READS_NONE = ModelProfile("any", reads_images=False, reads_documents=False)
UNKNOWN = ModelProfile("any")


def photo(edge: int = 1120, size: int = 1000) -> Attachment:
    """A picture. The default has 1,700 tokens by Anthropic's guide."""
    return Attachment(f"{next(ids)}", "photo.png", "image/png", size, edge, edge)


def document(pages: int = 1) -> Attachment:
    return Attachment(f"{next(ids)}", "report.pdf", "application/pdf", 1000, pages=pages, text_size=3000 * pages)


def message(content: str, *attachments: Attachment, role: Any = "user") -> StoredMessage:
    return StoredMessage(f"{next(ids)}", role, content, "2026-11-22T10:00:00.000+00:00", attachments=attachments)


def forms(messages: list[StoredMessage], reads: ModelProfile = READS_ALL, **limits: Any) -> list[str]:
    return [each.form for each in select_messages(messages, reads, **limits).attachments]


def test_all_attachments_are_sent_if_they_fit() -> None:
    messages = [message("One", photo(), document()), message("Hm", role="assistant"), message("Two", photo())]
    assert forms(messages) == ["whole", "whole", "whole"]
    assert forms(messages, context_tokens=200_000) == ["whole", "whole", "whole"]


def test_the_oldest_attachments_are_left_out_but_not_their_messages() -> None:
    messages = [message(f"{number}", photo()) for number in range(4)]
    assert forms(messages, context_tokens=4000) == ["name", "name", "whole", "whole"]


def test_no_attachment_older_than_one_left_out_is_sent() -> None:
    messages = [message("Small", photo(100)), message("Large", document(3)), message("New")]
    assert forms(messages, context_tokens=3000) == ["name", "name"]


def test_the_newest_messages_attachments_are_sent_even_if_too_large() -> None:
    assert forms([message("One", photo()), message("Two", photo(2000))], context_tokens=1000) == ["whole"]


def test_no_request_is_larger_than_providers_accept() -> None:
    heavy = [message(f"{number}", photo(10, MAX_FILE_BYTES // 3)) for number in range(5)]
    assert forms(heavy) == ["name", "name", "whole", "whole", "whole"]


def test_a_model_that_reads_no_attachments_gets_text_and_names() -> None:
    assert forms([message("One", photo(), document())], READS_NONE) == ["name", "text"]


@pytest.mark.parametrize(
    ("messages", "reads", "limits", "expected"),
    [
        ([message("One", photo())], READS_ALL, {}, None),
        ([message("One", document())], READS_NONE, {}, {"shown": 1, "count": 1, "as_text": 1}),
        ([message("One", photo()), message("Two")], READS_NONE, {}, {"shown": 0, "count": 1, "unread": 1}),
        (
            [message("One", photo(), photo()), message("Two", photo())],
            READS_ALL,
            {"context_tokens": 3000},
            {"shown": 1, "count": 3, "left_out": 2},
        ),
        (
            [message("One", photo()), message("Two", photo())],
            READS_ALL,
            {"history_limit": 1},
            {"shown": 1, "count": 2, "left_out": 1},
        ),
    ],
)
def test_the_answer_details_count_what_the_model_saw(
    messages: list[StoredMessage], reads: ModelProfile, limits: dict[str, Any], expected: dict[str, int] | None
) -> None:
    window = select_messages(messages, reads, **limits)
    facts = details(StoredMessage("a", "assistant", "Yes", "2026", seen=window.sent), str).get("files")
    assert facts == (expected and {"left_out": 0, "unread": 0, "as_text": 0} | expected)


attachments = st.lists(st.builds(photo, st.integers(1, 2000)) | st.builds(document, st.integers(1, 5)), max_size=3)
histories = st.lists(
    st.builds(lambda text, files: message(text, *files), st.text(max_size=40), attachments), min_size=1
)


@given(histories, st.integers(1, 20_000), st.sampled_from([READS_ALL, READS_NONE, UNKNOWN]))
def test_the_context_is_not_exceeded_and_every_attachment_is_counted(
    messages: list[StoredMessage], context_tokens: int, reads: ModelProfile
) -> None:
    window = select_messages(messages, reads, context_tokens=context_tokens)
    seen = window.sent
    sent = [each for message in window.messages for each in message.attachments if each.form != "name"]
    assert seen.files == sum(len(message.attachments) for message in messages)
    assert seen.files == len(sent) + seen.files_left_out + seen.files_unread
    if window.sent.sent > 1:
        assert sum(message_tokens(each, reads) for each in window.messages) <= context_tokens - estimate_tokens("")
