"""Notes on the page: made by "Remember that …", and shown where they went along."""

import pytest
from playwright.async_api import expect

from tests.api.test_memory import system_prompt
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream

NOTE = "my dentist is Dr. Example"


async def test_a_note_is_saved_shown_where_it_was_sent_and_forgotten(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask(f"Remember that {NOTE}")
    await expect(chat.page.locator(".saved-note")).to_contain_text("Saved to memory")
    await chat.new_chat()
    await chat.ask("Who is my dentist?")
    sent = chat.page.locator(".sent-memory")
    await expect(sent.locator("summary")).to_have_text("1 note")
    await sent.locator("summary").click()
    await expect(sent.locator("pre")).to_have_text(system_prompt(upstream).partition("\n\n")[2])
    await sent.get_by_role("button", name="Forget").click()
    await expect(sent.locator("ul")).to_have_text("Forgotten.")
    await chat.reload()
    await expect(chat.answers).to_have_count(1)
    await expect(chat.page.locator(".sent-memory")).to_have_count(0)
    await chat.ask("And who is my dentist now?")
    assert "Example" not in system_prompt(upstream)


@pytest.mark.tier2
async def test_undo_takes_a_note_back_at_once(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask(f"Remember that {NOTE}")
    await chat.page.locator(".saved-note").get_by_role("button", name="Undo").click()
    await expect(chat.page.locator(".saved-note")).to_have_text("Forgotten.")
    await chat.reload()
    await expect(chat.answers).to_have_count(1)
    await expect(chat.page.locator(".saved-note")).to_have_count(0)
