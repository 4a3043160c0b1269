"""Both protocols against the embedded llama.cpp server, which speaks OpenAI's and Anthropic's."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from chatbot.errors import ContextOverflow, InvalidKey
from chatbot.providers import Provider
from chatbot.providers.anthropic import AnthropicProvider
from chatbot.providers.local.llama_server import CONTEXT_TOKENS, Endpoint, LlamaServer
from chatbot.providers.local.weights import default_cache
from chatbot.providers.openai import OpenAIProvider
from chatbot.types import Finish, Message, Request

pytestmark = pytest.mark.tier2


PROTOCOLS = ["openai", "anthropic"]
REQUEST = Request("any", (Message("user", "What is the capital of France?"),), "Answer briefly.", 24)
LONG = Request("any", (Message("user", "Tell a very long story about a king."),), "", 1500)
OVERLONG = Request("any", (Message("user", "word " * 2 * CONTEXT_TOKENS),), "", 24)


@pytest.fixture(scope="module")
def model() -> Iterator[LlamaServer]:
    """The default model, which all tests share."""
    model = LlamaServer(None, default_cache(Path("data")))
    model.start()
    yield model
    model.close()


@pytest.fixture
async def endpoint(model: LlamaServer) -> Endpoint:
    return await model.endpoint()


def connect_to(protocol: str, endpoint: Endpoint, key: str | None = None) -> Provider:
    key = key or endpoint.api_key
    if protocol == "openai":
        return OpenAIProvider("Stranger", key, endpoint.base_url)
    return AnthropicProvider("Stranger", key, endpoint.base_url.removesuffix("/v1"))


@pytest.fixture(params=PROTOCOLS)
async def provider(request: pytest.FixtureRequest, endpoint: Endpoint) -> AsyncIterator[Provider]:
    provider = connect_to(request.param, endpoint)
    yield provider
    await provider.aclose()


async def answer(provider: Provider, request: Request = REQUEST) -> tuple[list[str], Finish]:
    async with aclosing(provider.stream(request)) as deltas:
        found = [delta async for delta in deltas]
    assert found[-1].finish
    return [delta.text for delta in found if delta.text], found[-1].finish


def running_answers(endpoint: Endpoint) -> int:
    """How many answers the server is generating, by its own metrics."""
    url = endpoint.base_url.removesuffix("/v1") + "/metrics"
    query = urllib.request.Request(url, headers={"Authorization": f"Bearer {endpoint.api_key}"})
    with urllib.request.urlopen(query, timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    return next(int(float(line.split()[-1])) for line in lines if line.startswith("llamacpp:requests_processing"))


async def test_the_text_arrives_in_chunks_and_is_counted(provider: Provider) -> None:
    chunks, finish = await answer(provider)
    assert len(chunks) > 1
    assert finish.reason in ("stop", "length")
    assert finish.usage.input_tokens
    assert 10 < finish.usage.input_tokens < 60
    assert finish.usage.output_tokens
    assert finish.usage.output_tokens <= 24


async def test_an_answer_ends_at_max_tokens(provider: Provider) -> None:
    _, finish = await answer(provider, Request("any", LONG.messages, "", 5))
    assert (finish.reason, finish.usage.output_tokens) == ("length", 5)


async def test_closing_the_stream_ends_the_generation(provider: Provider, endpoint: Endpoint) -> None:
    async with aclosing(provider.stream(LONG)) as deltas:
        async for delta in deltas:
            if delta.text:
                break
    for _ in range(100):
        if not await asyncio.to_thread(running_answers, endpoint):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the server still generates")


async def test_a_prompt_that_is_too_long_is_a_context_overflow(provider: Provider) -> None:
    with pytest.raises(ContextOverflow):
        await answer(provider, OVERLONG)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_wrong_key_is_an_invalid_key(protocol: str, endpoint: Endpoint) -> None:
    provider = connect_to(protocol, endpoint, "wrong")
    with pytest.raises(InvalidKey):
        await answer(provider)
    await provider.aclose()


async def test_two_answers_run_at_once(endpoint: Endpoint) -> None:
    both = [connect_to(protocol, endpoint) for protocol in PROTOCOLS]
    for chunks, finish in await asyncio.gather(*map(answer, both)):
        assert "".join(chunks).strip()
        assert finish.usage.output_tokens
    for provider in both:
        await provider.aclose()


async def test_the_openai_protocol_lists_the_served_model(endpoint: Endpoint, model: LlamaServer) -> None:
    provider = connect_to("openai", endpoint)
    (listed,) = await provider.models()
    assert listed.id == model.model
    assert listed.context_tokens
    await provider.aclose()
