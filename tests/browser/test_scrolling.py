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


UP_AND_GROW = """async () => {
  const panel = document.querySelector("#chat .panel-wrap");
  const frame = () => new Promise(requestAnimationFrame);
  const places = [];
  for (let round = 0; round < 12; round += 1) {
    window.chatbot.view.isFollowing = true;
    panel.scrollTop = panel.scrollHeight;
    await frame();
    await frame();
    const end = panel.scrollTop;
    const words = Object.assign(document.createElement("p"), { textContent: "More words." });
    const steps = [() => { panel.scrollTop -= 200; }, () => panel.querySelector(".bot-row .written").append(words)];
    for (const step of round % 2 ? steps : steps.reverse()) step();
    await frame();
    await frame();
    places.push([end - panel.scrollTop, window.chatbot.view.isFollowing]);
    words.remove();
  }
  return places;
}"""


async def test_scrolling_up_in_the_moment_of_an_update_is_not_undone(chat: ChatPage) -> None:
    await chat.type_model("pace:2000x800")
    await chat.ask("Go on")
    assert await chat.page.evaluate(UP_AND_GROW) == [[200, False]] * 12


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
