"""Ollama and LM Studio on this machine: stand-ins on loopback, on ports of their own."""

import socket
from collections.abc import Iterator

import pytest

from chatbot.providers import ProviderPool
from chatbot.providers.discovery import find_servers
from chatbot.types import PROVIDER_NAMES, FoundName
from tests.conftest import MakeSettings
from tests.fake_upstream import FakeUpstream, Scenario

ALONE = {"openai_api_key": None, "anthropic_api_key": None, "hf_token": None, "compatible_base_url": None}

PATIENT = 30
"""Seconds: this machine may be busy."""


@pytest.fixture(autouse=True)
def found_names() -> Iterator[None]:
    """Forgets what was found: the names are the process's."""
    before = [*PROVIDER_NAMES]
    yield
    PROVIDER_NAMES[:] = before


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_that_lists_models_is_found(upstream: FakeUpstream) -> None:
    ports: dict[FoundName, int] = {"ollama": upstream.port, "lmstudio": closed_port()}
    assert await find_servers(ports, PATIENT) == {"ollama"}


@pytest.mark.parametrize("body", [{"object": "list", "data": None}, {"detail": "Not Found"}, {"data": []}])
async def test_something_else_on_the_port_is_not(upstream: FakeUpstream, body: object) -> None:
    upstream.list_body = body
    assert await find_servers({"ollama": upstream.port}) == set()


@pytest.mark.parametrize("scenario", [Scenario(status=500), Scenario(headers_after=5)], ids=["error", "slow"])
async def test_a_server_that_fails_or_is_slow_is_not_found(upstream: FakeUpstream, scenario: Scenario) -> None:
    upstream.scenario = scenario
    assert await find_servers({"ollama": upstream.port}) == set()


async def test_a_silent_port_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert await find_servers({"ollama": silent.getsockname()[1]}) == set()


async def test_it_is_offered_and_never_chosen_by_itself(upstream: FakeUpstream, settings: MakeSettings) -> None:
    pool = ProviderPool(settings(**ALONE))
    assert (pool.offered, pool.default) == ([], None)
    await pool.discover({"lmstudio": upstream.port}, PATIENT)
    assert pool.offered == ["lmstudio"]
    assert PROVIDER_NAMES[-2:] == ["lmstudio", "local"]
    assert pool.default is None
    assert pool.alternatives("openai") == []
    await pool.discover({"lmstudio": closed_port()})
    assert pool.offered == []
    await pool.aclose()


@pytest.mark.parametrize("off", [{"chatbot_discover": "off"}, {"space_id": "somebody/chatbot"}])
async def test_it_can_be_turned_off_and_never_happens_on_a_space(
    upstream: FakeUpstream, settings: MakeSettings, off: dict[str, str]
) -> None:
    pool = ProviderPool(settings(**ALONE | off))
    await pool.discover({"ollama": upstream.port})
    assert pool.offered == []
    assert upstream.all_requests == []
    await pool.aclose()


async def test_a_server_that_is_set_up_is_not_offered_twice(upstream: FakeUpstream, settings: MakeSettings) -> None:
    pool = ProviderPool(settings())
    await pool.discover({"ollama": upstream.port})
    assert "compatible" in pool.offered
    assert "ollama" not in pool.offered
    await pool.aclose()
