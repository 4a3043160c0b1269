"""The chat page as a person uses it: type, read, press."""

from typing import Self

from playwright.async_api import Locator, Page, expect


class ChatPage:
    """What the tests do on the page, by what a person would call it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.locator("#message textarea")
        self.stop_button = page.locator("#message .stop-button")
        self.send_button = page.locator("#message .submit-button")
        self.questions = page.locator("#chat .user-row .message-content")
        self.answers = page.locator("#chat .bot-row .message-content")

    async def open(self, url: str) -> Self:
        """Go there and wait until one can type."""
        await self.page.goto(url)
        await self._entered()
        return self

    async def reload(self) -> None:
        """Load the page again."""
        await self.page.reload()
        await self._entered()

    async def send(self, text: str) -> None:
        """Type the text and press Enter."""
        await self.box.fill(text)
        await self.box.press("Enter")

    async def ask(self, text: str) -> str:
        """Send the text, wait for the whole answer, and return it."""
        count = await self.questions.count()
        await self.send(text)
        await expect(self.questions).to_have_count(count + 1)
        await expect(self.send_button).to_be_visible()
        return await self.last_answer()

    async def last_answer(self) -> str:
        """The text of the newest answer."""
        return await self.answers.last.inner_text()

    async def choose_provider(self, label: str) -> None:
        """Choose a provider in its dropdown."""
        await self._dropdown("provider").click()
        await self.page.get_by_role("option", name=label).click()

    async def type_model(self, name: str) -> None:
        """Type a model's name and press Enter."""
        field = self._dropdown("model")
        await field.fill(name)
        await field.press("Enter")
        await expect(field).to_have_value(name)

    async def model(self) -> str:
        """The chosen model's name."""
        return await self._dropdown("model").input_value()

    async def open_settings(self) -> None:
        """Open the settings."""
        await self.page.locator("#settings button").first.click()

    async def _entered(self) -> None:
        await expect(self.box).to_be_visible()
        await self.page.wait_for_function("window.chatbotEntered")

    def _dropdown(self, name: str) -> Locator:
        return self.page.locator(f"#{name} input")
