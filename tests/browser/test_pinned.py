"""Pinned messages on the page: pinned and let go at a message, marked there, counted where the window begins."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.test_summary import long_chat
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, asked

FACT = "My boat is called Heron."


async def test_a_message_is_pinned_sent_and_let_go(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    await long_chat(chat, api)
    question = chat.rows.nth(0)
    await chat.press_at(0, "Pin")
    await expect(question.locator(".pin-mark")).to_have_text("Pinned")
    await expect(question.get_by_role("button", name="Unpin", exact=True)).to_be_focused()
    await chat.ask("What is my boat called?")
    assert FACT in str(asked(upstream)[-1].body)
    await expect(chat.page.locator(".window-line")).to_have_text(
        re.compile(r"the last 3 of 9 messages, from here on\. Of the earlier ones it also saw 2, because of pins\.")
    )
    await chat.rows.nth(-1).locator(".about summary").click()
    await expect(chat.details.last).to_contain_text("5 of 9 messages sent · 2 of them because of pins")
    await chat.reload()
    await expect(question.locator(".pin-mark")).to_be_visible()
    await question.get_by_role("button", name="Unpin", exact=True).focus()
    await chat.page.keyboard.press("Enter")
    await expect(question.locator(".pin-mark")).to_have_count(0)
    await chat.ask("And now?")
    assert FACT not in str(asked(upstream)[-1].body)


@pytest.mark.tier2
async def test_an_edited_message_stays_pinned(chat: ChatPage, api: Visitor) -> None:
    await chat.ask("My boat is green")
    await chat.press_at(0, "Pin")
    await expect(chat.page.locator(".pin-mark")).to_have_count(1)
    await chat.edit(0, "My boat is blue")
    await expect(chat.versions.first).to_have_text("2 / 2")
    await expect(chat.rows.nth(0).locator(".pin-mark")).to_be_visible()
    await chat.press_at(0, "Unpin")
    await expect(chat.page.locator(".pin-mark")).to_have_count(0)
    await chat.press_at(0, "Earlier version")
    await expect(chat.questions.first).to_have_text("My boat is green")
    await expect(chat.rows.nth(0).locator(".pin-mark")).to_be_visible()


@pytest.mark.tier2
async def test_a_refusal_is_said_at_the_message(chat: ChatPage, api: Visitor) -> None:
    await chat.ask("My boat is green")
    await chat.page.route("**/messages/*", lambda route: route.abort())
    await chat.press_at(0, "Pin")
    await expect(chat.rows.nth(0).get_by_role("alert")).to_be_visible()
    await chat.page.unroute("**/messages/*")
    await chat.press_at(0, "Pin")
    await expect(chat.rows.nth(0).locator(".pin-mark")).to_be_visible()
    await expect(chat.rows.nth(0).get_by_role("alert")).to_have_count(0)
