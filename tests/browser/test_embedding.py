"""The page in a frame of another site's page, as the README says to embed it, and its API called from there."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp
from tests.test_readme import README

FRAME, SCRIPT = (block.removeprefix("html\n") for block in README.split("```")[1::2] if block.startswith("html\n"))

BLOCKING = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
"""Chromium's own setting by which a frame of another site has neither cookies nor storage."""


async def show(page: Page, app: RunningApp, snippet: str) -> None:
    """Open the snippet as a page of 127.0.0.1, while the app it names is at localhost: two sites, to a browser."""
    html = f"<!doctype html><meta charset=utf-8><title>Elsewhere</title>{snippet}"
    html = html.replace("http://localhost:7860", f"http://localhost:{app.port}")
    address = f"{app.url}/somebody-elses-page"
    await page.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.goto(address)


async def chat_in(page: Page) -> ChatPage:
    """The chat in the page's frame, when one can type."""
    frame = page.frames[1]
    chat = ChatPage(cast(Page, frame))
    await expect(chat.box).to_be_visible()
    await frame.wait_for_function("window.chatbot?.entered")
    return chat


@pytest.fixture
async def forbidding(chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a browser whose owner has blocked what third parties may keep."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(BLOCKING))
    async with async_playwright() as playwright:
        start = playwright.chromium.launch_persistent_context
        context = await start(tmp_path, executable_path=CHROMIUM, args=ARGUMENTS)
        yield await context.new_page()
        await context.close()


async def test_in_a_frame_of_another_site_it_chats_and_remembers(
    app: RunningApp, page: Page, upstream: FakeUpstream
) -> None:
    await show(page, app, FRAME)
    chat = await chat_in(page)
    assert await chat.ask("My name is Alice") == "You said: My name is Alice"
    await page.reload()
    chat = await chat_in(page)
    await expect(chat.questions).to_have_text(["My name is Alice"])
    assert "Alice" in await chat.ask("What's my name?")
    assert await page.evaluate("document.cookie") == ""


async def test_where_the_frame_may_keep_nothing_it_chats_all_the_same_and_says_that_it_will_forget(
    app: RunningApp, forbidding: Page, upstream: FakeUpstream
) -> None:
    errors: list[str] = []
    forbidding.on("pageerror", lambda error: errors.append(str(error)))
    await show(forbidding, app, FRAME)
    chat = await chat_in(forbidding)
    notice = forbidding.frames[1].locator("#notices")
    await expect(notice).to_contain_text("This browser lets the page keep nothing")
    assert await chat.ask("My name is Alice") == "You said: My name is Alice"
    assert "Alice" in await chat.ask("What's my name?")
    await forbidding.reload()
    chat = await chat_in(forbidding)
    await expect(chat.questions).to_have_count(0)
    assert "Alice" not in await chat.ask("And now, what's my name?")
    assert errors == []


async def test_a_page_that_may_keep_things_says_nothing_of_forgetting(chat: ChatPage) -> None:
    await expect(chat.page.locator("#notices p")).to_have_count(0)


async def test_a_page_elsewhere_asks_the_api(app: RunningApp, page: Page, upstream: FakeUpstream) -> None:
    await show(page, app, SCRIPT)
    await expect(page.locator("output")).to_have_text("You said: Hello from another page")
