"""Accessibility of the page, checked with axe."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.fake_upstream.scenarios import Scenario
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

ANSWER = "Some *words*, `code`, and more of it:\n\n```python\nprint('hello')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"

WINDOWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


@pytest.mark.parametrize("window", WINDOWS)
async def test_axe_finds_no_serious_or_moderate_violation(
    app: RunningApp, browser: Browser, upstream: FakeUpstream, window: str
) -> None:
    context = await browser.new_context(reduced_motion="reduce", **WINDOWS[window])
    chat = await ChatPage(await context.new_page()).open(app.url)
    upstream.scenario = Scenario(reply=ANSWER)
    assert await _violations(chat.page) == []
    await chat.open_picker()
    await expect(chat.models).not_to_have_count(0)
    assert await _violations(chat.page) == []
    await chat.page.keyboard.press("Escape")
    await chat.ask("My name is Alice")
    assert await _violations(chat.page) == []
    if window == "phone":
        await chat.page.get_by_role("button", name="Toggle Sidebar").click()
    await chat.open_settings()
    assert await _violations(chat.page) == []
    for part in ("keys", "data"):
        await chat.open_part(part)
    assert await _violations(chat.page) == []
    await chat.conversation("Alice").locator(".more").click()
    await expect(chat.page.get_by_role("menu")).to_be_visible()
    assert await _violations(chat.page) == []
    await chat.page.keyboard.press("Escape")
    await chat.remove("Alice", for_good=False)
    assert await _violations(chat.page) == []


@pytest.mark.parametrize("window", WINDOWS)
async def test_axe_finds_none_in_what_is_remembered(
    app: RunningApp, browser: Browser, upstream: FakeUpstream, window: str
) -> None:
    context = await browser.new_context(reduced_motion="reduce", **WINDOWS[window])
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.page.get_by_role("button", name="Temporary chat").click()
    assert await _violations(chat.page) == []
    await chat.new_chat()
    for known in ("my dentist is Dr. Old", "my dentist is Dr. New"):
        await chat.ask(f"Remember that {known}")
    await chat.ask("Who is my dentist?")
    await chat.page.locator(".sent-memory summary").last.click()
    assert await _violations(chat.page) == []
    upstream.queue(Scenario(reply="- I have two cats"))
    if window == "phone":
        await chat.page.get_by_role("button", name="Toggle Sidebar").click()
    panel = await chat.open_memory()
    await panel.get_by_text("Bring notes along").click()
    await panel.get_by_text("Suggest notes from this conversation").click()
    await panel.get_by_role("button", name="Ask the model").click()
    await expect(panel.get_by_role("checkbox", name="I have two cats")).to_be_visible()
    assert await _violations(chat.page) == []


@pytest.mark.parametrize("window", WINDOWS)
async def test_axe_finds_none_in_a_long_conversation(
    app: RunningApp, browser: Browser, upstream: FakeUpstream, window: str
) -> None:
    context = await browser.new_context(reduced_motion="reduce", **WINDOWS[window])
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.open_settings()
    await chat.page.locator("#history-limit textarea, #history-limit input").first.fill("2")
    await chat.close_settings()
    for text in ("First", "Second"):
        await chat.ask(text)
    await chat.press_at(0, "Pin")
    await expect(chat.page.locator(".pin-mark")).to_be_visible()
    await expect(chat.page.locator(".summary-offer .make")).to_be_visible()
    upstream.queue(Scenario(status=401))
    await chat.page.locator(".summary-offer .make").click()
    await expect(chat.page.locator(".above .note.failed")).to_be_visible()
    assert await _violations(chat.page) == []
    await chat.page.locator(".summary-offer .make").click()
    await expect(chat.page.locator(".summary-card")).to_be_visible()
    assert await _violations(chat.page) == []
    await chat.page.locator(".summary-card .keep").first.click()
    assert await _violations(chat.page) == []
    upstream.scenario = Scenario(tokens=100_000, tokens_per_second=50)
    await chat.begin("Third")
    await chat.box.fill("Fourth")
    await chat.page.get_by_role("button", name="Send after this answer").click()
    await expect(chat.page.get_by_role("button", name="Withdraw this message")).to_be_visible()
    await chat.box.fill("Fifth")
    assert await _violations(chat.page) == []
    await chat.page.get_by_role("button", name="Withdraw this message").click()
    await chat.stop_button.click()
    await expect(chat.page.get_by_role("button", name="Continue", exact=True)).to_be_visible()
    assert await _violations(chat.page) == []


async def _violations(page: Page) -> list[str]:
    """Violations that axe rates moderate, serious or critical."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]} {node['any'][0]['message'] if node['any'] else ''}"
        for violation in found
        if violation["impact"] in ("moderate", "serious", "critical")
        for node in violation["nodes"]
    ]
