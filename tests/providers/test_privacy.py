"""Keys and prompts reach only the server that they are meant for."""

import os

import pytest
from pydantic import SecretStr

from chatbot.errors import Unavailable, UnreadableAnswer
from chatbot.providers import Provider, connect
from chatbot.types import Message, ProviderName, Request
from tests.conftest import OPERATORS_KEY, MakeSettings, OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Received

HELLO = Request("any-model", (Message("user", "A secret."),))
NAMES: list[ProviderName] = ["openai", "compatible", "huggingface", "anthropic"]

FOREIGN = "leaked-from-the-environment"
SDK_VARIABLES = {
    "OPENAI_API_KEY": FOREIGN,
    "OPENAI_ADMIN_KEY": FOREIGN,
    "OPENAI_ORG_ID": FOREIGN,
    "OPENAI_PROJECT_ID": FOREIGN,
    "OPENAI_CUSTOM_HEADERS": f"Authorization: Bearer {FOREIGN}\nX-Gateway: {FOREIGN}",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "ANTHROPIC_API_KEY": FOREIGN,
    "ANTHROPIC_AUTH_TOKEN": FOREIGN,
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    "ANTHROPIC_CUSTOM_HEADERS": f"x-api-key: {FOREIGN}\nAuthorization: Bearer {FOREIGN}\nX-Gateway: {FOREIGN}",
    "ANTHROPIC_PROFILE": FOREIGN,
    "OPENAI_WEBHOOK_SECRET": FOREIGN,
    "ANTHROPIC_WEBHOOK_SIGNING_KEY": FOREIGN,
    "ANTHROPIC_CONFIG_DIR": FOREIGN,
    "ANTHROPIC_IDENTITY_TOKEN": FOREIGN,
    "ANTHROPIC_FEDERATION_RULE_ID": FOREIGN,
    "ANTHROPIC_ORGANIZATION_ID": FOREIGN,
    "ANTHROPIC_SERVICE_ACCOUNT_ID": FOREIGN,
    "ANTHROPIC_WORKSPACE_ID": FOREIGN,
}


async def use(provider: Provider) -> None:
    async for _ in provider.stream(HELLO):
        pass
    await provider.models()
    await provider.aclose()


def headers_of(received: Received) -> str:
    return " ".join(received.headers.values())


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_sends_its_own_key(
    name: ProviderName, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    await use(open_provider(name))
    assert len(upstream.all_requests) == 2
    assert all(OPERATORS_KEY in headers_of(request) for request in upstream.all_requests)


@pytest.mark.parametrize("key", [OPERATORS_KEY, None])
@pytest.mark.parametrize("name", ["compatible", "huggingface"])
async def test_the_keys_of_openai_and_anthropic_never_reach_another_server(
    name: ProviderName,
    key: str | None,
    settings: MakeSettings,
    upstream: FakeUpstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = settings(compatible_api_key=key)
    for variable, value in SDK_VARIABLES.items():
        monkeypatch.setenv(variable, value)
    await use(connect(name, chosen))
    assert len(upstream.all_requests) == 2
    for request in upstream.all_requests:
        assert FOREIGN not in headers_of(request)
        expected = OPERATORS_KEY if key or name == "huggingface" else "none"
        assert request.headers["authorization"] == f"Bearer {expected}"


async def test_anthropics_other_credentials_are_not_sent(
    settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings()
    for variable, value in SDK_VARIABLES.items():
        monkeypatch.setenv(variable, value)
    await use(connect("anthropic", chosen))
    assert len(upstream.all_requests) == 2
    assert all(FOREIGN not in headers_of(request) for request in upstream.all_requests)


@pytest.mark.parametrize("name", NAMES)
async def test_no_credential_of_the_environment_is_sent_with_any_key(
    name: ProviderName, settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings()
    for variable, value in SDK_VARIABLES.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr("chatbot.providers.anthropic.OFFICIAL_URL", upstream.anthropic_url)
    monkeypatch.setattr("chatbot.providers.openai.OFFICIAL_URL", upstream.openai_url)
    visitors_key = SecretStr("a-visitors-own-key")
    await use(connect(name, chosen))
    await use(connect(name, chosen, visitors_key))
    keys = [OPERATORS_KEY, OPERATORS_KEY, "a-visitors-own-key", "a-visitors-own-key"]
    assert len(upstream.all_requests) == len(keys)
    for request, key in zip(upstream.all_requests, keys, strict=True):
        assert key in headers_of(request)
        assert FOREIGN not in headers_of(request)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_a_key_without_base_url_reaches_only_the_official_host(
    name: ProviderName, settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(**{f"{name}_base_url": None})
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.openai_url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", upstream.anthropic_url)
    for proxy in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # nothing leaves this machine
    with pytest.raises(Unavailable):
        await use(connect(name, chosen))
    assert upstream.all_requests == []


@pytest.mark.parametrize(
    ("name", "host"), [("openai", "127.0.0.1"), ("compatible", "localhost"), ("anthropic", "127.0.0.1")]
)
async def test_a_server_on_this_machine_bypasses_the_proxy(
    name: ProviderName, host: str, settings: MakeSettings, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    address = getattr(settings(), f"{name}_base_url").replace("127.0.0.1", host)
    await use(connect(name, settings(**{f"{name}_base_url": address})))
    assert len(upstream.all_requests) == 2


@pytest.mark.parametrize("name", NAMES)
async def test_a_redirect_is_not_followed(
    name: ProviderName, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS["redirect"]
    provider = open_provider(name)
    with pytest.raises(UnreadableAnswer):
        await use(provider)
    with pytest.raises(UnreadableAnswer):
        await provider.models()
    assert len(upstream.all_requests) == 2
    assert "/moved" not in {request.path for request in upstream.all_requests}


def test_the_tests_see_no_key_of_the_developer() -> None:
    assert not [name for name in os.environ if name in SDK_VARIABLES]
