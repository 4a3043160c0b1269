"""Fixtures of several test files: a fake upstream, settings, providers, replies and a running app."""

import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

# Pytest parses the modules of packages that have a plugin, and Python 3.11 cannot do that in two threads at once.
import anyio._backends._asyncio  # noqa: F401 - which nobody imports before it is used
import pytest

from chatbot.providers import Provider, connect, registry
from chatbot.settings import Settings
from chatbot.storage import ConversationMemory
from chatbot.types import ProviderName
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.chromium import CHROMIUM
from tests.support.postgres import PostgresServer
from tests.support.reply_setup import ReplySetup
from tests.support.running import RunningApp, two_providers

OPERATORS_KEY = "sk-operator-for-nobody-ZQXJ"
"""Its last four characters, which a masked key shows, occur in no id, port or time by chance."""

LOGINS = (("alice", "pass: word"), ("Jürgen", "schlüssel🔑"))
"""Names and passwords of `login_app`."""

MakeSettings = Callable[..., Settings]
OpenProvider = Callable[[ProviderName], Provider]
CreateReplies = Callable[..., ReplySetup]


TIERS = {
    "1": "a first look, under three minutes",
    "2": "the rest of what every push runs",
    "all": "both",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --tier."""
    described = "; ".join(f"{name}: {what}" for name, what in TIERS.items())
    parser.addoption("--tier", choices=TIERS, default="1", help=f"which tests to run; {described}")


def pytest_xdist_auto_num_workers() -> int:
    """Uses all cores. Tests wait for servers a third of their time, which one more can use; browsers use it too."""
    cores = os.cpu_count() or 1
    return cores if CHROMIUM else cores + 1


gc.disable()  # until all tests are collected: of what that makes nothing is garbage, and looking takes a quarter of it


def pytest_collection_finish() -> None:
    """Lets the garbage collector run again, past everything that is there now."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the tests of the other tier. The page's come first: their files take longest, and one that begins last
    is waited for by the other cores."""
    tier = config.getoption("--tier")
    chosen: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        is_chosen = tier in ("all", "2" if _is_in_tier2(item) else "1")
        (chosen if is_chosen else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(chosen, key=lambda item: "tests/browser/" not in item.nodeid)


def _is_in_tier2(item: pytest.Item) -> bool:
    """Marked so, or another than the first case of a test of the page or of one marked `first_case`."""
    if item.get_closest_marker("tier2"):
        return True
    is_reduced = item.get_closest_marker("first_case") or "tests/browser/" in item.nodeid
    case = getattr(item, "callspec", None)
    return bool(is_reduced and case and any(case.indices.values()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which tier ran, and how to run the rest."""
    options = terminalreporter.config.option
    seed = getattr(options, "randomly_seed", "none")
    terminalreporter.write_line(f"Tier {options.tier}: {TIERS[options.tier]}. Order: --randomly-seed={seed}")
    terminalreporter.write_line("More: python -m pytest --tier 2; python -m tests.endurance, which takes two hours.")


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[FakeUpstream]:
    """One upstream for all tests, because stopping a server is slow."""
    with FakeUpstream() as server:
        yield server


@pytest.fixture
def upstream(upstream_server: FakeUpstream) -> FakeUpstream:
    """The upstream without a scenario or received requests."""
    upstream_server.reset()
    return upstream_server


@pytest.fixture(autouse=True)
def without_developer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the environment and `.env` of the developer out of the tests."""
    names = {name.upper() for name in Settings.model_fields}
    for name in [*os.environ]:
        if name.upper() in names or name.startswith(("OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture
def settings(upstream: FakeUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSettings:
    """Makes settings with every provider except the embedded one configured for the upstream."""
    monkeypatch.setattr(registry, "HUGGINGFACE_URL", upstream.openai_url)
    # Without certificates, because each client would read the system's for 20 ms.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    defaults = {
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
    return lambda **values: Settings.load(**defaults | values)


@pytest.fixture
async def open_provider(settings: MakeSettings) -> AsyncIterator[OpenProvider]:
    """Opens providers like the app, and closes them after the test."""
    providers: list[Provider] = []

    def open_one(name: ProviderName) -> Provider:
        providers.append(connect(name, settings()))
        return providers[-1]

    yield open_one
    for provider in providers:
        await provider.aclose()


@pytest.fixture
async def create_replies(settings: MakeSettings) -> AsyncIterator[CreateReplies]:
    """Creates replies over the test's data directory, with the given settings changed; closes them after the test."""
    created: list[ReplySetup] = []

    def create(**values: object) -> ReplySetup:
        created.append(ReplySetup(settings(**values)))
        return created[-1]

    yield create
    for replies_setup in created:
        await replies_setup.close()


@pytest.fixture
def replies_setup(create_replies: CreateReplies) -> ReplySetup:
    """Replies over an empty store."""
    return create_replies()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of a worker."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def api_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """One app for all API tests that do not stop it; the visitors of each test have their own sessions."""
    environment = two_providers(upstream_server)
    with RunningApp(tmp_path_factory.mktemp("api"), environment) as running:
        yield running


@pytest.fixture(scope="session")
def login_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that asks for one of LOGINS."""
    logins = ",".join(f"{name}:{password}" for name, password in LOGINS)
    environment = two_providers(upstream_server) | {"CHATBOT_AUTH": logins}
    with RunningApp(tmp_path_factory.mktemp("login_app"), environment) as running:
        yield running


@pytest.fixture
def visitor(api_app: RunningApp, upstream: FakeUpstream) -> Iterator[Visitor]:
    """A new visitor of the API."""
    with Visitor(api_app.url) as new_visitor:
        yield new_visitor


@pytest.fixture
def threads_switch_often() -> Iterator[None]:
    """Makes Python switch threads as often as it can, so that a race fails in the test."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A session's directory that does not exist yet."""
    return tmp_path / "the-session"


@pytest.fixture
def memory(path: Path) -> ConversationMemory:
    return ConversationMemory(path)


@pytest.fixture
def other(tmp_path: Path) -> ConversationMemory:
    """The memory of another session."""
    return ConversationMemory(tmp_path / "another-session")
