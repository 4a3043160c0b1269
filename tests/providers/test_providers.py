"""The contract of every provider: what it sends, how it parses the answer, and how it closes."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from chatbot.errors import NoProvider, ProviderTimeout, StreamCutOff
from chatbot.providers import Provider, ProviderPool, connect
from chatbot.providers.local.llama_server import Endpoint, LlamaServer
from chatbot.providers.registry import SPECS
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, Delta, Finish, Message, ProviderName, Request, Usage
from tests.conftest import MakeSettings, OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.fake_upstream.answers import count_tokens
from tests.support.reply_setup import until

REMOTE: list[ProviderName] = ["openai", "compatible", "huggingface", "anthropic"]
CHAT_COMPLETIONS = [name for name in REMOTE if name != "anthropic"]

HELLO = Request("any-model", (Message("user", "Hello there, how are you?"),), "Be brief.", 50)
LONG = Scenario(tokens=2000, tokens_per_second=50)


@pytest.fixture(params=REMOTE)
def provider(request: pytest.FixtureRequest, open_provider: OpenProvider) -> Provider:
    return open_provider(request.param)


async def deltas_of(provider: Provider, request: Request = HELLO) -> list[Delta]:
    async with aclosing(provider.stream(request)) as deltas:
        return [delta async for delta in deltas]


async def finish_of(provider: Provider, request: Request = HELLO) -> Finish | None:
    return (await deltas_of(provider, request))[-1].finish


async def test_the_text_streams_while_the_model_generates(provider: Provider, upstream: FakeUpstream) -> None:
    pieces = ["One", " two", "\n\n  three", " 四"]
    upstream.scenario = Scenario(tokens=(*pieces, " 🙂"), silence_after=len(pieces))  # it never ends by itself
    async with aclosing(provider.stream(HELLO)) as deltas:
        assert [(await anext(deltas)).text for _ in pieces] == pieces
        assert upstream.open_streams == 1


@pytest.mark.parametrize("name", [*REMOTE, "local"])
@pytest.mark.parametrize("fault", ["no_headers", "silence_first"])
async def test_the_first_word_may_take_as_long_as_the_setting_says(
    fault: str, name: ProviderName, settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endpoint(_: LlamaServer) -> Endpoint:  # the embedded model cannot be silent on demand
        return Endpoint(upstream.openai_url, "any")

    monkeypatch.setattr(LlamaServer, "start", lambda _: None)
    monkeypatch.setattr(LlamaServer, "endpoint", endpoint)
    upstream.scenario = FAULTS[fault]
    provider = connect(name, settings(chatbot_reply_seconds=0.2, local_model="missing.gguf"))
    with pytest.raises(ProviderTimeout):
        await deltas_of(provider, replace(HELLO, model="missing") if name == "local" else HELLO)
    await provider.aclose()


async def test_the_last_delta_has_the_finish_reason_and_the_usage(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=7)
    finish = await finish_of(provider)
    assert finish == Finish("stop", Usage(count_tokens(upstream.requests[0].body), 7))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("length", {"length"}), ("content_filter", {"content_filter", "refusal"}), ("tool_calls", {"stop"})],
)
async def test_every_finish_reason_is_mapped(
    provider: Provider, upstream: FakeUpstream, reason: str, expected: set[str]
) -> None:
    upstream.scenario = Scenario(finish_reason=reason)
    finish = await finish_of(provider)
    assert finish
    assert finish.reason in expected


async def test_a_refusal_text_ends_with_finish_reason_refusal(
    open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    head = 'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    refusal, end = '"delta":{"refusal":"I cannot."}}]}', '"delta":{},"finish_reason":"stop"}]}'
    upstream.scenario = Scenario(body=f"{head}{refusal}\n\n{head}{end}\n\ndata: [DONE]\n\n")
    *deltas, last = await deltas_of(open_provider("openai"))
    assert "".join(delta.text for delta in deltas) == "I cannot."
    assert last.finish == Finish("refusal")


async def test_missing_usage_is_unknown_not_zero(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(drop_usage=True)
    assert await finish_of(provider) == Finish("stop", Usage(None, None))


async def test_anthropics_cached_tokens_count_as_input(open_provider: OpenProvider, upstream: FakeUpstream) -> None:
    counted = '{"input_tokens":5,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":1}'
    upstream.scenario = Scenario(
        body=f'event: message_start\ndata: {{"type":"message_start","message":{{"usage":{counted}}}}}\n\n'
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
        '"usage":{"output_tokens":9}}\n\n'
    )
    assert await finish_of(open_provider("anthropic")) == Finish("stop", Usage(125, 9), cache_read=100, cache_write=20)


async def test_reasoning_is_separate_from_the_text(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(reasoning=("Let me", " think."), tokens=("Fine", "!"))
    deltas = await deltas_of(provider)
    assert [delta.reasoning for delta in deltas] == ["Let me", " think.", "", "", ""]
    assert [delta.text for delta in deltas] == ["", "", "Fine", "!", ""]


async def test_a_stream_without_a_finish_was_cut_off(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3, end_without_finish=True)
    deltas = provider.stream(HELLO)
    assert [(await anext(deltas)).text for _ in range(3)] == ["word1", " word2", " word3"]
    with pytest.raises(StreamCutOff):
        await anext(deltas)


async def test_the_models_come_from_the_server(provider: Provider) -> None:
    models = await provider.models()
    assert len(models) == 3
    assert {model.id.partition("-")[0] for model in models} <= {"gpt", "claude"}


@pytest.mark.parametrize("name", CHAT_COMPLETIONS)
async def test_chat_completion_requests_follow_openais_format(
    name: ProviderName, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    dialogue = (Message("user", "Hi"), Message("assistant", "Hello!"), Message("user", "Bye"))
    await deltas_of(open_provider(name), Request("some-model", dialogue, "Be brief.", 50, 0.5))
    body = upstream.requests[0].body
    length = "max_completion_tokens" if name == "openai" else "max_tokens"
    assert body == {
        "model": "some-model",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Bye"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        length: 50,
    }


async def test_message_requests_follow_anthropics_format(open_provider: OpenProvider, upstream: FakeUpstream) -> None:
    dialogue = (Message("user", "Hi"), Message("assistant", "Hello!"), Message("user", "Bye"))
    await deltas_of(open_provider("anthropic"), Request("some-model", dialogue, "Be brief.", 50, 0.5))
    body = upstream.requests[0].body
    assert body.pop("cache_control") == {"type": "ephemeral"}
    assert body == {
        "model": "some-model",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Bye"},
        ],
        "stream": True,
        "max_tokens": 50,
    }


async def test_unset_parameters_are_omitted_never_null(provider: Provider, upstream: FakeUpstream) -> None:
    await deltas_of(provider, Request("some-model", (Message("user", "Hi"),)))
    body = upstream.requests[0].body
    assert None not in values_in(body)
    assert not {"temperature", "system"} & set(body)
    assert body["messages"] == [{"role": "user", "content": "Hi"}]


async def test_closing_the_stream_ends_the_generation(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = LONG
    async with aclosing(provider.stream(HELLO)) as deltas:
        await anext(deltas)
        closed_at = time.monotonic()
    await until(lambda: upstream.closed_early)
    assert upstream.last_close
    assert upstream.last_close - closed_at < 0.2


@pytest.mark.parametrize("scenario", [LONG, Scenario(headers_after=60), Scenario(silence_after=0)])
async def test_cancelling_the_task_ends_even_a_silent_generation(
    provider: Provider, upstream: FakeUpstream, scenario: Scenario
) -> None:
    upstream.scenario = scenario
    task = asyncio.create_task(deltas_of(provider))
    await until(lambda: upstream.open_streams)
    closed_at = time.monotonic()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await until(lambda: upstream.closed_early)
    assert upstream.last_close
    assert upstream.last_close - closed_at < 0.2


async def test_the_client_works_after_a_stopped_stream(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.queue(LONG)
    async with aclosing(provider.stream(HELLO)) as deltas:
        await anext(deltas)
    upstream.queue(Scenario(tokens=("Here", " again")))
    assert "".join(delta.text for delta in await deltas_of(provider)) == "Here again"


@pytest.mark.parametrize("name", PROVIDER_NAMES)
def test_a_missing_provider_names_the_variable_to_set(name: ProviderName, settings: MakeSettings) -> None:
    variable = SPECS[name].variable
    assert variable
    with pytest.raises(NoProvider, match=variable):
        connect(name, settings(**{variable.lower(): "off" if name == "local" else None}))


async def test_simultaneous_answers_share_one_client(settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SPECS["compatible"]

    def open_slowly(settings: Settings, label: str, key: SecretStr | None) -> Provider:
        time.sleep(0.05)
        return spec.open(settings, label, key)

    monkeypatch.setitem(SPECS, "compatible", replace(spec, open=open_slowly))
    providers = ProviderPool(settings())
    same = await asyncio.gather(*(asyncio.to_thread(providers.get, "compatible") for _ in range(8)))
    assert len({id(provider) for provider in same}) == 1
    await providers.aclose()


def values_in(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from values_in(each)
