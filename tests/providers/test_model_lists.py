"""Model profiles from the providers' own lists, which are fetched in the background, and without such lists."""

import asyncio
from typing import Any

import pytest

from chatbot.errors import UnreadableAnswer
from chatbot.providers import ProviderPool, model_lists
from chatbot.providers.model_list_entries import parse_model_entry, parse_model_list
from chatbot.types import Finish, ModelChoice, ModelProfile, ProviderName, Usage
from tests.conftest import MakeSettings, OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import until

OPENROUTER = {
    "id": "meta/llama-4",
    "context_length": 131072,
    "architecture": {"output_modalities": ["text"]},
    "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "request": "0"},
}
VLLM = {"id": "Qwen/Qwen3-8B", "object": "model", "owned_by": "vllm", "max_model_len": 32768}
LLAMA_CPP = {"id": "gemma.gguf", "meta": {"n_vocab": 32000, "n_ctx_train": 131072, "n_ctx": 8192}}


def finish_with(read: int | None, written: int, cache_read: int = 0) -> Finish:
    return Finish("stop", Usage(read, written), cache_read)


def hub_entry(*hosts: dict[str, Any]) -> dict[str, Any]:
    return {"id": "openai/gpt-oss-20b", "providers": list(hosts)}


GROQ = {"provider": "groq", "status": "live", "context_length": 131072, "pricing": {"input": 0.1, "output": 0.5}}
EXPENSIVE = {"provider": "dear", "status": "live", "context_length": 65536, "pricing": {"input": 1, "output": 2}}
DOWN = {"provider": "down", "status": "error", "context_length": 1024, "pricing": {"input": 9, "output": 9}}


@pytest.mark.parametrize(
    ("entry", "model"),
    [
        (OPENROUTER, ModelProfile("meta/llama-4", 131072, None, 1.5e-7, 6e-7)),
        (OPENROUTER | {"pricing": {"prompt": "-1", "completion": "-1"}}, ModelProfile("meta/llama-4", 131072)),
        (
            OPENROUTER | {"pricing": {"prompt": "0", "completion": "0"}},
            ModelProfile("meta/llama-4", 131072, None, 0, 0),
        ),
        (VLLM, ModelProfile("Qwen/Qwen3-8B", 32768)),
        (LLAMA_CPP, ModelProfile("gemma.gguf", 8192)),
        ({"id": "m", "meta": {"n_ctx_train": 4096}}, ModelProfile("m", 4096)),
        (hub_entry(GROQ, DOWN), ModelProfile("openai/gpt-oss-20b", 131072, None, 1e-7, 5e-7)),
        (hub_entry(GROQ, EXPENSIVE), ModelProfile("openai/gpt-oss-20b", 65536)),
        ({"id": "c", "max_input_tokens": 200_000, "max_tokens": 64_000}, ModelProfile("c", 200_000, 64_000)),
        ({"id": "m", "context_length": "many", "pricing": "cheap", "providers": 7, "meta": None}, ModelProfile("m")),
        ({"id": "m", "pricing": {"prompt": None, "completion": "x"}, "providers": [None]}, ModelProfile("m")),
    ],
)
def test_every_format_of_model_list_is_parsed(entry: dict[str, Any], model: ModelProfile) -> None:
    found = parse_model_entry(entry)
    assert (found.id, found.context_tokens, found.answer_tokens) == (
        model.id,
        model.context_tokens,
        model.answer_tokens,
    )
    assert [found.input_price, found.output_price] == [
        None if price is None else pytest.approx(price) for price in (model.input_price, model.output_price)
    ]


USABLE: list[tuple[Any, list[str]]] = [
    (
        [{"id": "meta/llama-x", "type": "chat", "context_length": 8192}, {"id": "flux", "type": "image"}],
        ["meta/llama-x"],
    ),
    ({"object": "list", "data": [{"id": "alpha"}, {"name": "no id here"}, {"id": "beta"}]}, ["alpha", "beta"]),
    ({"data": [{"id": None}, {"id": 7}, {"id": ""}, {"id": " "}, None, "alpha", [], {"id": "beta"}]}, ["beta"]),
    ({"models": [{"name": "Gamma", "model": "gamma"}]}, ["gamma"]),
    ({"models": [{"model": "q.gguf"}], "data": [{"id": "q.gguf", "meta": {"n_ctx_train": 4096}}]}, ["q.gguf"]),
    ({"data": None, "models": [{"id": "alpha"}]}, ["alpha"]),
    ([], []),
    ({"data": []}, []),
]


@pytest.mark.parametrize(("body", "ids"), USABLE)
def test_what_is_usable_of_a_list_is_listed(body: Any, ids: list[str]) -> None:
    assert [model.id for model in parse_model_list(body) or []] == ids


@pytest.mark.parametrize("body", [{"error": "Unexpected endpoint"}, {"data": "none"}, "<html>", None, 7])
async def test_a_body_that_is_no_list_is_not_taken_for_an_empty_one(
    body: Any, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    assert parse_model_list(body) is None
    upstream.list_body = body or "null"
    with pytest.raises(UnreadableAnswer):
        await open_provider("compatible").models()


async def test_a_bare_array_from_a_server_is_listed(open_provider: OpenProvider, upstream: FakeUpstream) -> None:
    upstream.list_body, ids = USABLE[0]
    found = await open_provider("compatible").models()
    assert [model.id for model in found] == ids
    assert found[0].context_tokens == 8192


async def test_an_entry_without_an_id_does_not_hide_anthropics_models(
    open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    entry = {"type": "model", "display_name": "x", "created_at": "2026-10-01T00:00:00Z", "lifecycle": "active"}
    upstream.listed = [entry | {"id": None}, entry | {"id": "claude-new"}, entry]
    assert [model.id for model in await open_provider("anthropic").models()] == ["claude-new"]


async def test_anthropic_lists_the_token_limits_of_its_models(open_provider: OpenProvider) -> None:
    models = {model.id: model for model in await open_provider("anthropic").models()}
    assert models["claude-haiku-5-5"] == ModelProfile("claude-haiku-5-5", 200_000, 64_000)


async def test_retired_models_and_models_without_chat_are_not_offered(
    settings: MakeSettings, upstream: FakeUpstream
) -> None:
    entry = {"object": "model", "created": 1, "owned_by": "x", "type": "model", "display_name": "x"}
    entry |= {"created_at": "2026-10-01T00:00:00Z"}
    upstream.listed = [
        entry | {"id": "claude-old", "lifecycle": "retired"},
        entry | {"id": "claude-new", "lifecycle": "active"},
        entry | {"id": "nomic-embed-text", "lifecycle": "active"},
        entry | {"id": "painter", "lifecycle": "active", "architecture": {"output_modalities": ["image"]}},
    ]
    providers = ProviderPool(settings())
    await providers.warm_up()
    assert "claude-old" not in providers.models("anthropic")
    assert providers.models("compatible") == ["claude-old", "claude-new"]
    await providers.aclose()


async def test_context_sizes_and_prices_come_from_the_list(settings: MakeSettings, upstream: FakeUpstream) -> None:
    upstream.listed = [OPENROUTER, VLLM]
    providers = ProviderPool(settings())
    llama, qwen = ModelChoice("compatible", "meta/llama-4"), ModelChoice("compatible", "Qwen/Qwen3-8B")
    assert providers.profile(llama).context_tokens is None
    assert providers.cost(llama, finish_with(1000, 1000)) is None
    await providers.warm_up()
    assert providers.profile(llama).context_tokens == 131072
    assert providers.profile(qwen).context_tokens == 32768
    assert providers.cost(llama, finish_with(1000, 1000)) == pytest.approx(0.00075)
    assert providers.cost(qwen, finish_with(1000, 1000)) is None
    await providers.aclose()


def test_a_missing_price_is_the_public_one_or_unknown(settings: MakeSettings) -> None:
    providers = ProviderPool(settings())
    luna = ModelChoice("openai", "gpt-6-luna")
    whole = providers.cost(luna, finish_with(1_000_000, 1_000_000))
    assert whole
    cached = providers.cost(luna, finish_with(1_000_000, 1_000_000, cache_read=900_000))
    assert cached
    assert cached < whole
    for choice in (
        ModelChoice("openai", "nobody-knows"),
        ModelChoice("compatible", "gpt-6-luna"),
        ModelChoice("local", "any"),
    ):
        assert providers.cost(choice, finish_with(1000, 1000)) is None
    assert providers.cost(luna, finish_with(None, 5)) is None


@pytest.mark.parametrize("name", ["compatible", "anthropic"])
async def test_an_old_list_is_fetched_again_in_the_background(
    name: ProviderName, settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_lists, "FRESH_SECONDS", 0.1)
    monkeypatch.setattr(model_lists, "PAUSE_SECONDS", 0.1)
    providers = ProviderPool(settings())
    await providers.warm_up()
    before = providers.models(name)
    assert len(before) == 3
    upstream.scenario = Scenario(headers_after=0.3)
    upstream.listed = []
    await asyncio.sleep(0.15)
    assert providers.models(name) == before  # on the event loop's thread, which must not wait for the list
    upstream.scenario = FAULTS["server_error"]
    await asyncio.sleep(0.5)
    providers.models(name)
    await asyncio.sleep(0.1)
    assert providers.models(name) == before
    upstream.scenario = Scenario()
    fresh = {"id": "brand-new", "object": "model", "created": 1, "owned_by": "x", "type": "model"}
    fresh |= {"display_name": "x", "created_at": "2026-10-01T00:00:00Z", "lifecycle": "active"}
    upstream.listed = [fresh]
    await until(lambda: providers.models(name) == ["brand-new"])
    await providers.aclose()


async def test_a_silent_provider_does_not_delay_the_others(
    settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_lists, "LIST_SECONDS", 0.2)
    with FakeUpstream(Scenario(headers_after=60)) as silent:
        providers = ProviderPool(settings(openai_base_url=silent.openai_url))
        async with asyncio.timeout(30):  # the silent provider takes 60 seconds
            await providers.warm_up()
        assert providers.models("openai")[0] == "gpt-6-luna"
        assert "claude-haiku-5-5" in providers.models("anthropic")
        await providers.aclose()


async def test_a_server_that_was_down_at_first_is_waited_for_once_it_is_due_again(
    settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_lists, "PAUSE_SECONDS", 2.0)
    upstream.scenario = FAULTS["server_error"]
    providers = ProviderPool(settings())
    assert await providers.wait_for_models("compatible") == []
    upstream.scenario = Scenario(headers_after=0.2)
    assert await providers.wait_for_models("compatible") == []  # too early to ask again
    await asyncio.sleep(2.1)
    assert len(await providers.wait_for_models("compatible")) == 3
    await providers.aclose()
