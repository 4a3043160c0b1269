"""The line below an answer, and the one below the conversation, in words."""

from typing import Any

import pytest

from chatbot.messages import Fault, FinishReason, Seen, StoredMessage, Timing, Usage
from chatbot.web.accounting import details, ending, price, total


def an_answer(**values: Any) -> StoredMessage:
    usual: dict[str, Any] = {"provider": "openai", "model": "gpt-6-luna", "usage": Usage(1200, 212)}
    return StoredMessage("1", "assistant", "Hello.", "2026-11-22T10:00:00.000+00:00", **usual | values)


def said_of(**values: Any) -> list[str]:
    return details(an_answer(**values), {"openai": "OpenAI"}.__getitem__).split(" · ")


def test_provider_and_model_come_first() -> None:
    assert said_of()[:2] == ["OpenAI", "gpt-6-luna"]


def test_an_imported_answer_of_nobody_is_a_models() -> None:
    assert said_of(provider=None, model=None, usage=Usage()) == ["a model"]


def test_the_time_to_the_first_token_and_tokens_a_second() -> None:
    assert said_of(timing=Timing(530, 4770))[2:4] == ["first token 0.5 s", "50 tokens/s"]


@pytest.mark.parametrize("timing", [None, Timing(None, 800)])
def test_no_pace_where_no_token_came(timing: Timing | None) -> None:
    assert said_of(timing=timing) == ["OpenAI", "gpt-6-luna", "1,200 in, 212 out"]


def test_no_pace_of_an_answer_that_came_at_once() -> None:
    assert "tokens/s" not in " ".join(said_of(timing=Timing(800, 800)))


def test_tokens_in_and_out_with_the_price() -> None:
    assert said_of(cost=0.0123)[2:] == ["1,200 in, 212 out", "$0.01"]


def test_nothing_of_a_price_that_is_not_known() -> None:
    assert "$" not in " ".join(said_of(cost=None))


def test_tokens_and_price_are_called_estimated_where_the_provider_gave_no_usage() -> None:
    estimated = said_of(usage=Usage(1200, 212, estimated=True), cost=0.5)
    assert estimated[2:] == ["1,200 in, 212 out (estimated)", "$0.50 (estimated)"]


def test_nothing_of_tokens_that_nobody_counted() -> None:
    assert said_of(usage=Usage()) == ["OpenAI", "gpt-6-luna"]
    assert said_of(usage=Usage(None, 7))[2:] == ["7 out"]


def test_what_the_model_saw_is_told_where_it_was_not_everything() -> None:
    assert said_of(seen=Seen(20, 48))[-1] == "20 of 48 messages sent"
    assert "messages" not in " ".join(said_of(seen=Seen(48, 48)))


def test_that_the_rest_was_too_long_is_told() -> None:
    assert said_of(seen=Seen(4, 9, trimmed=True))[-1] == "4 of 9 messages sent, the rest was too long for the model"


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        (None, ""),
        (0.0, "$0.00"),
        (12.345, "$12.35"),
        (0.01, "$0.01"),
        (0.0051, "$0.0051"),
        (0.00042, "$0.00042"),
        (0.0000037, "$0.0000037"),
        (1e-30, "$0.0000000000000"),
        (-1.0, "$-1.00"),
    ],
)
def test_a_price_says_something_however_small(dollars: float | None, words: str) -> None:
    assert price(dollars) == words


def test_a_normal_ending_is_no_news() -> None:
    assert ending(an_answer(finish_reason="stop")) == ""
    assert ending(an_answer(finish_reason=None)) == ""


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("stopped", "Stopped by you after 212 tokens."),
        ("interrupted", "This answer was cut off after 212 tokens."),
        ("length", "longest length"),
        ("refusal", "declined"),
        ("content_filter", "withheld"),
    ],
)
def test_any_other_ending_is_told(reason: FinishReason, words: str) -> None:
    assert words in ending(an_answer(finish_reason=reason))


def test_an_answer_stopped_early_counts_what_there_was() -> None:
    assert ending(an_answer(finish_reason="stopped", usage=Usage(9, 0))) == "Stopped by you."
    assert ending(an_answer(finish_reason="stopped", usage=Usage())) == "Stopped by you."
    assert ending(an_answer(finish_reason="stopped", usage=Usage(9, 1))) == "Stopped by you after 1 token."
    assert ending(an_answer(finish_reason="stopped", usage=Usage(9, 1234))) == "Stopped by you after 1,234 tokens."


def test_a_failure_is_told_in_its_own_words() -> None:
    fault = Fault("provider_cut_off", "The connection broke off.")
    assert ending(an_answer(finish_reason="interrupted", fault=fault)) == "The connection broke off."


def test_the_total_is_of_all_answers() -> None:
    answers = [an_answer(cost=0.25), an_answer(usage=Usage(100, 8), cost=0.5)]
    assert total(answers) == "This conversation: 1,520 tokens · $0.75"


def test_the_total_is_nothing_where_nothing_is_known() -> None:
    assert total([]) == ""
    assert total([an_answer(usage=Usage())]) == ""


def test_the_total_says_what_it_does_not_know() -> None:
    assert total([an_answer(usage=Usage(10, 5, estimated=True))]) == "This conversation: about 15 tokens"
    some = total([an_answer(cost=0.25), an_answer()])
    assert some == "This conversation: 2,824 tokens · $0.25 for those with a known price"


def test_a_total_price_that_rests_on_an_estimate_says_so() -> None:
    estimated = an_answer(usage=Usage(10, 5, estimated=True), cost=0.25)
    assert total([estimated]) == "This conversation: about 15 tokens · about $0.25"
