"""The theme and the language that a visitor chooses for a browser."""

import pytest
from playwright.async_api import Browser, expect

from chatbot.i18n import texts
from chatbot.replies.turns import MAX_MESSAGE_LENGTH
from tests.browser.chat_page import ChatPage
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

IS_DARK = "document.body.classList.contains('dark')"


@pytest.mark.parametrize("system", ["light", "dark"])
async def test_a_chosen_theme_is_applied_at_once_and_stays(app: RunningApp, browser: Browser, system: str) -> None:
    other = "dark" if system == "light" else "light"
    context = await browser.new_context(color_scheme="light" if system == "light" else "dark")
    chat = await ChatPage(await context.new_page()).open(app.url)
    theme = chat.settings.get_by_label("Theme")
    assert await chat.page.evaluate(IS_DARK) == (system == "dark")
    await chat.open_settings()
    await theme.select_option(other)
    assert await chat.page.evaluate(IS_DARK) == (other == "dark")
    await chat.reload()
    await chat.page.wait_for_function(f"{IS_DARK} === {str(other == 'dark').lower()}")
    await chat.open_settings()
    await expect(theme).to_have_value(other)
    await theme.select_option("Like the system")
    assert await chat.page.evaluate(IS_DARK) == (system == "dark")
    await chat.page.emulate_media(color_scheme="dark" if system == "light" else "light")
    await chat.page.wait_for_function(f"{IS_DARK} === {str(system == 'light').lower()}")


async def test_a_chosen_language_is_that_of_the_page_gradio_and_the_server(chat: ChatPage) -> None:
    german = texts("de")
    await chat.open_settings()
    await chat.settings.get_by_label("Language").select_option("Deutsch")
    await expect(chat.page.locator("#new-chat")).to_have_text(german["chat.new"])
    await chat.is_open()
    assert await chat.page.evaluate("document.documentElement.lang") == "de"
    assert await chat.search_box.get_attribute("placeholder") == german["search.hint"]
    await chat.send("x" * (MAX_MESSAGE_LENGTH + 1))
    refused = german["failure.invalid.too_long"].format(number="10.001", most="10.000")
    await expect(chat.page.locator("#chat .note")).to_have_text(refused)
    await expect(await chat.import_file(b"{}")).to_contain_text(german["failure.invalid.import"])
    await chat.open_settings()
    await chat.settings.get_by_label(german["language.head"]).select_option("")
    await expect(chat.page.locator("#new-chat")).to_have_text("New chat")
