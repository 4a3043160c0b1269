"""Scrolling while an answer streams."""

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.tier2


LONG = "pace:100x4000"

ABOVE_THE_END = "panel => panel.scrollHeight - panel.scrollTop - panel.clientHeight"
HEIGHT = "panel => panel.scrollHeight"


async def test_the_page_follows_an_answer_until_scrolled_up(chat: ChatPage) -> None:
    panel = chat.page.locator("#chat .panel-wrap")
    await chat.type_model(LONG)
    await chat.begin("Go on", words=400)
    assert await panel.evaluate(ABOVE_THE_END) < 60
    await panel.hover()
    await chat.page.mouse.wheel(0, -300)
    await chat.page.wait_for_function("!window.chatbot.view.isFollowing")
    place, height = await panel.evaluate("panel => panel.scrollTop"), await panel.evaluate(HEIGHT)
    await chat.page.wait_for_function(f"document.querySelector('#chat .panel-wrap').scrollHeight > {height} + 100")
    assert await panel.evaluate("panel => panel.scrollTop") == place
    await chat.page.mouse.wheel(0, 100_000)
    await chat.page.wait_for_function("window.chatbot.view.isFollowing")
    await chat.page.wait_for_function(f"document.querySelector('#chat .panel-wrap').scrollHeight > {height} + 300")
    assert await panel.evaluate(ABOVE_THE_END) < 60
    await chat.stop_button.click()
    await chat.is_ready()


async def test_a_new_message_scrolls_to_the_end(chat: ChatPage) -> None:
    panel = chat.page.locator("#chat .panel-wrap")
    await chat.type_model("pace:2000x800")
    await chat.ask("Go on")
    await panel.hover()
    await chat.page.mouse.wheel(0, -200)
    await chat.page.wait_for_function("!window.chatbot.view.isFollowing")
    await chat.ask("And on")
    await expect(chat.questions.last).to_have_text("And on")
    assert await panel.evaluate(ABOVE_THE_END) < 60
