"""A server that is slow to begin: the page says what it waits for, and for how long."""

import math

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp

COUNT_FRAMES = """
  window.counted = 0;
  const askForFrame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => { window.counted += 1; return askForFrame(callback); };
"""
IS_STILL = """() => new Promise((resolve) => {
  const before = window.counted;
  setTimeout(() => resolve(before > 0 && window.counted === before), 300);
})"""


@pytest.mark.tier2
async def test_the_page_says_what_it_waits_for_and_for_how_long(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(silence_after=0, silence_seconds=math.inf))
    await chat.send("Are you there?")
    waiting = chat.page.locator("#chat .typing")
    await expect(waiting).to_contain_text("Waiting for the first word of OpenAI", timeout=20_000)
    await expect(waiting).to_contain_text("seconds so far")
    await chat.stop_button.click()
    await expect(waiting).to_have_count(0)


@pytest.mark.tier2
async def test_a_page_that_waits_asks_for_no_frames(page: Page, app: RunningApp) -> None:
    await page.add_init_script(COUNT_FRAMES)
    await ChatPage(page).open(app.url)
    await page.wait_for_function(IS_STILL, polling=100)
