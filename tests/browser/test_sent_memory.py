"""The account under an answer: what of the memory went along, where it is from, and what can be done about it."""

import pytest
from playwright.async_api import Locator, expect

from tests.api.test_memory import system_prompt
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor

pytestmark = pytest.mark.tier2

QUESTION = "What colour is my sailboat?"


@pytest.fixture
async def account(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> Locator:
    """The opened account of an answer that a note and a passage of an earlier conversation went along with."""
    api.call("PATCH", "/session", json={"recall": True})
    await chat.ask("We painted the sailboat, its colour is green")
    await chat.new_chat()
    await chat.ask("Remember that my sailboat is small")
    await chat.new_chat()
    await chat.ask(QUESTION)
    found = chat.page.locator(".sent-memory")
    await expect(found.locator("summary")).to_have_text("1 note · 1 earlier conversation")
    await found.locator("summary").click()
    await expect(found.locator("pre")).to_have_text(system_prompt(upstream).partition("\n\n")[2])
    return found


async def press(account: Locator, row: int, name: str) -> None:
    await account.locator("li").nth(row).get_by_role("button", name=name).click()


async def test_its_parts_lead_to_their_sources(chat: ChatPage, account: Locator) -> None:
    await press(account, 0, "Where it was said")
    await expect(chat.page.locator("#chat .found")).to_contain_text("Remember that my sailboat is small")
    await chat.open_conversation(QUESTION[:10])
    await account.locator("summary").click()
    await press(account, 1, "Where it was said")
    await expect(chat.page.locator("#chat .found")).to_contain_text("We painted the sailboat")


async def test_what_is_not_relevant_here_goes_along_here_no_more(
    chat: ChatPage, account: Locator, upstream: FakeUpstream
) -> None:
    for row in (0, 1):
        await press(account, row, "Not relevant here")
        await expect(account.locator("li").nth(row)).to_contain_text("It no longer goes along in this chat.")
    await chat.ask(QUESTION)
    assert "<memory>" not in system_prompt(upstream)
    await chat.new_chat()
    await chat.ask(QUESTION)
    assert "my sailboat is small" in system_prompt(upstream)
    assert "green" in system_prompt(upstream)


async def test_a_note_is_changed_from_the_account(chat: ChatPage, account: Locator, upstream: FakeUpstream) -> None:
    await press(account, 0, "Edit")
    field = chat.page.get_by_role("dialog", name="Memory").locator("li textarea")
    await expect(field).to_be_focused()
    await field.fill("I sold my sailboat")
    await field.press("Enter")
    await chat.page.keyboard.press("Escape")
    await chat.ask(QUESTION)
    assert "- I sold my sailboat" in system_prompt(upstream)


async def test_a_conversation_is_never_recalled_again(
    chat: ChatPage, account: Locator, api: Visitor, upstream: FakeUpstream
) -> None:
    await press(account, 1, "Never recall that chat")
    await expect(account.locator("li").nth(1)).to_contain_text("That chat is not recalled any more.")
    await press(account, 0, "Forget")
    await expect(account.locator("li").nth(0)).to_have_text("Forgotten.")
    await chat.ask(QUESTION)
    assert "<memory>" not in system_prompt(upstream)
    assert api.get("/notes")["notes"] == []


async def test_it_says_how_much_of_the_conversation_was_sent(chat: ChatPage, api: Visitor) -> None:
    api.call("POST", "/notes", json={"text": "I live in Oslo", "pinned": True})
    first = api.chat("One", history_limit=2)
    for said in ("Two", "Three"):
        api.chat(said, history_limit=2, conversation_id=first["conversation_id"])
    await chat.open_conversation("One")
    await expect(chat.page.locator(".sent-memory summary").last).to_have_text("1 note · 1 of 5 messages sent")
