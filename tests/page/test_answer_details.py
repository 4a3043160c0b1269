"""Details of an answer and totals of a conversation; tests/browser/test_accounting.py checks the words."""

from typing import Any

import pytest

from chatbot.page.answer_details import Facts, details, ending, total
from chatbot.types import Fault, FinishReason, SentContext, StoredMessage, Timing, Usage


def make_answer(**values: Any) -> StoredMessage:
    usual: dict[str, Any] = {"provider": "openai", "model": "gpt-6-luna", "usage": Usage(1200, 212)}
    return StoredMessage("1", "assistant", "Hello.", "2026-11-22T10:00:00.000+00:00", **usual | values)


def details_of(**values: Any) -> Facts:
    return details(make_answer(**values), {"openai": "OpenAI", "local": "Embedded model"}.__getitem__)


MODEL = {"provider": "OpenAI", "model": "gpt-6-luna"}
TOKENS = {"input": 1200, "output": 212}


def test_details_name_the_model_and_the_tokens() -> None:
    assert details_of() == MODEL | TOKENS


def test_only_the_embedded_model_is_marked_local() -> None:
    assert details_of(provider="local", model="SmolLM2-135M-Instruct")["local"] == "provider.demo"
    assert details_of(provider="local", model="My")["local"] == "provider.local"
    assert "local" not in details_of()


def test_an_imported_answer_without_a_model_has_no_details() -> None:
    assert details_of(provider=None, model=None, usage=Usage()) == {}


def test_details_have_time_to_first_token_and_tokens_per_second() -> None:
    assert details_of(timing=Timing(530, 4770)) == MODEL | TOKENS | {"first_token_s": 0.53, "tokens_per_s": 50}


@pytest.mark.parametrize("timing", [None, Timing(None, 800)])
def test_there_is_no_speed_without_a_first_token(timing: Timing | None) -> None:
    assert details_of(timing=timing) == MODEL | TOKENS


def test_there_is_no_speed_if_all_tokens_came_at_once() -> None:
    assert details_of(timing=Timing(800, 800)) == MODEL | TOKENS | {"first_token_s": 0.8}


def test_a_known_cost_is_included() -> None:
    assert details_of(cost=0.0123) == MODEL | TOKENS | {"cost": 0.0123}


def test_an_answer_that_costs_nothing_has_neither_tokens_nor_a_price() -> None:
    assert details_of(cost=0.0) == MODEL
    assert {"input", "output", "cost"}.isdisjoint(details_of(provider="local"))
    assert total([make_answer(cost=0.0), make_answer(provider="local")]) == {}


def test_an_unknown_cost_is_left_out() -> None:
    assert "cost" not in details_of(cost=None)


def test_estimated_usage_is_marked() -> None:
    estimated = details_of(usage=Usage(1200, 212, estimated=True), cost=0.5)
    assert estimated == MODEL | TOKENS | {"estimated": True, "cost": 0.5}


def test_unknown_token_counts_are_left_out() -> None:
    assert details_of(usage=Usage()) == MODEL
    assert details_of(usage=Usage(7, None)) == MODEL
    assert details_of(usage=Usage(None, 7)) == MODEL | {"output": 7}


def test_details_count_sent_messages_if_some_were_left_out() -> None:
    assert details_of(seen=SentContext(20, 48))["seen"] == {"sent": 20, "total": 48, "trimmed": False}
    assert "seen" not in details_of(seen=SentContext(48, 48))


def test_a_trimmed_context_is_marked() -> None:
    assert details_of(seen=SentContext(4, 9, trimmed=True))["seen"] == {"sent": 4, "total": 9, "trimmed": True}


def test_a_normal_finish_is_not_reported() -> None:
    assert ending(make_answer(finish_reason="stop")) == {}
    assert ending(make_answer(finish_reason=None)) == {}


@pytest.mark.parametrize("reason", ["length", "refusal", "content_filter"])
def test_any_other_finish_reason_is_reported(reason: FinishReason) -> None:
    assert ending(make_answer(finish_reason=reason)) == {"reason": reason}


@pytest.mark.parametrize("reason", ["stopped", "interrupted"])
def test_an_interrupted_answer_reports_its_tokens(reason: FinishReason) -> None:
    assert ending(make_answer(finish_reason=reason)) == {"reason": reason, "tokens": 212}


def test_a_limit_spent_on_reasoning_is_reported_as_such() -> None:
    spent = StoredMessage("1", "assistant", "", "2026-11-22T10:00:00.000+00:00", finish_reason="length")
    assert ending(spent) == {"reason": "reasoned"}


def test_an_answer_stopped_early_reports_tokens_if_there_are_any() -> None:
    assert ending(make_answer(finish_reason="stopped", usage=Usage(9, 0))) == {"reason": "stopped"}
    assert ending(make_answer(finish_reason="stopped", usage=Usage())) == {"reason": "stopped"}
    assert ending(make_answer(finish_reason="stopped", usage=Usage(9, 1))) == {"reason": "stopped", "tokens": 1}


def test_a_failure_is_reported_with_its_own_message() -> None:
    fault = Fault("provider_cut_off", {"key": "failure.provider_cut_off", "provider": "OpenAI"})
    assert ending(make_answer(finish_reason="interrupted", fault=fault)) == {
        "fault": {"key": "failure.provider_cut_off", "provider": "OpenAI"}
    }


def test_the_total_sums_all_answers() -> None:
    answers = [make_answer(cost=0.25), make_answer(usage=Usage(100, 8), cost=0.5)]
    assert total(answers) == {"tokens": 1520, "estimated": False, "cost": 0.75, "partly": False}


def test_the_total_is_empty_if_nothing_is_known() -> None:
    assert total([]) == {}
    assert total([make_answer(usage=Usage())]) == {}


def test_the_total_marks_estimated_tokens_and_missing_costs() -> None:
    assert total([make_answer(usage=Usage(10, 5, estimated=True))]) == {"tokens": 15, "estimated": True}
    some = total([make_answer(cost=0.25), make_answer()])
    assert some == {"tokens": 2824, "estimated": False, "cost": 0.25, "partly": True}


def test_a_total_cost_from_estimated_tokens_is_marked() -> None:
    estimated = make_answer(usage=Usage(10, 5, estimated=True), cost=0.25)
    assert total([estimated]) == {"tokens": 15, "estimated": True, "cost": 0.25, "partly": False}
