"""What several test files need: an upstream to talk to, and no settings but the test's own."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from chatbot.providers import Provider, connect, registry
from chatbot.settings import Settings
from chatbot.types import ProviderName
from tests.api import Visitor
from tests.fake_upstream import FakeUpstream
from tests.reply_setup import ReplySetup
from tests.running import RunningApp, two_providers

OPERATORS_KEY = "sk-operator-for-nobody-ZQXJ"
"""Its last four characters, which a masked key shows, stand in no id, port or time by chance."""

MakeSettings = Callable[..., Settings]
OpenProvider = Callable[[ProviderName], Provider]


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[FakeUpstream]:
    """One upstream for all tests: stopping a server takes a while."""
    with FakeUpstream() as server:
        yield server


@pytest.fixture
def upstream(upstream_server: FakeUpstream) -> FakeUpstream:
    """The upstream as new, with nothing received."""
    upstream_server.reset()
    return upstream_server


@pytest.fixture(autouse=True)
def no_settings_of_the_developers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment and `.env` of whoever runs the tests must not change what they show."""
    ours = {name.upper() for name in Settings.model_fields}
    for name in [*os.environ]:
        if name.upper() in ours or name.startswith(("OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture
def settings(upstream: FakeUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSettings:
    """Makes settings with every provider but the embedded one set up to talk to the upstream."""
    monkeypatch.setattr(registry, "HUGGINGFACE_URL", upstream.openai_url)
    # Each client would read the system's certificates for 20 ms, and the upstream has none.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    usual = {
        "openai_api_key": OPERATORS_KEY,
        "openai_base_url": upstream.openai_url,
        "anthropic_api_key": OPERATORS_KEY,
        "anthropic_base_url": upstream.anthropic_url,
        "compatible_api_key": OPERATORS_KEY,
        "compatible_base_url": upstream.openai_url,
        "hf_token": OPERATORS_KEY,
        "local_model": "off",
        "chatbot_data_dir": tmp_path / "data",
        "chatbot_messages_per_minute": 0,
    }
    return lambda **values: Settings.load(**usual | values)


@pytest.fixture
async def open_provider(settings: MakeSettings) -> AsyncIterator[OpenProvider]:
    """Opens providers as the app does, and closes them after the test."""
    providers: list[Provider] = []

    def open_one(name: ProviderName) -> Provider:
        providers.append(connect(name, settings()))
        return providers[-1]

    yield open_one
    for provider in providers:
        await provider.aclose()


@pytest.fixture
async def replies_setup(settings: MakeSettings) -> AsyncIterator[ReplySetup]:
    """Replies over an empty store."""
    replies_setup = ReplySetup(settings())
    yield replies_setup
    await replies_setup.close()


@pytest.fixture(scope="session")
def api_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """One app for all tests of the API that do not end it; each test's visitors have sessions of their own."""
    environment = two_providers(upstream_server)
    with RunningApp(tmp_path_factory.mktemp("api"), environment) as running:
        yield running


@pytest.fixture
def visitor(api_app: RunningApp, upstream: FakeUpstream) -> Iterator[Visitor]:
    """Somebody new at the API."""
    with Visitor(api_app.url) as somebody:
        yield somebody


@pytest.fixture
def threads_switch_often() -> Iterator[None]:
    """Python changes threads as often as it can: what is not protected breaks in a test, not once a month."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
