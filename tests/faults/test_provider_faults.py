"""Every way in which a provider fails, and the error that reports it."""

import json
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import cast

import pytest

from chatbot.errors import (
    ContextOverflow,
    InvalidKey,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
    StreamCutOff,
    Unavailable,
    UnknownModel,
    UnreadableAnswer,
    WrongBaseUrl,
)
from chatbot.providers import Provider, connect, wire
from chatbot.types import Finish, Message, ProviderName, Request
from tests.conftest import OPERATORS_KEY, MakeSettings, OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.faults.test_fault_table import provider_messages

QUESTION = "What did the doctor say about my knee?"
REQUEST = Request("any-model", (Message("user", QUESTION),), temperature=0.5)

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
    "overloaded": ServiceUnavailable,
    "server_error": ServiceUnavailable,
    "overloaded_middle": ServiceUnavailable,
    "server_error_middle": ServiceUnavailable,
    "html_503": ServiceUnavailable,
    "html_page": UnreadableAnswer,
    "redirect": UnreadableAnswer,
    "empty": UnreadableAnswer,
    "no_headers": ProviderTimeout,
    "silence_first": ProviderTimeout,
    "silence_middle": ProviderTimeout,
    "cut": StreamCutOff,
    "reset": StreamCutOff,
    "no_finish": StreamCutOff,
    "bad_json": UnreadableAnswer,
    "bad_utf8": UnreadableAnswer,
}
ANSWERS = {
    "refused_temperature": {"stop"},
    "refused_stream_options": {"stop"},
    "empty_answer": {"stop"},
    "length": {"length"},
    "reasoning_only_length": {"length"},
    "refusal": {"content_filter", "refusal"},
}
"""The faults that still give an answer, and the finish reasons that it may have."""


@pytest.fixture
def fault() -> str:
    """The fault of the test, empty if it has none."""
    return ""


@pytest.fixture(params=["compatible", "anthropic"])
async def provider(
    request: pytest.FixtureRequest, fault: str, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Provider]:
    """One provider of each protocol, with a short timeout for faults that are silent."""
    is_silent = FAILURES.get(fault) is ProviderTimeout
    if is_silent:
        monkeypatch.setattr(wire, "SILENCE_SECONDS", 0.5)
    opened = connect(request.param, settings(chatbot_reply_seconds=0.5 if is_silent else 300))
    yield opened
    await opened.aclose()


async def stream_answer(provider: Provider) -> tuple[str, Finish | None]:
    text, finish = "", None
    async with aclosing(provider.stream(REQUEST)) as deltas:
        async for delta in deltas:
            text += delta.text
            finish = delta.finish or finish
    return text, finish


async def failure_of(provider: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await stream_answer(provider)
    return caught.value


def test_every_fault_is_covered() -> None:
    assert {*FAILURES, *ANSWERS} == set(FAULTS)


@pytest.mark.parametrize("fault", FAILURES)
async def test_a_fault_becomes_its_error_without_secrets(
    fault: str, provider: Provider, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    error = await failure_of(provider)
    assert type(error) is FAILURES[fault]
    assert error.provider == provider.label
    if fault == "rate_limit_3600":
        assert "Wait 60 minutes" in str(error)
    logged = "".join([str(error), repr(error), *traceback.format_exception(error)])
    for secret in (OPERATORS_KEY, OPERATORS_KEY[:8], OPERATORS_KEY[-4:], QUESTION, *provider_messages(FAULTS[fault])):
        assert secret not in logged


@pytest.mark.parametrize("fault", ANSWERS)
async def test_an_unusual_answer_is_still_an_answer(fault: str, provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS[fault]
    _, finish = await stream_answer(provider)
    assert finish
    assert finish.reason in ANSWERS[fault]


@pytest.mark.parametrize("header", ["nan", "inf", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", ""])
async def test_a_malformed_retry_after_is_ignored(
    header: str, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = replace(FAULTS["rate_limit"], retry_after=None, headers={"retry-after": header})
    error = await failure_of(open_provider("compatible"))
    assert (type(error), error.retry_after) == (RateLimited, None)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "41.5"}, 41.5),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "soon", "retry-after-ms": "1500"}, 1.5),
        ({"llm_provider-retry-after": "20"}, 20),
        ({"retry-after": "9" * 12}, None),
        ({"retry-after": "Fri, 01 Jan 2100 10:00:30 GMT"}, None),
    ],
)
async def test_a_wait_is_read_in_every_form(
    headers: dict[str, str], seconds: float | None, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = replace(FAULTS["rate_limit"], retry_after=None, headers=headers)
    error = await failure_of(open_provider("compatible"))
    assert (type(error), error.retry_after) == (RateLimited, seconds)


async def test_a_wait_until_a_date_is_read(open_provider: OpenProvider, upstream: FakeUpstream) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    upstream.scenario = replace(FAULTS["rate_limit"], retry_after=None, headers={"retry-after": date})
    error = await failure_of(open_provider("compatible"))
    assert error.retry_after
    assert 3000 < error.retry_after <= 3601  # both dates are in whole seconds


@pytest.mark.parametrize("name", ["compatible", "anthropic"])
async def test_a_provider_that_refuses_connections_is_unavailable(name: ProviderName, settings: MakeSettings) -> None:
    closed_port = "http://127.0.0.1:9"
    provider = connect(name, settings(**{f"{name}_base_url": closed_port}))
    assert type(await failure_of(provider)) is Unavailable
    await provider.aclose()


async def test_a_key_with_a_non_ascii_letter_is_invalid(settings: MakeSettings) -> None:
    provider = connect("compatible", settings(compatible_api_key="sk-schlüssel"))
    error = await failure_of(provider)
    assert type(error) is InvalidKey
    assert "schl" not in "".join(traceback.format_exception(error))
    await provider.aclose()


@pytest.mark.parametrize("code", [["odd"], {"odd": 1}, 7, None])
async def test_a_malformed_error_is_classified_by_its_status(
    code: object, provider: Provider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(status=422, body={"error": {"type": code, "code": code, "details": code}})
    assert type(await failure_of(provider)) is RequestRefused


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
async def test_a_spent_budget_is_an_exhausted_quota(
    code: str, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    error = {"type": "rate_limit_error", "message": "Later.", "details": {"error_code": code}}
    upstream.scenario = Scenario(status=429, body={"type": "error", "error": error})
    assert type(await failure_of(open_provider("anthropic"))) is QuotaExhausted


@pytest.mark.parametrize(
    ("code", "kind"),
    [(502, ServiceUnavailable), ("429", RateLimited), (401, InvalidKey), (504, ProviderTimeout), (7, None)],
)
async def test_an_error_code_in_a_stream_counts_as_a_status(
    code: object, kind: type[ProviderError] | None, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(body=f'data: {{"error":{{"code":{json.dumps(code)},"message":"Upstream."}}}}\n\n')
    assert type(await failure_of(open_provider("compatible"))) is (kind or ProviderError)


@pytest.mark.parametrize(
    "body",
    [
        "404 page not found",
        "<html>",
        {"detail": "Not Found"},
        {"error": {"message": "Invalid URL (POST /chat/completions)", "type": "invalid_request_error"}},
        {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}},
    ],
)
async def test_an_unknown_path_is_a_wrong_base_url(body: object, provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(status=404, body=cast("str", body))
    assert type(await failure_of(provider)) is WrongBaseUrl


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "model 'x' not found", "type": "not_found_error", "code": None}},
        {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404},
        {"error": "Model x not found"},
    ],
)
async def test_an_unknown_model_is_not_a_wrong_base_url(
    body: object, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(status=404, body=cast("str", body))
    assert type(await failure_of(open_provider("compatible"))) is UnknownModel


async def test_a_key_with_a_line_break_is_invalid(settings: MakeSettings) -> None:
    for name in ("compatible", "anthropic"):
        provider = connect(name, settings(**{f"{name}_api_key": "sk-one\nsk-two"}))
        assert type(await failure_of(provider)) is InvalidKey
        await provider.aclose()


@pytest.mark.parametrize(
    ("fault", "counts"),
    [("context_overflow", {(130_211, 128_000), (203_456, 200_000)}), ("llama_context", {(4096, 2048), (None, None)})],
)
async def test_the_token_counts_of_an_overflow_are_parsed(
    fault: str, counts: set[tuple[int, int]], provider: Provider, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    error = await failure_of(provider)
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.context_tokens) in counts


async def test_finish_reason_error_means_that_the_stream_was_cut_off(
    open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=3, finish_reason="error")  # as OpenRouter sends it
    assert type(await failure_of(open_provider("compatible"))) is StreamCutOff
