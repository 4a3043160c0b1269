"""Context window: which messages of a conversation a model is sent."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.memory import estimate_tokens, likely_tokens, select_messages
from chatbot.types import FinishReason, Message, ModelProfile, Role, Status, StoredMessage

ids = count()
ANY = ModelProfile("any")


def message(role: Role, content: str, status: Status = "complete", finish: FinishReason | None = None) -> StoredMessage:
    return StoredMessage(str(next(ids)), role, content, "2026-11-22T10:00:00.000+00:00", status, finish_reason=finish)


def turns(*texts: str) -> list[StoredMessage]:
    """Messages with these texts, by the visitor and the model in turn."""
    return [message("assistant" if index % 2 else "user", text) for index, text in enumerate(texts)]


def sent(messages: list[StoredMessage], **limits: Any) -> list[str]:
    return [message.content for message in select_messages(messages, ANY, **limits).messages]


def tokens(messages: tuple[Message, ...]) -> int:
    return sum(estimate_tokens(message.content) for message in messages)


def test_all_messages_are_sent_unchanged_if_they_fit() -> None:
    window = select_messages(turns("Hello", "Hi!", "Who are you?"), ANY)
    assert window.messages == (Message("user", "Hello"), Message("assistant", "Hi!"), Message("user", "Who are you?"))
    assert (window.sent.total - window.sent.sent) == 0


def test_an_empty_conversation_sends_nothing() -> None:
    assert select_messages([], ANY).messages == ()


def test_the_history_limit_selects_the_newest_messages() -> None:
    window = select_messages(turns("1", "2", "3", "4", "5", "6", "7"), ANY, history_limit=3)
    assert [message.content for message in window.messages] == ["5", "6", "7"]
    assert (window.sent.total - window.sent.sent) == 4


def test_an_answer_is_left_out_with_its_question() -> None:
    window = select_messages(turns("1", "2", "3", "4", "5"), ANY, history_limit=4)
    assert [message.content for message in window.messages] == ["3", "4", "5"]
    assert (window.sent.total - window.sent.sent) == 2


def test_the_default_history_limit_is_twenty_messages() -> None:
    assert len(select_messages(turns(*["again"] * 51), ANY).messages) == 19  # the twentieth is an answer


@pytest.mark.parametrize(
    "answer",
    [
        message("assistant", "", "failed"),
        message("assistant", "half an ans", "failed"),
        message("assistant", "just begun", "running"),
        message("assistant", "", "complete"),
        message("assistant", " \n", "interrupted"),
    ],
)
def test_failed_running_and_empty_answers_are_not_sent_or_counted(answer: StoredMessage) -> None:
    window = select_messages([message("user", "A"), answer, message("user", "B")], ANY)
    assert window.messages == (Message("user", "A\n\nB"),)
    assert (window.sent.sent, window.sent.total) == (2, 2)


def test_failed_answers_do_not_count_towards_the_history_limit() -> None:
    failed = [message("assistant", "", "failed") for _ in range(5)]
    assert sent([*turns("A", "a"), *failed, message("user", "B")], history_limit=3) == ["A", "a", "B"]


@pytest.mark.parametrize("reason", ["refusal", "content_filter"])
def test_a_refused_answer_is_left_out_with_its_question(reason: FinishReason) -> None:
    refused = [message("user", "forbidden"), message("assistant", "I cannot", finish=reason)]
    assert sent([*turns("A", "a"), *refused, message("user", "B")]) == ["A", "a", "B"]


def test_a_refused_answer_without_a_question_removes_no_other_turn() -> None:
    refused = message("assistant", "No", finish="refusal")
    assert sent([*turns("A", "a"), refused, message("user", "B")]) == ["A", "a", "B"]


def test_the_text_of_an_interrupted_answer_is_sent() -> None:
    stopped = message("assistant", "Once upon", "interrupted", "stopped")
    assert sent([message("user", "Tell a story"), stopped, message("user", "Go on")]) == [
        "Tell a story",
        "Once upon",
        "Go on",
    ]


def test_the_oldest_messages_are_left_out_of_a_full_context() -> None:
    window = select_messages(turns(*["x" * 300] * 9), ANY, context_tokens=500)
    assert len(window.messages) == 3
    assert (window.sent.total - window.sent.sent) == 6


def test_the_system_prompt_and_the_answer_use_context_too() -> None:
    messages = turns(*["x" * 300] * 9)
    assert len(sent(messages, context_tokens=1000)) == 9
    assert len(sent(messages, context_tokens=1000, max_tokens=400)) == 5
    assert len(sent(messages, context_tokens=1000, system_prompt="s" * 1500)) == 3


def test_the_answer_reserves_at_most_half_of_the_context() -> None:
    messages = turns(*["x" * 300] * 9)
    assert sent(messages, context_tokens=1000, max_tokens=500) == sent(messages, context_tokens=1000, max_tokens=10**6)


def test_the_newest_message_is_sent_even_if_too_large() -> None:
    assert sent(turns("A", "a", "x" * 9000), context_tokens=100) == ["x" * 9000]
    assert sent(turns("A"), context_tokens=1, system_prompt="long" * 100) == ["A"]


@pytest.mark.parametrize("text", ["", "plain words", "漢字", "😀", "half an emoji \ud83d"])
def test_the_estimate_is_at_least_a_third_of_the_bytes(text: str) -> None:
    assert estimate_tokens(text) * 3 >= len(text.encode("utf-8", "replace"))


def test_likely_tokens_depend_on_the_script() -> None:
    assert likely_tokens("") == 0
    assert likely_tokens("plain words.") == 3
    assert likely_tokens("Привет, мир!") == 6
    assert likely_tokens("你好，世界。") == 5


@pytest.mark.parametrize("text", ["", "plain words", "漢字", "😀", "half an emoji \ud83d"])
def test_likely_tokens_are_at_most_the_estimate(text: str) -> None:
    assert likely_tokens(text) <= estimate_tokens(text)


statuses = st.sampled_from(["complete", "interrupted", "failed", "running"])
reasons = st.sampled_from([None, "stop", "length", "refusal", "content_filter", "stopped"])
texts = st.text(max_size=60)
users = st.builds(message, st.just("user"), texts)
answers = st.builds(message, st.just("assistant"), texts, statuses, reasons)
histories = st.builds(lambda past, newest: [*past, newest], st.lists(users | answers, max_size=30), users)
limits = st.fixed_dictionaries(
    {"history_limit": st.integers(1, 12)},
    optional={
        "context_tokens": st.integers(1, 300),
        "system_prompt": texts,
        "max_tokens": st.integers(1, 200),
    },
)


def words(messages: tuple[Message, ...]) -> str:
    """All texts, the same however neighbours were merged."""
    return "\n\n".join(message.content for message in messages if message.content)


@given(histories, limits)
def test_the_sent_messages_are_the_newest_ones(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    everything = select_messages(messages, ANY, history_limit=1000)
    window = select_messages(messages, ANY, **limits)
    assert words(everything.messages).endswith(words(window.messages))
    assert window.sent.total == everything.sent.total


@given(histories, limits)
def test_user_and_assistant_alternate_from_a_question_to_the_newest_message(
    messages: list[StoredMessage], limits: dict[str, Any]
) -> None:
    window = select_messages(messages, ANY, **limits)
    roles: list[Role] = ["user", "assistant"]
    assert [message.role for message in window.messages] == (roles * len(window.messages))[: len(window.messages)]
    assert window.messages[-1].role == "user"
    assert window.messages[-1].content.endswith(messages[-1].content)


@given(histories, limits)
def test_only_a_single_newest_message_exceeds_a_limit(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    window = select_messages(messages, ANY, **limits)
    assert window.sent.sent <= limits["history_limit"]
    if window.sent.sent > 1 and "context_tokens" in limits:
        available = limits["context_tokens"] - estimate_tokens(limits.get("system_prompt", ""))
        assert tokens(window.messages) <= available - min(limits.get("max_tokens", 0), limits["context_tokens"] // 2)


@given(histories, limits)
def test_no_empty_answer_is_sent(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    window = select_messages(messages, ANY, **limits)
    assert all(message.content.strip() for message in window.messages if message.role == "assistant")
