"""The model picker lists the provider's models from the first page load."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import asked
from tests.support.chromium import CHROMIUM
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


MODELS = [f"org/chat-model-{number}" for number in range(37)]


@pytest.fixture
def upstream(upstream: FakeUpstream) -> FakeUpstream:
    upstream.listed = [{"id": name, "object": "model"} for name in MODELS]
    return upstream


@pytest.fixture
def start(upstream: FakeUpstream, tmp_path: Path) -> Iterator[list[RunningApp]]:
    """Collects the apps that a test starts, and stops them at its end."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    started: list[RunningApp] = []
    yield started
    for app in started:
        app.stop()


@pytest.fixture
async def other_page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context()
    yield await context.new_page()
    await context.close()


async def menu(chat: ChatPage) -> list[str]:
    """Opens the picker and waits for the provider's list; returns the names in it."""
    await chat.open_picker()
    await expect(chat.models.filter(has_text=MODELS[-1])).to_be_attached()
    return await chat.models.locator(".words").all_inner_texts()


async def test_a_compatible_servers_models_are_listed_on_first_load(
    start: list[RunningApp], page: Page, upstream: FakeUpstream, tmp_path: Path
) -> None:
    settings = {"COMPATIBLE_BASE_URL": upstream.openai_url, "LOCAL_MODEL": "off"}
    start.append(app := RunningApp(tmp_path, settings).start())
    chat = await ChatPage(page).open(app.url)
    await expect(page.locator("#model input")).to_have_value(MODELS[0])
    assert await menu(chat) == MODELS
    await page.keyboard.press("Escape")
    await chat.ask("Hello")
    assert asked(upstream)[-1].body["model"] == MODELS[0]


async def test_the_picker_lists_all_of_the_providers_models(
    start: list[RunningApp], page: Page, other_page: Page, upstream: FakeUpstream, tmp_path: Path
) -> None:
    settings = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": upstream.openai_url, "LOCAL_MODEL": "off"}
    start.append(app := RunningApp(tmp_path, settings).start())
    for opened in (page, other_page):
        chat = await ChatPage(opened).open(app.url)
        await expect(opened.locator("#model input")).to_have_value("gpt-6-luna")
        assert set(await menu(chat)) >= set(MODELS)
