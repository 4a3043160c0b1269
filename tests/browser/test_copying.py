"""Copies, exports and prompts hold the messages, without the details below them."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import asked


async def stopped_answer(chat: ChatPage) -> str:
    """Stops an answer, so that a note and details are below it; returns its text."""
    await chat.type_model("pace:50x1000")
    await chat.send("Count to a thousand")
    await expect(chat.answers.last).to_contain_text("word10")
    await chat.stop_button.click()
    await expect(chat.notes.last).to_be_visible()
    return await chat.last_answer()


async def copied(page: Page) -> str:
    """The clipboard's text."""
    return str(await page.evaluate("navigator.clipboard.readText()"))


async def test_copying_leaves_out_notes_and_details(chat: ChatPage) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = await stopped_answer(chat)
    await chat.press("Copy")
    assert await copied(chat.page) == answer
    await chat.page.locator("#chat").click(position={"x": 5, "y": 5})
    await chat.page.keyboard.press("Control+A")
    await chat.page.keyboard.press("Control+C")
    everything = await copied(chat.page)
    assert answer in everything
    for word in ("You stopped this answer", "first token", "tokens/s", "This conversation"):
        assert word not in everything


@pytest.mark.tier2
async def test_the_copy_button_works_without_the_clipboard_api(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await chat.reload()
    upstream.queue(Scenario(reply="Two\n\n    lines"))
    await chat.ask("Hello")
    await expect(chat.details).to_have_count(1)
    await chat.press("Copy")
    await chat.box.press("Control+V")
    await expect(chat.box).to_have_value("Two\n\n    lines")


@pytest.mark.tier2
async def test_exports_and_prompts_leave_out_notes_and_details(chat: ChatPage, upstream: FakeUpstream) -> None:
    first = await stopped_answer(chat)
    await chat.type_model("gpt-6-luna")
    second = await chat.ask("Go on")
    sent = [message["content"] for message in asked(upstream)[-1].body["messages"]]
    assert sent[1:] == ["Count to a thousand", first, "Go on"]
    text = await chat.exported()
    said = re.findall(r"^\*\*.+\*\*$|^(?!#).+$", text, re.M)
    questions = ["**You**", "Count to a thousand", "**You**", "Go on"]
    assert said == [*questions[:2], "**pace:50x1000**", first, *questions[2:], "**gpt-6-luna**", second]
