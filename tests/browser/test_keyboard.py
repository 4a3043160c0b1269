"""Keyboard shortcuts."""

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage


async def test_enter_sends_and_shift_enter_breaks_the_line(chat: ChatPage) -> None:
    await chat.box.fill("My name")
    await chat.box.press("Shift+Enter")
    await chat.box.press_sequentially("is Alice")
    await chat.box.press("Enter")
    await expect(chat.questions.last).to_contain_text("is Alice")
    assert (await chat.questions.last.inner_text()).splitlines() == ["My name", "is Alice"]


@pytest.mark.tier2
async def test_enter_during_ime_composition_does_not_send(chat: ChatPage) -> None:
    keys = await chat.page.context.new_cdp_session(chat.page)
    await chat.box.focus()
    await keys.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}  # what a browser says in a composition
    await keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown"} | enter)
    await keys.send("Input.insertText", {"text": "日本"})
    await expect(chat.box).to_have_value("日本")
    await expect(chat.rows).to_have_count(0)
    await chat.box.press("Enter")
    await expect(chat.questions).to_have_text(["日本"])
    await chat.is_ready()


ENTER = """(field, [code, composing]) => ["keydown", "keypress"].forEach((type) => field.dispatchEvent(
  new KeyboardEvent(type, { key: "Enter", keyCode: code, isComposing: composing, bubbles: true, cancelable: true })))"""
"""An Enter as browsers report it; with 229, the key code of input methods, Safari says that it composes no more."""


@pytest.mark.tier2
@pytest.mark.parametrize(("code", "composing"), [(229, False), (229, True), (13, True)])
async def test_an_input_methods_enter_sends_and_saves_nothing(chat: ChatPage, code: int, composing: bool) -> None:
    await chat.ask("My name is Alice")
    await chat.box.fill("日本")
    await chat.box.evaluate(ENTER, [code, composing])
    await chat.box.press("ArrowDown")
    await expect(chat.box).to_have_value("日本")
    await chat.box.fill("")
    await chat.box.press("ArrowUp")
    editor = chat.page.locator(".editor textarea")
    await editor.fill("東京")
    await editor.evaluate(ENTER, [code, composing])
    await expect(editor).to_have_value("東京")
    await editor.press("Escape")
    await expect(editor).to_have_count(0)
    await expect(chat.questions).to_have_text(["My name is Alice"])
    await chat.choose_action("My name is Alice", "Rename")
    field = chat.page.locator("#conversations .rename-field")
    await field.fill("大阪")
    await field.evaluate(ENTER, [code, composing])
    await expect(field).to_have_value("大阪")
    await field.evaluate(ENTER, [13, False])
    await expect(chat.page.locator("#conversations")).to_contain_text("大阪")


@pytest.mark.tier2
async def test_escape_stops_the_answer(chat: ChatPage) -> None:
    await chat.type_model("pace:20x2000")
    await chat.begin("Go on")
    await chat.box.press("Escape")
    await chat.is_ready()
    await expect(chat.notes.last).to_contain_text("You stopped this answer")


@pytest.mark.tier2
async def test_arrow_up_in_an_empty_box_edits_the_last_message(chat: ChatPage) -> None:
    await chat.ask("My name is Alcie")
    await chat.box.fill("something")
    await chat.box.press("ArrowUp")
    await expect(chat.page.locator(".editor")).to_have_count(0)
    await chat.box.fill("")
    await chat.box.press("ArrowUp")
    await expect(chat.page.locator(".editor textarea")).to_have_value("My name is Alcie")
    await expect(chat.page.locator(".editor textarea")).to_be_focused()


async def test_shortcuts_start_a_new_chat_and_focus_the_search(chat: ChatPage) -> None:
    await chat.ask("My name is Alice")
    await chat.page.keyboard.press("Control+k")
    await expect(chat.search_box).to_be_focused()
    await chat.page.keyboard.press("Control+Shift+O")
    await expect(chat.rows).to_have_count(0)
    await expect(chat.box).to_be_focused()
    await chat.box.press("/")  # is text there
    await expect(chat.box).to_have_value("/")
    await chat.page.locator("#new-chat").focus()
    await chat.page.keyboard.press("/")
    await expect(chat.search_box).to_be_focused()
    await expect(chat.search_box).to_have_value("")


@pytest.mark.tier2
async def test_the_question_mark_lists_the_shortcuts(chat: ChatPage) -> None:
    sheet = chat.page.get_by_role("dialog", name="Keyboard")
    await chat.page.locator("#new-chat").focus()
    await chat.page.keyboard.press("?")
    await expect(sheet).to_contain_text("Stop the answer")
    await chat.page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await chat.press("Keyboard shortcuts")
    await expect(sheet).to_be_visible()
