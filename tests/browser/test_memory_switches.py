"""The switches in a conversation's menu: whether memory goes along here, and whether others may recall it."""

import pytest
from playwright.async_api import expect

from tests.api.test_memory import system_prompt
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor

pytestmark = pytest.mark.tier2

HERE, RECALLED = "Use memory here", "Other chats may recall this"


async def switch(chat: ChatPage, title: str, name: str, *, on: bool) -> None:
    """Presses a switch of the conversation, and waits until its menu has it so."""
    item = chat.page.get_by_role("menuitemcheckbox", name=name)
    await open_menu(chat, title)
    await expect(item).to_be_checked(checked=not on)
    async with chat.page.expect_response(lambda response: response.request.method == "PATCH"):
        await item.click()
    await open_menu(chat, title)
    await expect(item).to_be_checked(checked=on)
    await chat.page.keyboard.press("Escape")


async def open_menu(chat: ChatPage, title: str) -> None:
    line = chat.conversation(title)
    await line.hover()
    await line.locator(".more").click()


async def test_no_memory_goes_along_where_it_is_off(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    api.call("POST", "/notes", json={"text": "I live in Oslo", "pinned": True})
    await chat.ask("A first question")
    assert "Oslo" in system_prompt(upstream)
    await switch(chat, "A first question", HERE, on=False)
    await chat.ask("A second question")
    assert "Oslo" not in system_prompt(upstream)
    await chat.reload()
    await switch(chat, "A first question", HERE, on=True)
    await chat.ask("A third question")
    assert "Oslo" in system_prompt(upstream)


async def test_an_excluded_conversation_is_not_recalled(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    api.call("PATCH", "/session", json={"recall": True})
    await chat.ask("We decided to paint the sailboat green")
    await switch(chat, "We decided", RECALLED, on=False)
    await chat.new_chat()
    await chat.ask("Which colour did we decide for the sailboat?")
    assert "green" not in system_prompt(upstream)
    await switch(chat, "We decided", RECALLED, on=True)
    await chat.new_chat()
    await chat.ask("What did we decide about the sailboat?")
    assert "green" in system_prompt(upstream)
