"""A server that is slow to begin: the page says what it waits for, and for how long."""

import math

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario


@pytest.mark.tier2
async def test_the_page_says_what_it_waits_for_and_for_how_long(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(silence_after=0, silence_seconds=math.inf))
    await chat.send("Are you there?")
    waiting = chat.page.locator("#chat .typing")
    await expect(waiting).to_contain_text("Waiting for the first word of OpenAI", timeout=20_000)
    await expect(waiting).to_contain_text("seconds so far")
    await chat.stop_button.click()
    await expect(waiting).to_have_count(0)
