"""A temporary chat on the page: said, on no disk, there after a reload, and stored only if it is kept."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.browser.chat_page import ChatPage
from tests.support.api_client import Visitor
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

SECRET = "the surprise is a kayak"


async def start(chat: ChatPage) -> Locator:
    """Starts a temporary chat; returns the line that says so."""
    await chat.page.get_by_role("button", name="Temporary chat").click()
    said = chat.page.locator("#temporary")
    await expect(said).to_contain_text("Temporary chat: it is in this app's memory only")
    return said


async def test_it_says_so_and_a_reload_still_shows_it(chat: ChatPage, api: Visitor) -> None:
    said = await start(chat)
    await expect(said.get_by_role("button", name="Keep it")).to_be_hidden()
    await chat.ask(SECRET)
    await expect(chat.page.get_by_role("button", name="Remember this")).to_have_count(0)
    assert api.get("/conversations")["conversations"] == []
    await chat.reload()
    await expect(chat.questions).to_have_text(SECRET)
    await expect(said).to_contain_text("Temporary chat")
    await chat.ask("And where is it?")
    await chat.new_chat()
    await expect(said).to_be_empty()
    await expect(chat.conversations).to_have_count(0)


async def test_keep_it_makes_it_a_conversation(chat: ChatPage, api: Visitor) -> None:
    said = await start(chat)
    await chat.ask(SECRET)
    await said.get_by_role("button", name="Keep it").click()
    await expect(said).to_be_empty()
    await expect(chat.opened).to_contain_text(SECRET)
    await chat.ask("And where is it?")
    (conversation,) = api.get("/conversations")["conversations"]
    assert conversation["message_count"] == 4


async def test_nothing_of_it_is_on_disk_or_in_the_log(app: RunningApp, chat: ChatPage, api: Visitor) -> None:
    await start(chat)
    await chat.ask(SECRET)
    await chat.edit(0, f"{SECRET}, a red one")
    await expect(chat.versions).to_have_text("2 / 2")
    await chat.is_ready()
    written = [path for path in Path(app.data).rglob("*") if path.is_file()]
    assert written
    assert not any(b"kayak" in path.read_bytes() for path in written)
    assert "kayak" not in app.log


async def test_the_button_turns_it_off_again(chat: ChatPage) -> None:
    said = await start(chat)
    await chat.page.get_by_role("button", name="Temporary chat", exact=True, pressed=True).click()
    await expect(said).to_be_empty()
    await chat.ask("My name is Alice")
    await expect(chat.conversations).to_have_count(1)


async def test_a_file_is_refused_before_it_leaves_the_browser(chat: ChatPage, api: Visitor) -> None:
    await start(chat)
    requests: list[str] = []
    chat.page.on("request", lambda each: requests.append(each.url))
    async with chat.page.expect_file_chooser() as opened:
        await chat.page.get_by_role("button", name="Attach files").click()
    await (await opened.value).set_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"kayak"})
    await expect(chat.page.locator("#files .refused")).to_contain_text("A temporary chat takes no files")
    assert not any("attachments" in url for url in requests)
