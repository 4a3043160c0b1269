"""Window: what of a conversation a model is sent."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.memory import estimate_tokens, likely_tokens, select_messages
from chatbot.types import FinishReason, Message, ModelProfile, Role, Status, StoredMessage

ids = count()
ANY = ModelProfile("any")


def said(role: Role, content: str, status: Status = "complete", finish: FinishReason | None = None) -> StoredMessage:
    return StoredMessage(str(next(ids)), role, content, "2026-11-22T10:00:00.000+00:00", status, finish_reason=finish)


def talk(*texts: str) -> list[StoredMessage]:
    """Those texts, said in turns; the visitor begins."""
    return [said("assistant" if place % 2 else "user", text) for place, text in enumerate(texts)]


def sent(messages: list[StoredMessage], **limits: Any) -> list[str]:
    return [message.content for message in select_messages(messages, ANY, **limits).messages]


def tokens(messages: tuple[Message, ...]) -> int:
    return sum(estimate_tokens(message.content) for message in messages)


def test_everything_is_sent_as_it_was_said_where_it_fits() -> None:
    window = select_messages(talk("Hello", "Hi!", "Who are you?"), ANY)
    assert window.messages == (Message("user", "Hello"), Message("assistant", "Hi!"), Message("user", "Who are you?"))
    assert (window.sent.total - window.sent.sent) == 0


def test_an_empty_conversation_sends_nothing() -> None:
    assert select_messages([], ANY).messages == ()


def test_the_history_limit_keeps_the_newest() -> None:
    window = select_messages(talk("1", "2", "3", "4", "5", "6", "7"), ANY, history_limit=3)
    assert [message.content for message in window.messages] == ["5", "6", "7"]
    assert (window.sent.total - window.sent.sent) == 4


def test_an_answer_whose_question_is_left_out_goes_with_it() -> None:
    window = select_messages(talk("1", "2", "3", "4", "5"), ANY, history_limit=4)
    assert [message.content for message in window.messages] == ["3", "4", "5"]
    assert (window.sent.total - window.sent.sent) == 2


def test_twenty_messages_is_the_default_limit() -> None:
    assert len(select_messages([said("user", "again") for _ in range(50)], ANY).messages) == 20


@pytest.mark.parametrize(
    "answer",
    [
        said("assistant", "", "failed"),
        said("assistant", "half an ans", "failed"),
        said("assistant", "just begun", "running"),
        said("assistant", "", "complete"),
        said("assistant", " \n", "interrupted"),
    ],
)
def test_failed_running_and_empty_answers_are_not_sent_and_do_not_count(answer: StoredMessage) -> None:
    window = select_messages([said("user", "A"), answer, said("user", "B")], ANY)
    assert window.messages == (Message("user", "A"), Message("user", "B"))
    assert (window.sent.total - window.sent.sent) == 0


def test_they_do_not_use_up_the_history_limit() -> None:
    failed = [said("assistant", "", "failed") for _ in range(5)]
    assert sent([*talk("A", "a"), *failed, said("user", "B")], history_limit=3) == ["A", "a", "B"]


@pytest.mark.parametrize("reason", ["refusal", "content_filter"])
def test_a_refused_answer_is_left_out_with_its_question(reason: FinishReason) -> None:
    refused = [said("user", "forbidden"), said("assistant", "I cannot", finish=reason)]
    assert sent([*talk("A", "a"), *refused, said("user", "B")]) == ["A", "a", "B"]


def test_a_refused_answer_takes_no_other_turn_with_it() -> None:
    refused = said("assistant", "No", finish="refusal")
    assert sent([*talk("A", "a"), refused, said("user", "B")]) == ["A", "a", "B"]


def test_what_came_of_an_interrupted_answer_is_sent() -> None:
    stopped = said("assistant", "Once upon", "interrupted", "stopped")
    assert sent([said("user", "Tell a story"), stopped, said("user", "Go on")]) == [
        "Tell a story",
        "Once upon",
        "Go on",
    ]


def test_messages_beyond_the_context_are_left_out_from_the_oldest() -> None:
    window = select_messages(talk(*["x" * 300] * 9), ANY, context_tokens=500)
    assert len(window.messages) == 3
    assert (window.sent.total - window.sent.sent) == 6


def test_the_system_prompt_and_the_answer_take_their_part_of_the_context() -> None:
    messages = talk(*["x" * 300] * 9)
    assert len(sent(messages, context_tokens=1000)) == 9
    assert len(sent(messages, context_tokens=1000, max_tokens=400)) == 5
    assert len(sent(messages, context_tokens=1000, system_prompt="s" * 1500)) == 3


def test_a_long_answer_may_take_at_most_half_of_the_context() -> None:
    messages = talk(*["x" * 300] * 9)
    assert sent(messages, context_tokens=1000, max_tokens=500) == sent(messages, context_tokens=1000, max_tokens=10**6)


def test_the_newest_message_is_sent_even_where_it_does_not_fit() -> None:
    assert sent(talk("A", "a", "x" * 9000), context_tokens=100) == ["x" * 9000]
    assert sent(talk("A"), context_tokens=1, system_prompt="long" * 100) == ["A"]


@pytest.mark.parametrize("text", ["", "plain words", "漢字", "😀", "half an emoji \ud83d"])
def test_the_estimate_is_never_below_a_third_of_the_bytes(text: str) -> None:
    assert estimate_tokens(text) * 3 >= len(text.encode("utf-8", "replace"))


def test_what_was_used_is_counted_fairly_four_characters_of_english_to_a_token_and_fewer_of_other_scripts() -> None:
    assert likely_tokens("") == 0
    assert likely_tokens("plain words.") == 3
    assert likely_tokens("Привет, мир!") == 6
    assert likely_tokens("你好，世界。") == 5


@pytest.mark.parametrize("text", ["", "plain words", "漢字", "😀", "half an emoji \ud83d"])
def test_a_fair_count_is_never_above_the_one_that_has_to_fit(text: str) -> None:
    assert likely_tokens(text) <= estimate_tokens(text)


statuses = st.sampled_from(["complete", "interrupted", "failed", "running"])
reasons = st.sampled_from([None, "stop", "length", "refusal", "content_filter", "stopped"])
texts = st.text(max_size=60)
users = st.builds(said, st.just("user"), texts)
answers = st.builds(said, st.just("assistant"), texts, statuses, reasons)
histories = st.builds(lambda past, newest: [*past, newest], st.lists(users | answers, max_size=30), users)
limits = st.fixed_dictionaries(
    {"history_limit": st.integers(1, 12)},
    optional={
        "context_tokens": st.integers(1, 300),
        "system_prompt": texts,
        "max_tokens": st.integers(1, 200),
    },
)


@given(histories, limits)
def test_what_is_sent_is_the_end_of_what_was_said(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    everything = select_messages(messages, ANY, history_limit=1000)
    window = select_messages(messages, ANY, **limits)
    assert window.messages == everything.messages[-len(window.messages) :]
    assert window.sent.total == everything.sent.total


@given(histories, limits)
def test_the_order_is_kept(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    rest = iter([Message(message.role, message.content) for message in messages])
    assert all(message in rest for message in select_messages(messages, ANY, **limits).messages)


@given(histories, limits)
def test_it_starts_with_a_users_message_and_ends_with_the_newest(
    messages: list[StoredMessage], limits: dict[str, Any]
) -> None:
    window = select_messages(messages, ANY, **limits)
    assert window.messages[0].role == "user"
    assert window.messages[-1] == Message("user", messages[-1].content)


@given(histories, limits)
def test_no_limit_is_exceeded_but_by_the_newest_alone(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    window = select_messages(messages, ANY, **limits)
    assert len(window.messages) <= limits["history_limit"]
    if len(window.messages) > 1 and "context_tokens" in limits:
        room = limits["context_tokens"] - estimate_tokens(limits.get("system_prompt", ""))
        assert tokens(window.messages) <= room - min(limits.get("max_tokens", 0), limits["context_tokens"] // 2)


@given(histories, limits)
def test_nothing_empty_is_sent_in_the_models_name(messages: list[StoredMessage], limits: dict[str, Any]) -> None:
    window = select_messages(messages, ANY, **limits)
    assert all(message.content.strip() for message in window.messages if message.role == "assistant")
