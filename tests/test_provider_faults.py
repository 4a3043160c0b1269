"""Every way in which a service fails, and the one sentence that a visitor reads about it."""

import time
import traceback
from contextlib import aclosing
from dataclasses import replace

import pytest

import chatbot.providers.anthropic
import chatbot.providers.openai
from chatbot.errors import (
    BadAnswer,
    ContextOverflow,
    CutOff,
    InvalidKey,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnknownModel,
)
from chatbot.messages import Finish, Message, Request
from chatbot.providers import Provider, connect
from chatbot.settings import ProviderName
from tests.conftest import OPERATORS_KEY, MakeSettings, Open
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario

QUESTION = "What did the doctor say about my knee?"
ASKED = Request("any-model", (Message("user", QUESTION),), temperature=0.5)

FAILURES: dict[str, type[ProviderError]] = {
    "wrong_key": InvalidKey,
    "echo_key": InvalidKey,
    "no_permission": PermissionDenied,
    "unknown_model": UnknownModel,
    "quota": QuotaExhausted,
    "hf_credit": QuotaExhausted,
    "rate_limit": RateLimited,
    "rate_limit_3600": RateLimited,
    "context_overflow": ContextOverflow,
    "llama_context": ContextOverflow,
    "overloaded": Unavailable,
    "server_error": Unavailable,
    "overloaded_middle": Unavailable,
    "server_error_middle": Unavailable,
    "html_503": Unavailable,
    "html_page": BadAnswer,
    "redirect": BadAnswer,
    "empty": BadAnswer,
    "no_headers": ProviderTimeout,
    "silence_first": ProviderTimeout,
    "silence_middle": ProviderTimeout,
    "cut": CutOff,
    "reset": CutOff,
    "no_finish": CutOff,
    "bad_json": BadAnswer,
    "bad_utf8": BadAnswer,
}
ANSWERS = {
    "refused_temperature": {"stop"},
    "refused_stream_options": {"stop"},
    "empty_answer": {"stop"},
    "length": {"length"},
    "reasoning_only_length": {"length"},
    "refusal": {"content_filter", "refusal"},
}
"""The faults that a provider hands on as an answer, and the reasons with which it may have ended."""

AT_ONCE = {"retry-after-ms": "1"}
"""Both SDKs ask once more after half a second; with this header after a millisecond."""


@pytest.fixture(params=["compatible", "anthropic"])
def provider(request: pytest.FixtureRequest, opened: Open, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """One of each protocol, with little patience."""
    for module in (chatbot.providers.openai, chatbot.providers.anthropic):
        monkeypatch.setattr(module, "SILENCE_SECONDS", 0.1)
    return opened(request.param)


async def asked(provider: Provider) -> tuple[str, Finish | None]:
    text, finish = "", None
    async with aclosing(provider.stream(ASKED)) as deltas:
        async for delta in deltas:
            text += delta.text
            finish = delta.finish or finish
    return text, finish


async def failure_of(provider: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await asked(provider)
    return caught.value


def test_no_fault_is_forgotten_here() -> None:
    assert {*FAILURES, *ANSWERS} == set(FAULTS)


@pytest.mark.parametrize("fault", FAILURES)
async def test_a_fault_becomes_its_error_and_tells_no_secret(
    fault: str, provider: Provider, upstream: FakeUpstream
) -> None:
    upstream.scenario = replace(FAULTS[fault], headers=AT_ONCE)
    error = await failure_of(provider)
    assert type(error) is FAILURES[fault]
    assert str(error) == FAILURES[fault].sentence.format(provider=provider.label)
    logged = "".join([str(error), repr(error), *traceback.format_exception(error)])
    for secret in (OPERATORS_KEY, OPERATORS_KEY[:8], OPERATORS_KEY[-4:], QUESTION, *said_by(FAULTS[fault])):
        assert secret not in logged


@pytest.mark.parametrize("fault", ANSWERS)
async def test_an_unusual_answer_is_still_an_answer(fault: str, provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS[fault]
    _, finish = await asked(provider)
    assert finish
    assert finish.reason in ANSWERS[fault]


async def test_nobody_waits_an_hour_because_a_service_says_so(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["rate_limit_3600"]
    begun = time.monotonic()
    error = await failure_of(provider)
    assert time.monotonic() - begun < 0.5
    assert error.retry_after == 3600
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("told", ["nan", "inf", "-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
async def test_a_wait_that_is_no_number_of_seconds_counts_as_not_said(
    told: str, opened: Open, upstream: FakeUpstream
) -> None:
    upstream.scenario = replace(FAULTS["rate_limit"], retry_after=None, headers={"retry-after": told, **AT_ONCE})
    error = await failure_of(opened("compatible"))
    assert (type(error), error.retry_after) == (RateLimited, None)


async def test_a_hiccup_is_not_even_noticed(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.queue(replace(FAULTS["overloaded"], headers=AT_ONCE), Scenario(reply="Here I am."))
    text, _ = await asked(provider)
    assert text == "Here I am."


async def test_an_answer_that_has_begun_is_never_begun_again(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS["cut"], Scenario(reply="Twice."))
    await failure_of(provider)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("name", ["compatible", "anthropic"])
async def test_where_nobody_listens_the_provider_is_unavailable(name: ProviderName, settings: MakeSettings) -> None:
    nowhere = "http://127.0.0.1:9"
    provider = connect(name, settings(**{f"{name}_base_url": nowhere}))
    assert type(await failure_of(provider)) is Unavailable
    await provider.aclose()


async def test_a_key_with_a_letter_that_no_key_has_is_a_wrong_key(settings: MakeSettings) -> None:
    provider = connect("compatible", settings(compatible_api_key="sk-schlüssel"))
    error = await failure_of(provider)
    assert type(error) is InvalidKey
    assert "schl" not in "".join(traceback.format_exception(error))
    await provider.aclose()


@pytest.mark.parametrize("code", [["odd"], {"odd": 1}, 7, None])
async def test_an_error_in_an_odd_shape_is_read_by_its_status(
    code: object, provider: Provider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(status=422, body={"error": {"type": code, "code": code, "details": code}})
    assert type(await failure_of(provider)) is RequestRefused


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
async def test_a_spent_budget_is_not_a_matter_of_waiting(code: str, opened: Open, upstream: FakeUpstream) -> None:
    told = {"type": "rate_limit_error", "message": "Later.", "details": {"error_code": code}}
    upstream.scenario = Scenario(status=429, body={"type": "error", "error": told}, headers=AT_ONCE)
    assert type(await failure_of(opened("anthropic"))) is QuotaExhausted


def said_by(fault: Scenario) -> list[str]:
    """What the service says of this fault, in either protocol."""
    body = fault.body if isinstance(fault.body, dict) else {}
    told = body.get("error", "")
    texts = [fault.message, (fault.anthropic_error or (0, ""))[1], told["message"] if isinstance(told, dict) else told]
    return ["<html", *(text.partition("{")[0] for text in texts if text.partition("{")[0])]
