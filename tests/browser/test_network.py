"""A page that loses its network: the answer continues, and the typed text is kept."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.unreliable import line_to
from tests.fake_upstream import FakeUpstream
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


async def test_a_reconnected_page_continues_the_answer(app: RunningApp, page: Page, upstream: FakeUpstream) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.type_model("pace:50x500")
        await chat.begin("Take your time")
        line.cut()
        await page.wait_for_timeout(1000)
        line.restore()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await chat.has_come(500)
        await chat.is_ready()
        await expect(chat.questions).to_have_text(["Take your time"])
        await expect(chat.answers).to_have_count(1)
        await chat.type_model("gpt-6-luna")
        assert await chat.ask("And now?") == "You said: And now?"


async def test_an_answer_that_ended_offline_is_shown_after_reconnecting(
    app: RunningApp, page: Page, upstream: FakeUpstream
) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.type_model("pace:50x50")
        await chat.begin("Take your time")
        line.cut()
        while upstream.open_streams:
            await page.wait_for_timeout(100)
        line.restore()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await chat.has_come(50)
        await chat.is_ready()


async def test_the_page_reconnects_without_an_online_event(app: RunningApp, page: Page, upstream: FakeUpstream) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.type_model("pace:50x200")
        await chat.begin("Take your time")
        line.cut()
        await page.wait_for_timeout(1000)
        line.restore()
        await chat.has_come(200)
        await chat.is_ready()


async def test_a_message_sent_offline_returns_to_the_box(app: RunningApp, page: Page) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.ask("First")
        await page.evaluate("window.isLeft = true")
        line.cut()
        await chat.send("Second")
        line.restore()
        await page.wait_for_function(
            "!window.isLeft && document.documentElement.dataset.state === 'idle'"
        )  # Gradio loads the page again
        await expect(chat.box).to_have_value("Second")
        await expect(chat.questions).to_have_text(["First"])
        await chat.is_ready()
        await chat.box.press("Enter")
        await expect(chat.answers).to_have_text(["You said: First", "You said: Second"])
