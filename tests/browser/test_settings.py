"""The settings as a dialog: its parts, what it says, and the chip of the instructions that are on."""

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream

pytestmark = pytest.mark.tier2

DEFAULTS = {
    "system-prompt textarea": "You are a helpful AI assistant.",
    "max-tokens input": "2000",
    "history-limit input": "20",
}


async def choose_preset(chat: ChatPage, name: str) -> None:
    await chat.open_settings()
    await chat.page.locator("#preset input").click()
    await chat.page.get_by_role("option", name=name, exact=True).click()


async def test_the_settings_open_from_the_sidebar_and_close_with_escape(chat: ChatPage) -> None:
    opener = chat.page.locator("#open-settings")
    await opener.focus()
    await chat.page.keyboard.press("Enter")
    await expect(chat.settings).to_be_visible()
    assert await chat.settings.get_by_role("heading").all_inner_texts() == [
        "Settings",
        "Instructions",
        "Answer",
        "Memory",
        "Appearance",
    ]
    await chat.page.locator("#preset input").click()
    await expect(chat.page.get_by_role("option", name="Tutor")).to_be_visible()
    await chat.page.keyboard.press("Escape")  # closes the menu
    await expect(chat.page.get_by_role("option", name="Tutor")).to_be_hidden()
    await expect(chat.settings).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.settings).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_escape_in_the_settings_does_not_stop_the_answer(chat: ChatPage) -> None:
    await chat.type_model("pace:50x400")
    await chat.begin("Go on")
    await chat.open_settings()
    await chat.close_settings()
    await chat.is_answering()
    await chat.page.locator("#chat").click()
    await chat.page.keyboard.press("Escape")
    await chat.is_ready()


async def test_what_is_saved_or_not_is_said_and_everything_can_be_reset(chat: ChatPage, upstream: FakeUpstream) -> None:
    said, prompt = chat.page.locator("#settings-said"), chat.page.locator("#system-prompt textarea")
    name = chat.page.locator("#prompt-name input, #prompt-name textarea")
    await chat.open_settings()
    await chat.press("Save")
    await expect(said).to_have_text("Write instructions and give them a name first.")
    await prompt.fill("x" * 100_000)
    await name.fill("Long")
    await chat.press("Save")
    await expect(said).to_contain_text("characters at most")
    await prompt.fill("Answer like a pirate.")
    await name.fill("Pirate")
    await chat.press("Save")
    await expect(said).to_have_text("Saved as “Pirate”.")
    for field in ("max-tokens", "history-limit"):
        await chat.page.locator(f"#{field} input").fill("7")
    await chat.press("Reset to defaults")
    await expect(said).to_have_text("Everything is back to its default.")
    for field, value in DEFAULTS.items():
        await expect(chat.page.locator(f"#{field}")).to_have_value(value)
    await choose_preset(chat, "Pirate (saved)")
    await chat.press("Remove")
    await expect(said).to_have_text("“Pirate” was removed.")


async def test_a_chip_names_the_instructions_that_are_on_and_turns_them_off(
    chat: ChatPage, upstream: FakeUpstream
) -> None:
    await expect(chat.chip).to_have_count(0)
    await choose_preset(chat, "Tutor")
    await chat.close_settings()
    await expect(chat.chip).to_have_text("Tutor")
    await chat.ask("Teach me")
    await chat.reload()
    await expect(chat.chip).to_have_text("Tutor")
    await chat.chip.click()
    await chat.page.locator("#system-prompt textarea").fill("Answer like a pirate.")
    persona = chat.page.locator("#preset input")
    await expect(persona).to_have_value("")
    await expect(persona).to_have_attribute("placeholder", "Your instructions")
    await chat.close_settings()
    await expect(chat.chip).to_have_text("Your instructions")
    await chat.page.get_by_role("button", name="Turn off Your instructions").click()
    await expect(chat.chip).to_have_count(0)
    await expect(chat.box).to_be_focused()
    await chat.ask("And now?")
    assert upstream.requests[-1].body["messages"][0]["content"] == DEFAULTS["system-prompt textarea"]
