"""The models on this computer: which there are, and how they are changed. The real weights under other names."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from chatbot.errors import ModelNotLoaded, UnknownModel
from chatbot.providers import ProviderPool, registry
from chatbot.providers.local import local_models as module
from chatbot.providers.local.capacity import fitting_context, free_disk, free_memory
from chatbot.providers.local.catalog import CATALOG, find_files
from chatbot.providers.local.gguf import GgufFacts, read_facts
from chatbot.providers.local.llama_server import escape_control_tokens
from chatbot.providers.local.local_models import LocalModels
from chatbot.providers.local.model_entries import list_entries
from chatbot.providers.local.provider import LocalProvider
from chatbot.providers.local.weights import SMOLLM2, default_cache, find_weights
from chatbot.types import Message, ModelChoice, Request
from tests.conftest import MakeSettings

BETTER = CATALOG[1]
STORY = (Message("user", "Tell me a long story about a dragon, with many chapters."),)


@pytest.fixture(scope="module")
def weights() -> Path:
    return find_weights(None, default_cache(Path("data")))


@pytest.fixture
def cache(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the default model and a downloaded one, beside an empty one of Hugging Face."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = tmp_path / "models"
    for path in (folder / weights.name, BETTER.path(folder)):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(weights, path)
    return folder


@pytest.fixture
async def models(cache: Path) -> AsyncIterator[LocalModels]:
    made = LocalModels(None, cache, None, has_others=True)
    made.refresh()
    yield made
    await asyncio.to_thread(made.close)


@pytest.fixture
async def provider(models: LocalModels) -> AsyncIterator[LocalProvider]:
    made = LocalProvider("Demo model", models)
    yield made
    await made.aclose()


async def answer(provider: LocalProvider, model: str, length: int = 4) -> str:
    async with aclosing(provider.stream(Request(model, STORY, max_tokens=length))) as deltas:
        return "".join([delta.text async for delta in deltas])


# What a file says of itself


def test_the_header_says_context_template_and_control_tokens(weights: Path) -> None:
    facts = read_facts(weights)
    assert (facts.context_tokens, facts.is_chat_model, facts.can_think) == (8192, True, False)
    assert facts.cache_bytes == 23_040  # 30 layers, 3 heads of 64 values, for keys and values, two bytes each
    assert {"<|im_start|>", "<|im_end|>", "<file_sep>"} <= {*facts.control_tokens}


def test_the_control_tokens_of_the_file_are_escaped(weights: Path) -> None:
    tokens = read_facts(weights).control_tokens
    assert len(tokens) == 17
    for token in (*tokens, "«odd»"):
        escaped = escape_control_tokens(f"a{token}b", (*tokens, "«odd»"))
        assert token not in escaped
        assert escaped.replace(" ", "") == f"a{token}b".replace(" ", "")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + bytes(100), b"GGUF" + b"\xff" * 100, b"PK\3\4" * 50])
def test_a_damaged_header_is_a_value_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "My.gguf").write_bytes(content)
    with pytest.raises(ValueError, match=r"not a GGUF|damaged|empty"):
        read_facts(tmp_path / "My.gguf")
    assert find_files(tmp_path) == {}


def test_a_context_is_the_models_own_as_far_as_the_memory_allows() -> None:
    facts = GgufFacts(32_768, 100_000, is_chat_model=True, can_think=False, control_tokens=())
    assert [fitting_context(facts, free * 10**9, 2) for free in (100, 4, 1)] == [8192, 4864, 2048]
    small = GgufFacts(1024, 100_000, is_chat_model=True, can_think=False, control_tokens=())
    assert fitting_context(small, 10**11, 2) == 1024


def test_there_is_some_memory_and_disk(tmp_path: Path) -> None:
    assert 10**7 < free_memory() < 10**14
    assert 10**7 < free_disk(tmp_path / "not" / "there") < 10**17


# Which there are


def test_files_in_both_caches_are_found(cache: Path, weights: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "models--us--tiny" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    for name in ("Tiny.gguf", "Parts-00001-of-00002.gguf", "Parts-00002-of-00002.gguf"):
        (snapshot / name).symlink_to(weights)
    assert find_files(cache).keys() == {BETTER.name, "Tiny", "Parts-00001-of-00002"}


def test_what_local_model_names_comes_first(cache: Path, weights: Path) -> None:
    models = LocalModels(str(weights), cache, None, has_others=True)
    models.refresh()
    assert models.names == [weights.stem, SMOLLM2.model, BETTER.name]


async def test_the_page_can_start_with_a_downloaded_model(
    cache: Path, settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "default_cache", lambda _: cache)
    wanted = {"local_model": "bundled", "chatbot_provider": "local", "chatbot_model": BETTER.name}
    pool = ProviderPool(settings(**wanted))
    assert pool.default == ModelChoice("local", BETTER.name)
    assert pool.models("local") == [BETTER.name, SMOLLM2.model]
    await pool.aclose()


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({}, True),
        ({"space_id": "somebody/chatbot"}, False),
        ({"gradio_share": True}, False),
        ({"chatbot_local_downloads": "off"}, False),
        ({"space_id": "somebody/chatbot", "chatbot_local_downloads": "on"}, True),
        ({"local_model": "off"}, False),
    ],
)
def test_only_the_operator_may_let_a_public_page_download(
    settings: MakeSettings, given: dict[str, object], *, allowed: bool
) -> None:
    assert settings(**{"local_model": "bundled"} | given).local_downloads() == allowed


def test_on_a_public_page_there_is_only_what_local_model_names(cache: Path) -> None:
    models = LocalModels(None, cache, None, has_others=False)
    models.refresh()
    assert models.names == [SMOLLM2.model]


def test_the_entries_say_what_each_takes(models: LocalModels) -> None:
    entries = {entry.name: entry for entry in list_entries(models, can_download=True)}
    assert [entry.name for entry in entries.values() if entry.state == "ready"] == [SMOLLM2.model, BETTER.name]
    assert len(entries) == len(CATALOG) + 1
    assert entries[SMOLLM2.model].is_demo
    assert entries[BETTER.name].is_removable
    assert not entries[SMOLLM2.model].is_removable
    absent = entries[CATALOG[0].name]
    assert (absent.state, absent.size, absent.license) == ("absent", CATALOG[0].size, "Apache-2.0")
    assert (absent.memory or 0) > CATALOG[0].size
    assert len(list_entries(models, can_download=False)) == 2


# Changing from one to another


@pytest.mark.tier2
async def test_another_model_is_loaded_for_its_answers(provider: LocalProvider) -> None:
    models = provider.local_models
    assert await answer(provider, SMOLLM2.model)
    first = await models.server.endpoint()
    assert (first.is_demo, models.server.profile.context_tokens) == (True, 2048)
    assert await answer(provider, BETTER.name)
    second = await models.server.endpoint()
    assert not second.is_demo
    assert second.base_url != first.base_url
    assert models.server.profile.context_tokens == 8192
    assert models.server.tokens_per_second
    assert await answer(provider, SMOLLM2.model)
    assert (await models.server.endpoint()).is_demo


@pytest.mark.tier2
async def test_what_is_being_answered_ends_first(provider: LocalProvider) -> None:
    models = provider.local_models
    async with aclosing(provider.stream(Request(BETTER.name, STORY, max_tokens=60))) as deltas:
        await anext(deltas)
        other = asyncio.create_task(answer(provider, SMOLLM2.model))
        while models.state(SMOLLM2.model) is None:
            await asyncio.sleep(0)
        late = asyncio.create_task(answer(provider, BETTER.name))  # it comes after the change: nobody waits for ever
        rest = [delta async for delta in deltas]
    assert rest[-1].finish
    assert rest[-1].finish.reason in ("stop", "length")
    assert await other
    assert await late
    assert models.server.model == BETTER.name


async def test_a_model_that_is_not_there_is_refused(provider: LocalProvider) -> None:
    with pytest.raises(UnknownModel, match="Gone-Q4 is not on this computer"):
        await answer(provider, "Gone-Q4")
    assert provider.local_models.server.model == SMOLLM2.model


async def test_without_the_memory_the_loaded_model_stays(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: 10**7)
    with pytest.raises(ModelNotLoaded, match="MB of memory, and 10 MB are free"):
        await answer(provider, BETTER.name)
    assert provider.local_models.server.model == SMOLLM2.model


async def test_a_removed_model_is_unloaded_and_its_file_deleted(models: LocalModels, cache: Path) -> None:
    await models.load(BETTER.name)
    await models.remove(BETTER)
    assert not BETTER.path(cache).exists()
    assert models.names == [SMOLLM2.model]
    assert models.server.model == SMOLLM2.model


@pytest.mark.tier2
async def test_a_file_that_is_no_model_is_reported_and_can_be_tried_again(
    models: LocalModels, cache: Path, weights: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = weights.read_bytes()
    (cache / "My.gguf").write_bytes(content[: len(content) // 2])
    models.refresh()
    with pytest.raises(ModelNotLoaded, match="My could not be loaded: its weights are damaged"):
        await models.load("My")
    shutil.copyfile(weights, cache / "My.gguf")
    await models.load("My")
    assert (state := models.state("My"))
    assert state.phase == "ready"
