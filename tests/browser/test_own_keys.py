"""A visitor's own API key enables its provider, pays for that visitor's messages, and is never stored."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Received, Scenario
from tests.support.api_client import asked
from tests.support.chromium import CHROMIUM
from tests.support.running import ROOT, RunningApp

pytestmark = pytest.mark.tier2


KEY = "sk-visitors-own-5d41402abc4b2a76"
OPERATORS = "sk-operators-9719d911017c592"
LAUNCHER = ROOT / "tests" / "support" / "official_hosts.py"


@pytest.fixture(scope="module")
def upstream_server() -> Iterator[FakeUpstream]:
    """One that no app of other tests asks for its models meanwhile."""
    with FakeUpstream() as server:
        yield server


@pytest.fixture(scope="module")
def operators_upstream() -> Iterator[FakeUpstream]:
    """The operator's gateway, which is not the official host."""
    with FakeUpstream() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def app(
    upstream_server: FakeUpstream, operators_upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApp]:
    """An app whose operator has an OpenAI key and a gateway."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    settings = {"OPENAI_API_KEY": OPERATORS, "OPENAI_BASE_URL": operators_upstream.openai_url, "LOCAL_MODEL": "off"}
    with RunningApp(tmp_path_factory.mktemp("keys"), settings | official(upstream_server), script=LAUNCHER) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_received(operators_upstream: FakeUpstream) -> None:
    operators_upstream.reset()


@pytest.fixture
async def other(browser: Browser, app: RunningApp) -> AsyncIterator[ChatPage]:
    """Another visitor's page."""
    context = await browser.new_context()
    yield await ChatPage(await context.new_page()).open(app.url)
    await context.close()


def official(upstream: FakeUpstream) -> dict[str, str]:
    """The environment variables of the launcher."""
    return {"OFFICIAL_UPSTREAM": str(upstream.port), "PYTHONPATH": str(ROOT)}


def keys_of(received: list[Received]) -> set[str]:
    """The keys in the requests that an upstream received."""
    found = (each.headers.get("x-api-key") or each.headers.get("authorization", "") for each in received)
    return {key.removeprefix("Bearer ") for key in found}


async def has_a_key(chat: ChatPage, name: str, upstream: FakeUpstream, label: str) -> None:
    """Types a key, and chooses its provider."""
    await chat.type_key(name, KEY)
    await chat.choose_provider(label)


async def test_each_provider_with_a_key_has_a_password_field(chat: ChatPage) -> None:
    await chat.open_keys()
    for name in ("openai", "anthropic", "huggingface"):
        field = chat.page.locator(f"#{name}-key input")
        await expect(field).to_be_visible()
        await expect(field).to_have_attribute("type", "password")
    await expect(chat.page.locator("#compatible-key")).to_be_hidden()  # there is no such server here
    await expect(chat.page.locator("#local-key")).to_have_count(0)


async def test_a_key_enables_its_provider_and_lists_its_models(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.open_picker()
    await expect(chat.panel.get_by_role("group", name="OpenAI")).to_be_visible()
    await expect(chat.panel.get_by_role("group", name="Anthropic")).to_have_count(0)
    await chat.page.keyboard.press("Escape")
    await has_a_key(chat, "anthropic", upstream, "Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-opus-5-5")  # the first of the list
    assert await chat.ask("Hello") == "You said: Hello"
    assert {received.path for received in upstream.all_requests} == {"/v1/models", "/v1/messages"}
    assert keys_of(upstream.all_requests) == {KEY}


async def test_a_list_that_is_asked_for_again_stays_until_it_comes(chat: ChatPage, upstream: FakeUpstream) -> None:
    await has_a_key(chat, "anthropic", upstream, "Anthropic")
    await chat.page.evaluate("(now => { Date.now = () => now() + 3_600_000; })(Date.now)")
    upstream.holds_list = True
    await chat.open_picker()
    group = chat.panel.get_by_role("group", name="Anthropic", exact=True)
    await expect(group).to_have_attribute("aria-busy", "true")
    await expect(group.locator(".option").first).to_contain_text("claude-opus-5-5")
    upstream.holds_list = False
    await expect(group).not_to_have_attribute("aria-busy", "true")


async def test_the_key_serves_only_its_visitor_at_the_official_host(
    chat: ChatPage, other: ChatPage, upstream: FakeUpstream, operators_upstream: FakeUpstream
) -> None:
    await chat.type_key("openai", KEY)
    assert await chat.ask("Mine") == "You said: Mine"
    assert await other.ask("Theirs") == "You said: Theirs"
    assert await chat.ask("Mine again") == "You said: Mine again"
    assert keys_of(upstream.all_requests) == {KEY}
    assert keys_of(operators_upstream.all_requests) == {OPERATORS}
    assert "Theirs" not in json.dumps([received.body for received in upstream.all_requests])
    assert "Mine" not in json.dumps([received.body for received in operators_upstream.all_requests])


async def test_enter_submits_a_key(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.open_keys()
    field = chat.page.locator("#anthropic-key input")
    async with chat.page.expect_request(lambda request: KEY in (request.post_data or "")):
        await field.fill(KEY)
        await field.press("Enter")
    await chat.open_picker()
    await expect(chat.panel.get_by_role("group", name="Anthropic")).to_be_visible()


async def test_the_operators_key_is_used_after_the_visitors_is_removed(
    chat: ChatPage, upstream: FakeUpstream, operators_upstream: FakeUpstream
) -> None:
    await chat.type_key("openai", KEY)
    await chat.ask("Mine")
    upstream.reset()
    await chat.type_key("openai", "")
    assert await chat.ask("Yours") == "You said: Yours"
    assert upstream.all_requests == []
    assert keys_of(operators_upstream.all_requests) == {OPERATORS}


async def test_retries_and_edits_use_the_visitors_key(
    chat: ChatPage, upstream: FakeUpstream, operators_upstream: FakeUpstream
) -> None:
    await chat.type_key("openai", KEY)
    await chat.ask("One")
    await chat.press("Try again")
    await expect(chat.page.locator("#chat .versions .number")).to_have_text("2 / 2")
    await chat.edit(0, "Two")
    await expect(chat.answers.last).to_have_text("You said: Two")
    assert [received.body for received in operators_upstream.all_requests if received.body] == []


async def test_an_invalid_key_is_reported_without_showing_it(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.type_key("openai", KEY)
    await chat.type_model("fault:echo_key")
    await chat.ask("Hello")
    await expect(chat.failures.last).to_contain_text("did not accept the API key")
    assert KEY not in await chat.page.locator("body").inner_text()


async def test_the_key_is_stored_nowhere(chat: ChatPage, upstream: FakeUpstream, app: RunningApp) -> None:
    await chat.type_key("openai", KEY)
    await chat.ask("Hello")
    await chat.type_model("fault:echo_key")
    await chat.ask("And this?")
    assert keys_of(upstream.all_requests) == {KEY}
    assert KEY not in await in_browser(chat.page)
    for path in ("/config", "/gradio_api/info", "/models", "/openapi.json"):
        assert KEY not in httpx.get(app.url + path).text
    assert KEY not in await chat.exported()
    await chat.reload()
    await chat.open_keys()
    await expect(chat.page.locator("#openai-key input")).to_have_value("")
    assert KEY not in await chat.page.content()
    stored = [path for path in app.data.rglob("*") if path.is_file()]
    assert stored
    assert [path for path in stored if KEY.encode() in path.read_bytes()] == []
    assert KEY not in app.log


async def in_browser(page: Page) -> str:
    """Everything that the browser stores for the page, as text."""
    stored = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    return str(stored) + str(await page.context.storage_state(indexed_db=True))


@pytest.mark.tier2
async def test_the_embedded_model_answers_without_keys(browser: Browser, upstream: FakeUpstream, data: Path) -> None:
    settings = official(upstream) | {"CHATBOT_MAX_TOKENS": "40"}  # so that it is quick
    with RunningApp(data, settings, script=LAUNCHER) as app:
        chat = await ChatPage(await browser.new_page()).open(app.url)
        await expect(chat.page.locator("#provider input")).to_have_value("On this computer")
        await expect(chat.page.locator("#model-state")).to_contain_text("is ready")
        await chat.ask("Say hello.")
        await expect(chat.details.last).to_contain_text("Demo model · ")
        await has_a_key(chat, "openai", upstream, "OpenAI")
        await expect(chat.page.locator("#model-state")).to_be_empty()
        assert await chat.ask("Hello") == "You said: Hello"
        assert keys_of(upstream.all_requests) == {KEY}
        await chat.type_key("openai", "")
        await expect(chat.page.locator("#provider input")).to_have_value("On this computer")
        await expect(chat.page.locator("#model-state")).to_contain_text("is ready")
        await chat.ask("Say goodbye.")
        await expect(chat.details.last).to_contain_text("Demo model · ")


async def test_a_compatible_servers_key_goes_there(browser: Browser, upstream: FakeUpstream, data: Path) -> None:
    settings = {"COMPATIBLE_BASE_URL": upstream.openai_url, "COMPATIBLE_NAME": "Our server", "LOCAL_MODEL": "off"}
    with RunningApp(data, settings) as app:
        chat = await ChatPage(await browser.new_page()).open(app.url)
        await chat.open_keys()
        await expect(chat.page.locator("#compatible-key")).to_contain_text("Our server")
        upstream.reset()
        await chat.type_key("compatible", KEY)
        await chat.ask("Hello")
        # the app itself asks for the list of models, without a key, some seconds after its start
        assert keys_of(asked(upstream)) == {KEY}


async def test_a_key_is_checked_when_its_field_is_left(chat: ChatPage, upstream: FakeUpstream, app: RunningApp) -> None:
    await chat.open_keys()
    field, found = chat.page.locator("#anthropic-key"), chat.page.locator("#anthropic-key .finding")
    await expect(field.locator("input")).to_have_attribute("placeholder", "sk-ant-…")
    await expect(field.get_by_role("link", name="Get a key (Anthropic)")).to_have_attribute(
        "href", re.compile("^https://platform.claude.com/")
    )
    upstream.scenario = Scenario(status=401, message="Invalid key {key}")
    await chat.type_key("anthropic", KEY)
    await expect(found).to_have_text("Not accepted. Check that it is complete and still valid.")
    await expect(chat.picker).to_contain_text("OpenAI")  # what works stays chosen
    upstream.scenario = Scenario()
    await chat.type_key("anthropic", KEY + "-2")
    await expect(found).to_have_text(re.compile(r"^Works, \d+ models$"))
    await expect(chat.picker).to_contain_text("Anthropic")
    checks: list[str] = []
    chat.page.on("request", lambda sent: checks.append(sent.url) if '{"provider":' in (sent.post_data or "") else None)
    await field.locator("input").focus()
    await chat.ask("Hello")  # the field was left as it was
    assert checks == []
    await chat.type_key("anthropic", "")
    await expect(found).to_be_empty()
    await expect(chat.picker).to_contain_text("OpenAI")
    assert len(checks) == 1
    assert KEY not in app.log


async def test_a_key_is_remembered_in_the_browser_only_if_the_visitor_ticks_so(
    chat: ChatPage, upstream: FakeUpstream, app: RunningApp
) -> None:
    remember = chat.page.get_by_role("checkbox", name="Remember in this browser")
    await chat.type_key("anthropic", KEY)
    await expect(remember).not_to_be_checked()
    assert KEY not in await in_browser(chat.page)
    await remember.check()
    assert await chat.ask("With a key") == "You said: With a key"
    await chat.reload()
    await expect(chat.picker).to_contain_text("Anthropic")
    await chat.open_keys()
    await expect(chat.page.locator("#anthropic-key input")).to_have_value(KEY)
    assert await chat.ask("Again") == "You said: Again"
    assert keys_of(upstream.all_requests) == {KEY}
    await remember.uncheck()
    assert KEY not in await in_browser(chat.page)
    await chat.reload()
    await expect(chat.picker).to_contain_text("OpenAI")
    assert KEY not in app.log
    stored = [path for path in app.data.rglob("*") if path.is_file()]
    assert [path for path in stored if KEY.encode() in path.read_bytes()] == []
