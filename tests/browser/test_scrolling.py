"""Scrolling while an answer streams."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.tier2


LONG = "pace:100x4000"

ABOVE_THE_END = "panel => panel.scrollHeight - panel.scrollTop - panel.clientHeight"
QUESTION_TOP = """panel => [...panel.querySelectorAll(".user-row")].at(-1).getBoundingClientRect().top
    - panel.getBoundingClientRect().top"""
IS_LONGER = "!document.querySelector('#chat .to-end').hidden"


def panel_of(chat: ChatPage) -> Locator:
    return chat.page.locator("#chat .panel-wrap")


async def test_the_question_goes_to_the_top_and_the_page_stays_there(chat: ChatPage) -> None:
    panel, arrow = panel_of(chat), chat.page.locator("#chat .to-end")
    await chat.type_model("pace:2000x800")
    await chat.ask("First")
    await chat.type_model(LONG)
    await chat.send("Go on")
    await expect(chat.rows).to_have_count(4)
    await chat.has_come(10)
    await expect(arrow).to_be_hidden()  # all that there is is in sight
    assert 0 <= await panel.evaluate(QUESTION_TOP) < 40
    place = await panel.evaluate("panel => panel.scrollTop")
    await chat.page.wait_for_function(IS_LONGER)
    await chat.has_come(1000)
    assert await panel.evaluate("panel => panel.scrollTop") == place
    await arrow.click()
    await expect(arrow).to_be_hidden()
    await chat.has_come(1400)
    assert await panel.evaluate(ABOVE_THE_END) < 60  # now the page follows
    await panel.hover()
    await chat.page.mouse.wheel(0, -300)
    await chat.page.wait_for_function("window.chatbot.view.anchor === null")
    place = await panel.evaluate("panel => panel.scrollTop")
    await chat.has_come(1700)
    assert await panel.evaluate("panel => panel.scrollTop") == place
    await chat.stop_button.click()
    await chat.is_ready()


async def test_a_short_answer_leaves_its_question_at_the_top_without_an_arrow(chat: ChatPage) -> None:
    await chat.type_model("pace:2000x800")
    await chat.ask("First")
    await chat.type_model("gpt-6-luna")
    await chat.ask("And on")
    assert 0 <= await panel_of(chat).evaluate(QUESTION_TOP) < 40
    await expect(chat.page.locator("#chat .to-end")).to_be_hidden()
    await chat.reload()
    await expect(chat.answers.last).to_be_in_viewport()
    await expect(chat.page.locator("#chat .to-end")).to_be_hidden()
    await chat.new_chat()
    await expect(chat.page.locator("#chat .to-end")).to_be_hidden()


UP_AND_GROW = """async () => {
  const panel = document.querySelector("#chat .panel-wrap");
  const frame = () => new Promise(requestAnimationFrame);
  const places = [];
  for (let round = 0; round < 12; round += 1) {
    document.querySelector("#chat .to-end").click();
    await frame();
    await frame();
    const end = panel.scrollTop;
    const words = Object.assign(document.createElement("p"), { textContent: "More words." });
    const steps = [() => { panel.scrollTop -= 200; }, () => panel.querySelector(".bot-row .written").append(words)];
    for (const step of round % 2 ? steps : steps.reverse()) step();
    await frame();
    await frame();
    places.push([end - panel.scrollTop, window.chatbot.view.anchor]);
    words.remove();
  }
  return places;
}"""


async def test_scrolling_up_in_the_moment_of_an_update_is_not_undone(chat: ChatPage) -> None:
    await chat.type_model("pace:2000x800")
    await chat.ask("Go on")
    assert await chat.page.evaluate(UP_AND_GROW) == [[200, None]] * 12


async def test_the_first_question_of_the_next_chat_stays_in_sight(chat: ChatPage) -> None:
    await chat.ask("First")
    await chat.new_chat()
    await chat.page.get_by_role("button", name="Temporary chat").click()
    await chat.ask("Second")  # the line above the chat grows, and the chat gets smaller, with the answer
    await expect(chat.page.locator("#temporary").get_by_role("button", name="Keep it")).to_be_visible()
    assert 0 <= await panel_of(chat).evaluate(QUESTION_TOP) < 40
