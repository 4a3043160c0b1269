"""An answer that comes while the page is in the background: the title says so, and a notification where allowed."""

import re

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.chromium import ARGUMENTS, WITH_WINDOWS
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SPY = """window.told = [];
window.Notification = class extends Notification {
  constructor(title, options) { super(title, options); window.told.push([title, options.body]); }
};"""
BOX = "Notify me when an answer has come"


async def hide(chat: ChatPage, hidden: bool = True) -> None:
    await chat.page.evaluate(HIDE, hidden)


async def told(chat: ChatPage) -> list[list[str]]:
    found: list[list[str]] = await chat.page.evaluate("window.told")
    return found


async def test_the_title_says_so_until_the_page_is_looked_at(chat: ChatPage) -> None:
    await chat.type_model("pace:50x50")
    await chat.begin("First")
    await hide(chat)
    await expect(chat.page).to_have_title("✓ Answer ready · First · Chatbot")
    await hide(chat, hidden=False)
    await expect(chat.page).to_have_title("First · Chatbot")
    await chat.ask("Second")
    await expect(chat.page).to_have_title("First · Chatbot")


async def test_an_answer_in_another_conversation_counts_too(chat: ChatPage) -> None:
    await chat.type_model("pace:50x100")
    await chat.begin("First")
    await chat.new_chat()
    await hide(chat)
    await expect(chat.page).to_have_title("✓ Answer ready · Chatbot")


async def test_a_notification_comes_only_if_it_was_ticked(app: RunningApp, upstream: FakeUpstream) -> None:
    if WITH_WINDOWS is None:
        pytest.skip("the browser without windows has no notifications")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=WITH_WINDOWS, args=ARGUMENTS)
        context = await browser.new_context()
        await context.grant_permissions(["notifications"])
        await context.add_init_script(SPY)
        chat = await ChatPage(await context.new_page()).open(app.url)
        await hide(chat)
        await chat.ask("First")
        await expect(chat.page).to_have_title(re.compile("^✓"))
        assert await told(chat) == []
        await chat.open_settings()
        await chat.settings.get_by_role("checkbox", name=BOX).check()
        await chat.close_settings()
        await chat.ask("Second")
        await chat.page.wait_for_function("window.told.length > 0")
        assert await told(chat) == [["Answer ready", "First"]]
        await chat.reload()
        await chat.open_settings()
        await expect(chat.settings.get_by_role("checkbox", name=BOX)).to_be_checked()
        await browser.close()


async def test_what_the_browser_refuses_is_said_and_not_ticked(chat: ChatPage) -> None:
    await chat.open_settings()
    box = chat.settings.get_by_role("checkbox", name=BOX)
    await box.click()
    await expect(chat.settings.locator(".notifications small")).to_contain_text("does not allow notifications")
    await expect(box).not_to_be_checked()
