"""A visitor's own key: sent only with that visitor's requests, only to its provider, and never stored."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

import chatbot.providers.anthropic
import chatbot.providers.openai
from chatbot.errors import InvalidKey, NoProvider
from chatbot.providers import Provider, ProviderPool
from chatbot.types import Message, ProviderName, Request
from tests.conftest import OPERATORS_KEY, CreateReplies, MakeSettings
from tests.fake_upstream import FAULTS, FakeUpstream
from tests.support.reply_setup import ReplySetup, until, wait_for_end

MINE = "sk-visitor-fedcba9876543210"
OTHER = "sk-another-visitor-00000000"
NAMES: list[ProviderName] = ["openai", "anthropic", "huggingface", "compatible"]
HELLO = Request("any-model", (Message("user", "Hi"),))


@pytest.fixture(scope="module")
def upstream_server() -> Iterator[FakeUpstream]:
    """An upstream of this file's own, because these tests count its connections."""
    with FakeUpstream() as server:
        yield server


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeUpstream]:
    """Takes the place of the official hosts of OpenAI and Anthropic."""
    with FakeUpstream() as host:
        monkeypatch.setattr(chatbot.providers.openai, "OFFICIAL_URL", host.openai_url)
        monkeypatch.setattr(chatbot.providers.anthropic, "OFFICIAL_URL", host.anthropic_url)
        yield host


@pytest.fixture
async def providers(settings: MakeSettings) -> AsyncIterator[ProviderPool]:
    providers = ProviderPool(settings())
    yield providers
    await providers.aclose()


def received_keys(upstream: FakeUpstream) -> set[str]:
    """Returns the keys that the upstream received."""
    headers = (request.headers for request in upstream.all_requests)
    sent = (each.get("x-api-key") or each.get("authorization", "") for each in headers)
    return {key.removeprefix("Bearer ") for key in sent}


async def use(provider: Provider) -> None:
    assert [delta async for delta in provider.stream(HELLO)]


@pytest.mark.parametrize("name", NAMES)
async def test_a_visitors_key_is_sent_to_its_provider(
    name: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream, official: FakeUpstream
) -> None:
    _, answer = await replies_setup.answer("Hello", provider=name, key=MINE)
    assert answer.status == "complete"
    gateway = name in ("openai", "anthropic")
    assert received_keys(official) == ({MINE} if gateway else set())
    assert received_keys(upstream) == (set() if gateway else {MINE})
    await replies_setup.answer("Hello", provider=name)
    assert received_keys(official) == ({MINE} if gateway else set())
    assert OPERATORS_KEY in received_keys(upstream)


@pytest.mark.parametrize("name", NAMES)
async def test_a_visitors_key_works_without_an_operators_key(
    name: ProviderName, create_replies: CreateReplies, upstream: FakeUpstream, official: FakeUpstream
) -> None:
    replies_setup = create_replies(openai_api_key=None, anthropic_api_key=None, hf_token=None, compatible_api_key=None)
    _, answer = await replies_setup.answer("Hello", provider=name, key=MINE)
    assert answer.status == "complete"
    assert received_keys(upstream) | received_keys(official) == {MINE}


async def test_which_providers_take_a_key(settings: MakeSettings) -> None:
    providers = ProviderPool(settings())
    assert [name for name in (*NAMES, "local") if providers.takes_key(name)] == NAMES
    without = ProviderPool(settings(compatible_base_url=None))
    assert not without.takes_key("compatible")
    for name in ("compatible", "local"):
        with pytest.raises(NoProvider):
            without.get(name, SecretStr(MINE))


async def test_each_key_has_its_own_client(providers: ProviderPool, upstream: FakeUpstream) -> None:
    operators, mine, other = (
        providers.get("compatible"),
        providers.get("compatible", SecretStr(MINE)),
        providers.get("compatible", SecretStr(OTHER)),
    )
    assert len({id(each) for each in (operators, mine, other)}) == 3
    for provider, key in ((operators, OPERATORS_KEY), (mine, MINE), (other, OTHER)):
        upstream.all_requests.clear()
        await use(provider)
        assert received_keys(upstream) == {key}


async def test_a_key_is_not_stored_logged_or_reported(
    replies_setup: ReplySetup, upstream: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    upstream.scenario = FAULTS["echo_key"]
    reply = await replies_setup.say("Hello", key=MINE)
    await wait_for_end(reply)
    assert isinstance(reply.error, InvalidKey)
    assert MINE not in f"{replies_setup.files()!r} {caplog.text} {reply.error!r} {reply.snapshot()}"


async def test_a_visitors_model_list_is_not_cached(
    providers: ProviderPool, upstream: FakeUpstream, official: FakeUpstream
) -> None:
    upstream.listed = [{"id": "mine-alone"}]
    assert await providers.list_models("compatible", SecretStr(MINE)) == ["mine-alone"]
    assert providers.models("compatible") == []
    assert received_keys(upstream) == {MINE}
    assert "gpt-6-luna" in await providers.list_models("openai", SecretStr(MINE))
    official.scenario = FAULTS["wrong_key"]
    with pytest.raises(InvalidKey):
        await providers.list_models("openai", SecretStr(MINE))


async def test_the_connection_closes_when_the_answer_ends(providers: ProviderPool, upstream: FakeUpstream) -> None:
    await until(lambda: upstream.connections == 0)
    mine = providers.get("compatible", SecretStr(MINE))
    for _ in range(2):
        await use(mine)
        await until(lambda: upstream.connections == 0)


async def test_many_keys_at_once_leave_no_open_connection(providers: ProviderPool, upstream: FakeUpstream) -> None:
    await until(lambda: upstream.connections == 0)
    keys_at_once = [SecretStr(f"sk-visitor-{number}") for number in range(40)]
    await asyncio.gather(*(use(providers.get("compatible", key)) for key in keys_at_once))
    await until(lambda: upstream.connections == 0)
