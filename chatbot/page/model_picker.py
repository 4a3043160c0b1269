"""What the model picker offers: the providers with their models, and what is known of each model."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import SecretStr

from chatbot.errors import ChatbotError
from chatbot.page.i18n import local_label
from chatbot.page.settings_values import typed_keys
from chatbot.providers import ProviderPool
from chatbot.types import PROVIDER_NAMES, Finish, ModelChoice, ProviderName, Usage

PRICED_TOKENS = 1000
"""Prices are asked for so many tokens: some models cost more from 200,000 tokens on."""

MAX_MODELS = 1000
"""Of one provider; a typed name reaches the others."""


class ModelEntry(TypedDict):
    """A model. `context` is in tokens, `input` and `output` are US dollars a million tokens. Unknown facts are
    missing."""

    id: str
    context: NotRequired[int]
    input: NotRequired[float]
    output: NotRequired[float]
    images: NotRequired[bool]
    demo: NotRequired[bool]


class ProviderEntry(TypedDict):
    """A provider whose models can be chosen, and what became of its list. The page labels the local one itself."""

    name: ProviderName
    label: str
    state: Literal["loading", "listed", "empty", "failed"]
    models: list[ModelEntry]


async def list_all_models(pool: ProviderPool, *fields: Any) -> AsyncGenerator[dict[str, list[ProviderEntry]]]:
    """All providers that can be chosen: at once as far as their models are known, and again whenever a list arrives.
    `fields` are those of the visitor's own keys."""
    keys = typed_keys(fields)
    await asyncio.gather(pool.discover(), asyncio.to_thread(_refresh, pool))
    names = [name for name in PROVIDER_NAMES if name in pool.offered or name in keys]
    found = {name: await asyncio.to_thread(known_entry, pool, name, keys.get(name)) for name in names}
    yield {"providers": list(found.values())}
    loading = [_arriving_entry(pool, name, keys.get(name)) for name in names if found[name]["state"] == "loading"]
    for arriving in asyncio.as_completed(loading):
        entry = await arriving
        found[entry["name"]] = entry
        yield {"providers": list(found.values())}


def initial_picker(pool: ProviderPool, *, can_download: bool) -> dict[str, Any]:
    """What the picker shows before it has asked: the providers' names, what a page starts with, and whether visitors
    may fetch local models."""
    default = pool.default
    entries = [_entry(pool, name, pool.models(name) if name == "local" else [], "loading") for name in pool.offered]
    chosen = {"provider": default.provider, "model": default.model} if default else {"provider": "", "model": ""}
    return {"providers": entries, "chosen": chosen, "can_download": can_download}


def known_entry(pool: ProviderPool, name: ProviderName, key: SecretStr | None = None) -> ProviderEntry:
    """What is known of the provider without waiting. A list for the visitor's `key` is never known."""
    state = "loading" if key else pool.list_state(name)
    return _entry(pool, name, pool.models(name), state)


async def _arriving_entry(pool: ProviderPool, name: ProviderName, key: SecretStr | None) -> ProviderEntry:
    if key is None:
        models = await pool.wait_for_models(name)
        return await asyncio.to_thread(_entry, pool, name, models, pool.list_state(name))
    try:
        listed = await pool.list_models(name, key)
    except ChatbotError:
        return await asyncio.to_thread(_entry, pool, name, pool.models(name), "failed")
    return await asyncio.to_thread(_entry, pool, name, listed, "listed" if listed else "empty")


def _entry(pool: ProviderPool, name: ProviderName, models: list[str], state: Any) -> ProviderEntry:
    entries = [_model(pool, ModelChoice(name, model)) for model in models[:MAX_MODELS]]
    return {"name": name, "label": pool.label(name), "state": state, "models": entries}


def _refresh(pool: ProviderPool) -> None:
    """Looks for local models again. Blocks."""
    if pool.local_models:
        pool.local_models.refresh()


def _model(pool: ProviderPool, choice: ModelChoice) -> ModelEntry:
    profile = pool.profile(choice)
    facts = {
        "id": choice.model,
        "context": profile.context_tokens,
        "input": _price(pool, choice, Usage(PRICED_TOKENS, 0)),
        "output": _price(pool, choice, Usage(0, PRICED_TOKENS)),
        "images": profile.reads_images or None,
        "demo": (choice.provider == "local" and local_label(choice.model) == "provider.demo") or None,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}  # type: ignore[return-value]


def _price(pool: ProviderPool, choice: ModelChoice, usage: Usage) -> float | None:
    """US dollars a million tokens."""
    cost = pool.cost(choice, Finish("stop", usage))
    return None if cost is None else round(cost / PRICED_TOKENS * 1e6, 4)
