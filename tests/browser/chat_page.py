"""The page object of the chat page: what a person types, reads and clicks."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from playwright.async_api import BrowserContext, Error, Locator, Page, expect


class ChatPage:
    """The chat page in one tab. Methods wait for their effect; `is_` and `has_` methods wait for a state."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.locator("#message textarea")
        self.stop_button = page.locator("#message .stop-button")
        self.send_button = page.locator("#message .submit-button")
        self.questions = page.locator("#chat .user-row .message-content")
        self.answers = page.locator("#chat .bot-row .message-content")
        self._answers = page.locator("#chat .bot-row")
        self.notes = page.locator("#chat .turn .note")
        self.details = page.locator("#chat .turn .details")
        self.failures = page.locator("#chat .turn .note.failed")
        self.reasoning = page.locator("#chat .thought-group .title")
        self.total = page.locator("#turns .html-container")
        self.rows = page.locator("#chat .message-row")
        self.versions = page.locator("#chat .turn .versions .number")
        self.sidebar = page.locator("#sidebar")
        self.conversations = page.locator("#conversations .conversation .title")
        self.opened = page.locator("#conversations .title[aria-current=true]")
        self.search_box = page.locator("#search input")
        self.undo_notice = page.locator(".undo-notice")
        self.picker = page.locator("#picker .opener")
        self.panel = page.locator("dialog.models")
        self.models = self.panel.locator(".option[data-model]")
        self.active_model = self.panel.locator(".option[aria-selected=true]")
        self.hits = page.locator("#search li button")
        self.settings = page.locator("dialog.settings")
        self.chip = page.locator("#chip .name")
        self.queued = page.locator("#queue li .words")

    async def open(self, url: str) -> Self:
        """Opens the page and waits until it is loaded."""
        await self.page.goto(url)
        return await self.is_open()

    async def is_open(self) -> Self:
        """Waits until the page is loaded."""
        await self._entered()
        return self

    async def reload(self) -> None:
        """Reloads the page and waits until it is loaded."""
        with suppress(Error):  # where Gradio is just doing so itself, because the server is back
            await self.page.reload()
        await self._entered()

    async def send(self, text: str) -> None:
        """Types the text and presses Enter; on a touch screen the button."""
        await self.close_settings()
        await self.box.fill(text)
        is_touch = await self.page.evaluate("matchMedia('(hover: none) and (pointer: coarse)').matches")
        await (self.send_button.tap() if is_touch else self.box.press("Enter"))

    async def ask(self, text: str) -> str:
        """Sends the text, waits for the whole answer, and returns it."""
        count, answers = await self.questions.count(), await self._answers.count()
        await self.send(text)
        await expect(self.questions).to_have_count(count + 1)
        await expect(self._answers).to_have_count(answers + 1)  # or the box may not know yet that it is busy
        await expect(self.send_button).to_be_visible()
        return await self.last_answer()

    async def last_answer(self) -> str:
        """Returns the text of the newest answer."""
        return await self.answers.last.inner_text()

    async def press(self, name: str) -> None:
        """Clicks the last button with that name."""
        await self.page.get_by_role("button", name=name, exact=True).last.click()

    async def begin(self, text: str, *, words: int = 5) -> None:
        """Sends the text, and waits until the answer has that many numbered words."""
        await self.send(text)
        await self.has_come(words)

    async def has_come(self, words: int) -> None:
        """Waits until the newest answer has that numbered word."""
        await expect(self.answers.last).to_have_text(re.compile(rf"\bword{words}\b"))

    async def is_answering(self) -> None:
        """Waits until the page shows a running answer."""
        await expect(self.stop_button).to_be_visible()

    async def is_ready(self) -> None:
        """Waits until a message can be sent."""
        await expect(self.send_button).to_be_visible()

    async def is_idle(self, timeout: float | None = None) -> None:
        """Waits at most so many milliseconds until the page runs nothing; it may be loaded again meanwhile."""
        await expect(self.page.locator("html[data-state=idle]")).to_have_count(1, timeout=timeout)

    async def new_chat(self) -> None:
        """Starts a new chat, and waits for the empty page."""
        await self.close_settings()
        is_open = "open" in (await self.sidebar.get_attribute("class") or "").split()
        await self.page.locator("#new-chat" if is_open else "#picker .fresh").click()
        await expect(self.rows).to_have_count(0)
        await expect(self.opened).to_have_count(0)

    def conversation(self, title: str) -> Locator:
        """Returns the conversation's entry in the sidebar."""
        return self.page.locator("#conversations .conversation").filter(has_text=title)

    async def open_conversation(self, title: str) -> None:
        """Opens a conversation from the sidebar, and waits until it is marked as open."""
        await self.close_settings()
        await self.conversation(title).locator(".title").click()
        await expect(self.opened).to_contain_text(title)

    async def rename(self, title: str, new: str, key: str | None) -> None:
        """Types a new title, and confirms with the key, or with a click into the message box if there is none."""
        await self.choose_action(title, "Rename")
        field = self.page.locator("#conversations .rename-field")
        await field.fill(new)
        await (field.press(key) if key else self.box.click())
        await expect(field).to_have_count(0)

    async def choose_action(self, title: str, action: str) -> None:
        """Chooses an action from the menu of a conversation."""
        line = self.conversation(title)
        await line.hover()
        await line.locator(".more").click()
        await self.page.get_by_role("menuitem", name=action, exact=True).click()

    async def remove(self, title: str, *, for_good: bool = True) -> None:
        """Deletes the conversation; `for_good` does not wait for the time to undo it, as if the page were left."""
        await self.choose_action(title, "Delete")
        await expect(self.undo_notice).to_contain_text(title)
        if for_good:
            async with self.page.expect_response(lambda response: response.request.method == "DELETE"):
                await self.page.evaluate("dispatchEvent(new Event('pagehide'))")

    async def search(self, words: str) -> None:
        """Types into the search box, a key at a time."""
        await self.search_box.press_sequentially(words)

    async def press_at(self, row: int, name: str) -> None:
        """Clicks a button below a message. Rows count from 0; negative ones count from the end."""
        line = self.rows.nth(row)
        await line.hover()
        await line.get_by_role("button", name=name, exact=True).click()

    async def import_file(self, content: Mapping[str, Any] | bytes, name: str = "file.json") -> Locator:
        """Imports a file; returns the element that shows the result."""
        await self.open_part("data")
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        async with self.page.expect_file_chooser() as opened:
            await self.page.locator("#import").click()
        chooser = await opened.value
        await chooser.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": payload})
        return self.page.locator("#import-result")

    async def import_all(self, *files: Mapping[str, Any]) -> None:
        """Imports the conversations, and waits until they are listed."""
        count = await self.conversations.count()
        for number, each in enumerate(files, 1):
            await self.import_file(each)
            await expect(self.conversations).to_have_count(count + number)

    async def download(self, button: str) -> tuple[str, bytes]:
        """Clicks a download button in the data section; returns the file's name and content."""
        await self.open_part("data")
        async with self.page.expect_download() as started:
            await self.press(button)
        file = await started.value
        return file.suggested_filename, (await file.path()).read_bytes()

    async def open_part(self, name: str) -> None:
        """Opens a section of the sidebar or the settings, unless it is open."""
        if name == "settings":
            await self.open_settings()
            return
        await self.close_settings()
        head = self.page.locator(f"#{name} button").first
        if "open" not in (await head.get_attribute("class") or "").split():
            await head.click()
            await self.page.wait_for_timeout(300)  # Gradio fills the fields a moment after it has drawn them

    async def edit(self, question: int, text: str) -> None:
        """Edits one of the visitor's messages, counted from 0, and sends it."""
        await self.close_settings()
        row = self.page.locator("#chat .user-row").nth(question)
        await row.hover()
        await row.get_by_role("button", name="Edit").click()
        await row.locator(".editor textarea").fill(text)
        await row.locator(".editor textarea").press("Enter")

    async def choose_provider(self, label: str) -> None:
        """Chooses the first model of the provider with that label."""
        await self.open_picker()
        group = self.panel.get_by_role("group", name=label, exact=True)
        await expect(group).not_to_have_attribute("aria-busy", "true")  # the first may change until the list is there
        await group.locator(".option[data-model]").first.click()
        await expect(self.picker).to_contain_text(label)

    async def type_model(self, name: str) -> None:
        """Chooses the chosen provider's model of that name, whether it is listed or not."""
        provider = await self.picker.get_attribute("data-provider")
        await self.open_picker()
        await self.panel.locator("input").fill(name)
        await self.panel.locator(f'[data-model="{name}"][data-provider="{provider}"]').first.click()
        await expect(self.page.locator("#model input")).to_have_value(name)

    async def model(self) -> str:
        """Returns the chosen model's name."""
        return await self.page.locator("#model input").input_value()

    async def open_picker(self) -> None:
        """Opens the model picker."""
        await self.close_settings()
        await self.picker.click()
        await expect(self.panel).to_be_visible()

    async def open_memory(self) -> Locator:
        """Opens the memory panel, and returns it."""
        await self.page.locator("#memory-panel .opener").click()
        panel = self.page.get_by_role("dialog", name="Memory")
        await expect(panel.get_by_role("checkbox").first).to_be_enabled()
        return panel

    async def open_settings(self) -> None:
        """Opens the settings by their keys, unless they are open."""
        if not await self.settings.is_visible():
            await self.page.keyboard.press("Control+,")
            await expect(self.settings).to_be_visible()

    async def close_settings(self) -> None:
        """Closes the settings, if they are open."""
        if await self.settings.is_visible():
            await self.settings.locator(".close").click()
            await expect(self.settings).to_be_hidden()

    async def open_keys(self) -> None:
        """Opens the section of the visitor's own keys, unless it is open."""
        await self.open_part("keys")

    async def type_key(self, provider: str, key: str) -> None:
        """Types the visitor's own key for a provider, and waits until the server has it."""
        await self.open_keys()
        field = await self.fill_key(provider, key)
        async with self.page.expect_response(re.compile("/gradio_api/run/")):
            await field.blur()

    async def fill_key(self, provider: str, key: str) -> Locator:
        """Fills the field of a key until the text stays: Gradio empties a field a moment after it has drawn it."""
        field = self.page.locator(f"#{provider}-key input")
        while await field.input_value() != key:
            await field.fill(key)
            await self.page.wait_for_timeout(300)
        return field

    async def exported(self) -> str:
        """Returns the conversation exported as Markdown."""
        await self.close_settings()
        await self.page.locator("#data button").first.click()
        async with self.page.expect_download() as download:
            await self.page.locator("#export-md").click()
        return (await (await download.value).path()).read_text("utf-8")

    async def _entered(self) -> None:
        await expect(self.box).to_be_visible()
        # Not “is idle”: an answer that runs may begin to stream at once.
        await expect(self.page.locator("html[data-state]:not([data-state=loading])")).to_have_count(1)
        await expect(self.page.locator("#shell")).to_have_count(0)


async def tab(context: BrowserContext, url: str) -> ChatPage:
    """Opens another tab of the same visitor."""
    return await ChatPage(await context.new_page()).open(url)
