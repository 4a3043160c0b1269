"""Attachments on the page: chosen, dropped or pasted; small in the conversation, in full after a click."""

import io
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import asked
from tests.support.running import RunningApp, two_providers
from tests.support.sample_files import pdf, picture

pytestmark = pytest.mark.tier2


CONTENTS = {"red.png": picture(), "report.pdf": pdf("Pears"), "notes.csv": b"a,b\n1,2\n", "x.zip": b"PK\x03\x04\0\0"}
TYPES = {"png": "image/png", "pdf": "application/pdf", "csv": "text/csv", "zip": "application/zip"}

HAND_OVER = """([event, files]) => {
    const data = new DataTransfer();
    for (const { name, type, content } of files) {
        data.items.add(new File([Uint8Array.from(atob(content), (each) => each.charCodeAt(0))], name, { type }));
    }
    const details = { bubbles: true, cancelable: true };
    const target = document.querySelector(event === "paste" ? "#message textarea" : "#chat");
    if (event === "paste") target.dispatchEvent(new ClipboardEvent(event, { ...details, clipboardData: data }));
    else for (const each of ["dragover", event]) {
        target.dispatchEvent(new DragEvent(each, { ...details, dataTransfer: data }));
    }
}"""


class Files:
    """The attachments of the chat page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting = page.locator("#files .item:not(.refused)")
        self.refused = page.locator("#files .refused")
        self.said = page.locator("#chat .files .file")
        self.viewer = page.locator("dialog.viewer")

    async def choose(self, *names: str) -> None:
        """Chooses files with the button beside the message box."""
        async with self.page.expect_file_chooser() as opened:
            await self.page.get_by_role("button", name="Attach files").click()
        chosen: list[Any] = [{"name": name, "mimeType": TYPES[name[-3:]], "buffer": CONTENTS[name]} for name in names]
        await (await opened.value).set_files(chosen)

    async def hand_over(self, event: str, *names: str) -> None:
        """Drops files on the page, or pastes them into the message box."""
        files = [
            {"name": name, "type": TYPES[name[-3:]], "content": b64encode(CONTENTS[name]).decode()} for name in names
        ]
        await self.page.evaluate(HAND_OVER, [event, files])

    async def are_uploaded(self, count: int) -> None:
        await expect(self.waiting).to_have_count(count)
        await expect(self.page.locator("#files .uploading")).to_have_count(0)


@pytest.fixture
def files(chat: ChatPage) -> Files:
    return Files(chat.page)


async def shows(image: Locator) -> list[int]:
    """Waits until the image is loaded; returns its width and height in pixels."""
    await expect(image).to_have_js_property("complete", True)
    return list(await image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]"))


async def test_chosen_dropped_and_pasted_files_are_sent_together(
    chat: ChatPage, files: Files, upstream: FakeUpstream
) -> None:
    await files.choose("red.png")
    await files.hand_over("drop", "report.pdf")
    await files.hand_over("paste", "notes.csv")
    await files.are_uploaded(3)
    assert await shows(files.waiting.first.locator("img")) == [60, 40]
    await chat.ask("What is all this?")
    await expect(files.waiting).to_have_count(0)
    await expect(files.said).to_have_count(3)
    kinds = [part["type"] for part in asked(upstream)[-1].body["messages"][-1]["content"]]
    assert kinds == ["image_url", "file", "text", "text"]


async def test_a_file_can_be_sent_without_text(chat: ChatPage, files: Files, upstream: FakeUpstream) -> None:
    await files.hand_over("paste", "red.png")
    await chat.box.press("Enter")  # while it is still being uploaded
    await expect(files.said).to_have_count(1)
    await expect(chat.answers).to_have_count(1)
    await chat.is_ready()
    await expect(chat.questions).to_be_hidden()
    await expect(chat.opened).to_have_text("red.png")
    (part,) = asked(upstream)[-1].body["messages"][-1]["content"]
    sent = Image.open(io.BytesIO(b64decode(part["image_url"]["url"].partition(",")[2])))
    assert sent.size == (60, 40)


async def test_images_and_text_open_in_a_viewer_pdfs_outside(chat: ChatPage, files: Files) -> None:
    await files.choose("red.png", "notes.csv", "report.pdf")
    await files.are_uploaded(3)
    await chat.ask("Look")
    await files.said.nth(0).click()
    assert await shows(files.viewer.locator("img")) == [60, 40]
    async with chat.page.expect_download() as saved:
        await files.viewer.get_by_role("button", name="Save").click()
    assert (await saved.value).suggested_filename == "red.png"
    await chat.page.keyboard.press("Escape")
    await expect(files.viewer).to_have_count(0)
    await files.said.nth(1).click()
    await expect(files.viewer.locator("pre")).to_have_text("a,b\n1,2\n")
    await files.viewer.get_by_role("button", name="Close").click()
    async with chat.page.context.expect_event("request", lambda request: request.url.startswith("blob:")):
        await files.said.nth(2).click()  # beside the page; whether it is drawn there is the browser's


async def test_an_unreadable_file_is_refused_and_the_others_are_sent(
    chat: ChatPage, files: Files, upstream: FakeUpstream
) -> None:
    await files.choose("x.zip", "notes.csv")
    await expect(files.refused).to_contain_text("“x.zip” is neither a picture")
    await files.are_uploaded(1)
    await chat.ask("Read")
    assert asked(upstream)[-1].body["messages"][-1]["content"].startswith("notes.csv:\n")
    await expect(files.refused).to_have_count(0)


async def test_a_file_can_be_removed_before_sending(chat: ChatPage, files: Files, upstream: FakeUpstream) -> None:
    await files.choose("red.png", "notes.csv")
    await files.are_uploaded(2)
    await chat.page.get_by_role("button", name="Remove red.png").click()
    await chat.ask("Read")
    await expect(files.said).to_have_count(1)
    assert isinstance(asked(upstream)[-1].body["messages"][-1]["content"], str)


async def test_images_for_a_text_model_are_refused_before_sending(
    chat: ChatPage, files: Files, upstream: FakeUpstream
) -> None:
    await chat.type_model("gpt-3.5-turbo")
    await files.choose("red.png")
    await files.are_uploaded(1)
    await chat.send("What is it?")
    await expect(chat.answers).to_contain_text("gpt-3.5-turbo does not read pictures, and so not “red.png”.")
    await files.are_uploaded(1)
    await expect(chat.box).to_have_value("What is it?")
    assert asked(upstream) == []
    await chat.type_model("gpt-6-luna")
    await chat.box.press("Enter")
    await expect(files.said).to_have_count(1)
    await chat.is_ready()
    assert asked(upstream)[-1].body["messages"][-1]["content"][0]["type"] == "image_url"


async def test_an_edited_message_keeps_its_files(chat: ChatPage, files: Files, upstream: FakeUpstream) -> None:
    await files.choose("red.png")
    await files.are_uploaded(1)
    await chat.ask("What is it?")
    await chat.edit(0, "What colour is it?")
    await expect(chat.versions).to_have_text(["2 / 2"])
    await chat.is_ready()
    await expect(files.said).to_have_count(1)
    sent = asked(upstream)[-1].body["messages"][-1]["content"]
    assert [part["type"] for part in sent] == ["image_url", "text"]
    assert sent[1]["text"] == "What colour is it?"


async def test_undo_restores_a_messages_files(chat: ChatPage, files: Files, upstream: FakeUpstream) -> None:
    await files.choose("red.png", "notes.csv")
    await files.are_uploaded(2)
    await chat.ask("What is it?")
    await expect(files.said).to_have_count(2)
    await chat.press_at(-1, "Take this turn back")
    await expect(chat.box).to_have_value("What is it?")
    await files.are_uploaded(2)
    assert await shows(files.waiting.first.locator("img")) == [60, 40]
    await chat.box.press("Enter")
    await expect(files.said).to_have_count(2)
    await chat.is_ready()
    assert [part["type"] for part in asked(upstream)[-1].body["messages"][-1]["content"]] == [
        "image_url",
        "text",
        "text",
    ]


async def test_files_survive_a_restart_and_are_private(browser: Browser, upstream: FakeUpstream, data: Path) -> None:
    context = await browser.new_context()
    addresses: list[str] = []
    with RunningApp(data, two_providers(upstream)) as app:
        chat = await ChatPage(await context.new_page()).open(app.url)
        chat.page.on("request", lambda request: addresses.append(request.url))
        files = Files(chat.page)
        await files.choose("red.png")
        await files.are_uploaded(1)
        await chat.ask("What is it?")
        await chat.reload()
        assert await shows(files.said.locator("img")) == [60, 40]
        app.stop()
        app.start()
        await chat.reload()
        assert await shows(files.said.locator("img")) == [60, 40]
        (fetched,) = {address for address in addresses if "/attachments/" in address}
        assert httpx.get(fetched).status_code == 401
        token = httpx.post(f"{app.url}/session").json()["token"]
        other_visitor = httpx.get(fetched, headers={"Authorization": f"Bearer {token}"})
        assert other_visitor.status_code == 404


async def test_a_message_without_files_uploads_nothing(chat: ChatPage, upstream: FakeUpstream) -> None:
    calls: list[str] = []
    chat.page.on("request", lambda request: calls.append(request.url))
    await chat.ask("Hello")
    assert [call for call in calls if "attachments" in call] == []
    assert asked(upstream)[-1].body["messages"][-1]["content"] == "Hello"


async def test_the_whole_page_says_where_files_can_be_dropped(chat: ChatPage) -> None:
    drag = """(kind) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["x"], "x.txt"));
        dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    }"""
    said = chat.page.get_by_text("Drop files here")
    await expect(said).to_be_hidden()
    await chat.page.evaluate(drag, "dragover")
    await expect(said).to_be_visible()
    await chat.page.evaluate(drag, "dragleave")
    await expect(said).to_be_hidden()
