"""What is known of an answer and of a conversation; tests/browser/test_accounting.py has the words."""

from typing import Any

import pytest

from chatbot.page.answer_details import Facts, details, ending, total
from chatbot.types import Fault, FinishReason, SentContext, StoredMessage, Timing, Usage


def an_answer(**values: Any) -> StoredMessage:
    usual: dict[str, Any] = {"provider": "openai", "model": "gpt-6-luna", "usage": Usage(1200, 212)}
    return StoredMessage("1", "assistant", "Hello.", "2026-11-22T10:00:00.000+00:00", **usual | values)


def known_of(**values: Any) -> Facts:
    return details(an_answer(**values), {"openai": "OpenAI", "local": "Embedded model"}.__getitem__)


WHO = {"provider": "OpenAI", "model": "gpt-6-luna"}
COUNTED = {"input": 1200, "output": 212}


def test_who_answered_and_the_tokens() -> None:
    assert known_of() == WHO | COUNTED


def test_the_embedded_model_is_told_from_a_provider_of_that_name() -> None:
    assert known_of(provider="local")["is_local"]
    assert "is_local" not in known_of()


def test_of_an_imported_answer_of_nobody_nothing_is_known() -> None:
    assert known_of(provider=None, model=None, usage=Usage()) == {}


def test_the_time_to_the_first_token_and_tokens_a_second() -> None:
    assert known_of(timing=Timing(530, 4770)) == WHO | COUNTED | {"first_token_s": 0.53, "tokens_per_s": 50}


@pytest.mark.parametrize("timing", [None, Timing(None, 800)])
def test_no_pace_where_no_token_came(timing: Timing | None) -> None:
    assert known_of(timing=timing) == WHO | COUNTED


def test_no_pace_of_an_answer_that_came_at_once() -> None:
    assert known_of(timing=Timing(800, 800)) == WHO | COUNTED | {"first_token_s": 0.8}


def test_the_price_as_it_was_counted() -> None:
    assert known_of(cost=0.0123) == WHO | COUNTED | {"cost": 0.0123}
    assert known_of(cost=0.0)["cost"] == 0


def test_nothing_of_a_price_that_is_not_known() -> None:
    assert "cost" not in known_of(cost=None)


def test_tokens_and_price_are_called_estimated_where_the_provider_gave_no_usage() -> None:
    estimated = known_of(usage=Usage(1200, 212, estimated=True), cost=0.5)
    assert estimated == WHO | COUNTED | {"estimated": True, "cost": 0.5}


def test_nothing_of_tokens_that_nobody_counted() -> None:
    assert known_of(usage=Usage()) == WHO
    assert known_of(usage=Usage(7, None)) == WHO
    assert known_of(usage=Usage(None, 7)) == WHO | {"output": 7}


def test_what_the_model_saw_is_told_where_it_was_not_everything() -> None:
    assert known_of(seen=SentContext(20, 48))["seen"] == {"sent": 20, "total": 48, "trimmed": False}
    assert "seen" not in known_of(seen=SentContext(48, 48))


def test_that_the_rest_was_too_long_is_told() -> None:
    assert known_of(seen=SentContext(4, 9, trimmed=True))["seen"] == {"sent": 4, "total": 9, "trimmed": True}


def test_a_normal_ending_is_no_news() -> None:
    assert ending(an_answer(finish_reason="stop")) == {}
    assert ending(an_answer(finish_reason=None)) == {}


@pytest.mark.parametrize("reason", ["length", "refusal", "content_filter"])
def test_any_other_ending_is_told(reason: FinishReason) -> None:
    assert ending(an_answer(finish_reason=reason)) == {"reason": reason}


@pytest.mark.parametrize("reason", ["stopped", "interrupted"])
def test_of_an_answer_that_was_broken_off_it_is_told_after_how_many_tokens(reason: FinishReason) -> None:
    assert ending(an_answer(finish_reason=reason)) == {"reason": reason, "tokens": 212}


def test_a_length_that_was_spent_before_the_first_word_is_an_ending_of_its_own() -> None:
    spent = StoredMessage("1", "assistant", "", "2026-11-22T10:00:00.000+00:00", finish_reason="length")
    assert ending(spent) == {"reason": "reasoned"}


def test_an_answer_stopped_early_counts_what_there_was() -> None:
    assert ending(an_answer(finish_reason="stopped", usage=Usage(9, 0))) == {"reason": "stopped"}
    assert ending(an_answer(finish_reason="stopped", usage=Usage())) == {"reason": "stopped"}
    assert ending(an_answer(finish_reason="stopped", usage=Usage(9, 1))) == {"reason": "stopped", "tokens": 1}


def test_a_failure_is_told_in_its_own_words() -> None:
    fault = Fault("provider_cut_off", {"key": "failure.provider_cut_off", "provider": "OpenAI"})
    assert ending(an_answer(finish_reason="interrupted", fault=fault)) == {
        "fault": {"key": "failure.provider_cut_off", "provider": "OpenAI"}
    }


def test_the_total_is_of_all_answers() -> None:
    answers = [an_answer(cost=0.25), an_answer(usage=Usage(100, 8), cost=0.5)]
    assert total(answers) == {"tokens": 1520, "estimated": False, "cost": 0.75, "partly": False}


def test_the_total_is_nothing_where_nothing_is_known() -> None:
    assert total([]) == {}
    assert total([an_answer(usage=Usage())]) == {}


def test_the_total_says_what_it_does_not_know() -> None:
    assert total([an_answer(usage=Usage(10, 5, estimated=True))]) == {"tokens": 15, "estimated": True}
    some = total([an_answer(cost=0.25), an_answer()])
    assert some == {"tokens": 2824, "estimated": False, "cost": 0.25, "partly": True}


def test_a_total_price_that_rests_on_an_estimate_says_so() -> None:
    estimated = an_answer(usage=Usage(10, 5, estimated=True), cost=0.25)
    assert total([estimated]) == {"tokens": 15, "estimated": True, "cost": 0.25, "partly": False}
