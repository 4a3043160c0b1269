"""Retries: once, soon, only before the first token, and only if a retry may help."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from chatbot.errors import ProviderError, ProviderTimeout
from chatbot.providers import Provider, connect, retry, stream_with_retry
from chatbot.types import Message, ProviderName, Request
from tests.conftest import MakeSettings, OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup, until, wait_for_end

REQUEST = Request("any-model", (Message("user", "Hi"),))
RECOVERED = Scenario(reply="Here I am.")


@pytest.fixture(params=["compatible", "anthropic"])
def provider(request: pytest.FixtureRequest, open_provider: OpenProvider) -> Provider:
    return open_provider(request.param)


@pytest.fixture
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSE_SECONDS", (0.0, 0.01))


async def text_of(provider: Provider) -> str:
    async with aclosing(stream_with_retry(provider, REQUEST)) as deltas:
        return "".join([delta.text async for delta in deltas])


@pytest.mark.parametrize(
    "fault",
    [
        FAULTS["overloaded"],
        FAULTS["server_error"],
        FAULTS["html_503"],
        FAULTS["rate_limit"],
        replace(FAULTS["overloaded"], tokens=3, error_after=0),
        Scenario(tokens=3, cut_after=0, reset=True),
    ],
)
async def test_a_transient_failure_is_retried(
    fault: Scenario, provider: Provider, upstream: FakeUpstream, without_pause: None
) -> None:
    upstream.queue(fault if fault.retry_after is None else replace(fault, retry_after=0), RECOVERED)
    assert await text_of(provider) == "Here I am."
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("fault", ["overloaded", "server_error", "html_503"])
async def test_a_lasting_failure_is_reported_after_one_retry(
    fault: str, provider: Provider, upstream: FakeUpstream, without_pause: None
) -> None:
    upstream.scenario = FAULTS[fault]
    with pytest.raises(ProviderError):
        await text_of(provider)
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    "fault",
    [
        *(FAULTS[name] for name in ("wrong_key", "quota", "unknown_model", "html_page", "redirect", "cut", "bad_json")),
        FAULTS["rate_limit_3600"],
        replace(FAULTS["rate_limit"], retry_after=None),
        replace(FAULTS["overloaded"], retry_after=3600),
        FAULTS["server_error_middle"],
    ],
)
async def test_a_useless_retry_is_not_attempted(fault: Scenario, provider: Provider, upstream: FakeUpstream) -> None:
    upstream.queue(fault, RECOVERED)
    with pytest.raises(ProviderError) as caught:
        await text_of(provider)
    assert len(upstream.requests) == 1
    assert caught.value.retry_after == fault.retry_after


@pytest.mark.parametrize("silence", ["no_headers", "silence_first"])
async def test_a_timeout_is_not_retried(silence: str, settings: MakeSettings, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS[silence]
    names: tuple[ProviderName, ...] = ("compatible", "anthropic")
    for name in names:
        upstream.all_requests.clear()
        provider = connect(name, settings(chatbot_reply_seconds=0.3))
        with pytest.raises(ProviderTimeout):
            await text_of(provider)
        assert len(upstream.requests) == 1
        await provider.aclose()


async def test_a_slow_failure_is_not_retried(
    provider: Provider, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "QUICK_SECONDS", 0.0)
    upstream.scenario = FAULTS["server_error"]
    with pytest.raises(ProviderError):
        await text_of(provider)
    assert len(upstream.requests) == 1


@pytest.mark.first_case
@pytest.mark.parametrize("name", ["compatible", "anthropic"])
async def test_a_starting_server_is_reached_by_the_retry(
    name: ProviderName, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "PAUSE_SECONDS", (2, 2.1))  # longer than the server needs to start
    with FakeUpstream(RECOVERED) as stopped:
        port = stopped.port
    url = {"compatible": f"http://127.0.0.1:{port}/v1", "anthropic": f"http://127.0.0.1:{port}"}[name]
    provider = connect(name, settings(**{f"{name}_base_url": url}))
    answer = asyncio.create_task(text_of(provider))
    await asyncio.sleep(0.1)
    with FakeUpstream(RECOVERED, port=port):
        assert await answer == "Here I am."
        await provider.aclose()


async def test_stop_works_during_the_pause(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = replace(FAULTS["rate_limit"], retry_after=5)
    reply = await replies_setup.say("Hello")
    await until(lambda: upstream.requests)
    await asyncio.sleep(0.1)
    assert await replies_setup.stop(reply)
    await wait_for_end(reply)
    assert len(upstream.requests) == 1
    assert reply.error is None
