"""A better model in a click: from a stand-in hub, which has the real weights under another name."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, expect

from chatbot.providers.local.catalog import CATALOG
from chatbot.providers.local.weights import default_cache, find_weights
from tests.browser.chat_page import ChatPage
from tests.support.hub import FakeHub
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

BETTER, GATED = CATALOG[1], CATALOG[2]


def address(model: object) -> str:
    return f"{model.repo}/resolve/main/{model.file}"  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def weights() -> Path:
    return find_weights(None, default_cache(Path("data")))


@pytest.fixture
def hub(weights: Path) -> Iterator[FakeHub]:
    files = {address(BETTER): weights.read_bytes()}
    with FakeHub(files=files, statuses={address(GATED): (401, "GatedRepo")}, hold_at=0.4) as running:
        yield running


@pytest.fixture
def local_app(needs_chromium: None, hub: FakeHub, weights: Path, tmp_path: Path) -> Iterator[RunningApp]:
    """An app with the demo model in a cache of its own."""
    cache = tmp_path / "cache" / "chatbot" / "models"
    cache.mkdir(parents=True)
    os.symlink(weights, cache / weights.name)
    settings = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HF_ENDPOINT": hub.url, "HF_TOKEN": ""}
    # In a process of its own: huggingface_hub reads its variables when it is imported.
    with RunningApp(tmp_path / "data", settings, forked=False) as running:
        yield running


@pytest.fixture
async def local_chat(local_app: RunningApp, browser: Browser) -> AsyncIterator[ChatPage]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    chat = await ChatPage(await context.new_page()).open(local_app.url)
    await expect(chat.page.locator("#model-state")).to_contain_text("tokens a second here")
    yield chat
    await context.close()


def card(chat: ChatPage, name: str) -> Locator:
    return chat.page.locator(f'dialog.local-models .model[data-model="{name}"]')


async def test_a_better_model_is_downloaded_paused_used_and_removed(
    local_chat: ChatPage, local_app: RunningApp, hub: FakeHub
) -> None:
    chat, page = local_chat, local_chat.page
    better = card(chat, BETTER.name)
    await chat.open_picker()
    group = chat.panel.get_by_role("group", name="On this computer")
    await expect(group.locator("[data-model] .words")).to_have_text("Demo model")
    row = group.locator(f'[data-absent="{BETTER.name}"]')
    await expect(row).to_contain_text("download, 397 MB")
    await expect(row).to_contain_text("of memory (")
    await expect(row).to_contain_text("of disk free")
    await row.click()
    await expect(better.locator(".status")).to_contain_text("39 MB of 98 MB")
    assert (await Axe().run(page)).response["violations"] == []
    await better.get_by_role("button", name="Pause").click()
    await expect(better.get_by_role("button", name="Continue")).to_be_focused()

    # The demo model answers meanwhile; a restart changes nothing.
    await page.keyboard.press("Escape")
    await chat.ask("My name is Alice")
    await expect(chat.details.last).to_contain_text("Demo model · ")
    local_app.stop()
    local_app.start()
    await chat.reload()
    await chat.open_picker()
    await expect(group.locator(f'[data-absent="{BETTER.name}"]')).to_contain_text("paused at")
    hub.state.hold_at = None
    hub.state.go_on.set()
    await chat.panel.get_by_role("button", name="Get a better model…").click()
    await better.get_by_role("button", name="Continue").click()
    await better.get_by_role("button", name="Use it").click()
    await expect(page.locator("#model-state")).to_contain_text(f"{BETTER.name} is ready and writes")
    await expect(chat.picker).to_contain_text("On this computer")
    await chat.ask("And now?")
    await expect(chat.details.last).to_contain_text(f"On this computer · {BETTER.name}")
    assert hub.state.sent <= 98_362_432 + 1_000_000
    assert f"Fetching {BETTER.file}: 100% of 98 MB" in local_app.log

    await chat.open_picker()
    await chat.panel.get_by_role("button", name="Get a better model…").click()
    await better.get_by_role("button", name="Remove").click()
    await expect(better.get_by_role("button", name="Download")).to_be_visible()
    await page.keyboard.press("Escape")
    await chat.send("Still there?")
    await expect(chat.failures).to_contain_text(f"{BETTER.name} is not on this computer any more")


async def test_what_the_hub_does_not_give_is_said_in_the_dialog(local_chat: ChatPage) -> None:
    await local_chat.press("Get a better model")
    await card(local_chat, GATED.name).get_by_role("button").click()
    alert = local_chat.page.locator("dialog.local-models .said")
    await expect(alert).to_contain_text(f"{GATED.repo} is for those who accepted its terms")
    await card(local_chat, CATALOG[0].name).get_by_role("button").click()
    await expect(alert).to_contain_text(f"Hugging Face has no {CATALOG[0].repo}")
