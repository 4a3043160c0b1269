"""“Remember this” on the page: a note of a message, of what is selected in it, or of a long one that is cut."""

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.fake_upstream.scenarios import Scenario
from tests.support.api_client import Visitor

pytestmark = pytest.mark.tier2

NAME = "Remember this"
SELECT = """(words) => {
  const answer = document.querySelector("#chat .bot-row .message-content");
  const walker = document.createTreeWalker(answer, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { currentNode: node } = walker, start = node.data.indexOf(words);
    if (start >= 0) getSelection().setBaseAndExtent(node, start, node, start + words.length);
  }
}"""


def note_texts(api: Visitor) -> list[str]:
    return [each["text"] for each in api.get("/notes")["notes"]]


async def test_a_message_becomes_a_note_and_undo_takes_it_back(chat: ChatPage, api: Visitor) -> None:
    await chat.ask("My dentist is Dr. Example")
    await chat.press_at(0, NAME)
    saved = chat.rows.nth(0).locator(".saved-note")
    await expect(saved).to_contain_text("Saved to memory")
    assert note_texts(api) == ["My dentist is Dr. Example"]
    await saved.get_by_role("button", name="Undo").click()
    await expect(saved).to_have_text("Forgotten.")
    assert note_texts(api) == []


async def test_what_is_selected_in_an_answer_becomes_the_note(
    chat: ChatPage, api: Visitor, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(reply="The boat is **green**.\n\nThe house is blue.")
    await chat.ask("Which colours did we choose?")
    await chat.page.evaluate(SELECT, "The house is blue")
    await chat.press_at(1, NAME)
    await expect(chat.page.locator(".saved-note")).to_be_visible()
    assert note_texts(api) == ["The house is blue"]


async def test_a_long_message_is_cut_by_its_reader(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(reply="word " * 100)
    await chat.ask("Tell me much")
    await chat.press_at(1, NAME)
    asked = chat.page.get_by_role("dialog", name=NAME)
    await expect(asked).to_contain_text("499 of 300 characters")
    await expect(asked.get_by_role("button", name="Save")).to_be_disabled()
    await asked.locator("textarea").fill("A few words")
    await asked.locator("textarea").press("Enter")
    await expect(asked).to_have_count(0)
    await expect(chat.page.locator(".saved-note")).to_be_visible()
    assert note_texts(api) == ["A few words"]
