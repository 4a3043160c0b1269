"""Export, import and deletion of a visitor's conversations."""

import asyncio
import io
import json
import zipfile

import pytest
from playwright.async_api import Browser, FileChooser, Route, expect

from chatbot.i18n import texts
from tests.browser.chat_page import ChatPage
from tests.browser.files import dated, talk
from tests.fake_upstream import FakeUpstream
from tests.support.reply_setup import until
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


async def with_versions(chat: ChatPage) -> None:
    """Creates a conversation with one edited message."""
    await chat.ask("Pears")
    await chat.edit(0, "Plums")
    await expect(chat.versions).to_have_text(["2 / 2"])
    await chat.is_ready()


async def test_a_conversation_is_exported_as_markdown(chat: ChatPage) -> None:
    await chat.ask("Pears")
    name, content = await chat.download("This chat as text")
    assert name.endswith(".md")
    text = content.decode()
    assert text.startswith("# Pears\n")
    assert "**You**\n\nPears" in text
    assert "You said: Pears" in text


async def test_a_conversation_is_exported_as_json(chat: ChatPage) -> None:
    await with_versions(chat)
    name, content = await chat.download("This chat as JSON")
    assert name.endswith(".json")
    assert [message["content"] for message in json.loads(content)["messages"] if message["role"] == "user"] == [
        "Pears",
        "Plums",
    ]


async def test_all_conversations_are_exported_as_a_zip(chat: ChatPage) -> None:
    await chat.ask("Pears")
    await chat.new_chat()
    await chat.ask("Plums 🍑")
    name, content = await chat.download("All chats (zip)")
    assert name.endswith(".zip")
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert sorted((each.split()[0], each.rpartition(".")[2]) for each in names) == [
        ("Pears", "json"),
        ("Pears", "md"),
        ("Plums", "json"),
        ("Plums", "md"),
    ]


async def test_exporting_an_empty_chat_reports_nothing_to_save(chat: ChatPage) -> None:
    await chat.open_part("data")
    await chat.press("This chat as text")
    await expect(chat.page.get_by_text("nothing to save")).to_be_visible()


@pytest.mark.parametrize("button", ["This chat as JSON", "All chats (zip)"])
async def test_an_exported_file_restores_the_conversation_in_another_session(
    chat: ChatPage, app: RunningApp, browser: Browser, button: str
) -> None:
    await with_versions(chat)
    name, content = await chat.download(button)
    context = await browser.new_context()
    other = await ChatPage(await context.new_page()).open(app.url)
    said = await other.import_file(content, name)
    await expect(said).to_have_text("1 conversation imported.")
    await other.open_conversation("Pears")
    await expect(other.questions).to_have_text(["Plums"])
    await expect(other.answers).to_have_text(["You said: Plums"])
    await expect(other.versions).to_have_text(["2 / 2"])
    await expect(other.details).to_have_text(await chat.details.all_text_contents())
    await other.press_at(0, "Earlier version")
    await expect(other.answers).to_have_text(["You said: Pears"])
    assert await other.ask("And now?") == "You said: And now?"
    await context.close()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("file.json", b"{", "not"),
        ("file.json", b'{"format": "another"}', "not"),
        ("file.json", b"\xff\xfe", "not"),
        ("file.zip", b"PK\x03\x04 nothing more", "damaged"),
    ],
)
async def test_an_invalid_file_is_refused_and_changes_nothing(
    chat: ChatPage, name: str, content: bytes, sentence: str
) -> None:
    await chat.ask("Pears")
    said = await chat.import_file(content, name)
    await expect(said).to_contain_text("othing was changed")
    await expect(said).to_contain_text(sentence)
    await expect(chat.conversations).to_have_text(["Pears"])
    await expect(chat.answers).to_have_text(["You said: Pears"])
    await chat.import_all(dated("A good one", 1, *talk(2)))


async def test_a_file_can_be_imported_after_an_invalid_one(chat: ChatPage) -> None:
    said = await chat.import_file(b"{")
    await expect(said).to_contain_text("othing was changed")
    said = await chat.import_file(dated("A good one", 1, *talk(2)))
    await expect(said).to_have_text("1 conversation imported.")
    await expect(chat.conversations).to_have_text(["A good one"])


def choices(chat: ChatPage) -> list[FileChooser]:
    """Collects the file choosers that the page opens from now on."""
    opened: list[FileChooser] = []

    def note(chooser: FileChooser) -> None:
        opened.append(chooser)

    chat.page.on("filechooser", note)
    return opened


async def test_a_file_can_be_imported_by_keyboard(chat: ChatPage) -> None:
    opened = choices(chat)
    await chat.open_part("data")
    await chat.page.get_by_role("button", name="All chats (zip)").focus()
    await chat.page.keyboard.press("Tab")
    button = chat.page.get_by_role("button", name="Import a file…", exact=True)
    await expect(button).to_be_focused()
    await chat.page.keyboard.press("Enter")
    await until(lambda: opened)
    assert await opened[0].element.get_attribute("accept") == ".json,.zip"
    await opened[0].set_files({"name": "a.json", "mimeType": "application/json", "buffer": b"{"})
    await expect(chat.page.locator("#import-result")).to_contain_text("othing was changed")
    await expect(button).to_be_focused()


async def test_the_import_button_is_disabled_during_an_upload(chat: ChatPage) -> None:
    arrive = asyncio.Event()

    async def hold_up(route: Route) -> None:
        await arrive.wait()
        await route.continue_()

    await chat.page.route("**/session/import", hold_up)
    said = await chat.import_file(dated("A good one", 1, *talk(2)))
    button, opened = chat.page.locator("#import"), choices(chat)
    await expect(button).to_have_attribute("aria-busy", "true")
    await expect(button).to_be_disabled()
    await button.click(force=True)
    await button.press("Enter")
    await chat.page.wait_for_timeout(300)
    assert opened == []
    arrive.set()
    await expect(said).to_have_text("1 conversation imported.")
    await expect(button).to_be_enabled()
    await expect(chat.conversations).to_have_text(["A good one"])


async def test_a_failed_upload_is_reported_and_can_be_retried(chat: ChatPage) -> None:
    await chat.page.route("**/session/import", lambda route: route.abort(), times=1)
    file = dated("A good one", 1, *talk(2))
    await expect(await chat.import_file(file)).to_have_text(texts("en")["data.lost"])
    await expect(await chat.import_file(file)).to_have_text("1 conversation imported.")


async def test_a_file_over_the_body_limit_is_called_too_large(chat: ChatPage) -> None:
    refusal = {"status": 413, "body": "Too large.", "content_type": "text/plain"}
    await chat.page.route("**/session/import", lambda route: route.fulfill(**refusal))
    await expect(await chat.import_file(b"{}")).to_have_text(texts("en")["failure.too_large.import"])


async def test_an_export_clears_the_import_result(chat: ChatPage) -> None:
    await chat.ask("Pears")
    said = await chat.import_file(b"{")
    await expect(said).to_contain_text("othing was changed")
    await chat.download("This chat as text")
    await expect(said).to_be_empty()


async def test_all_conversations_are_deleted_after_confirmation(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask("Pears")
    await chat.new_chat()
    await chat.type_model("pace:50x1000")
    await chat.begin("Plums")
    await chat.open_part("data")
    await chat.press("Delete all my data")
    await chat.press("Cancel")
    await expect(chat.conversations).to_have_count(2)
    await chat.press("Delete all my data")
    await chat.press("Delete everything")
    await expect(chat.conversations).to_have_count(0)
    await expect(chat.rows).to_have_count(0)
    await chat.is_ready()
    await until(lambda: upstream.closed_early)
    await expect(chat.page.get_by_role("button", name="Delete everything")).to_be_hidden()
    await chat.reload()
    await expect(chat.conversations).to_have_count(0)
    await chat.type_model("gpt-6-luna")
    assert await chat.ask("Anything left?") == "You said: Anything left?"
    await expect(chat.conversations).to_have_text(["Anything left?"])


async def test_deleting_everything_clears_the_other_tab(chat: ChatPage, app: RunningApp) -> None:
    await chat.ask("Pears")
    other = await ChatPage(await chat.page.context.new_page()).open(app.url)
    await other.open_part("data")
    await other.press("Delete all my data")
    await other.press("Delete everything")
    await expect(chat.conversations).to_have_count(0)
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Plums") == "You said: Plums"


async def test_the_page_says_where_conversations_are_stored(chat: ChatPage) -> None:
    await chat.open_part("data")
    line = chat.page.locator("#data").get_by_text("Conversations are kept on the computer that runs this app")
    await expect(line).to_be_visible()
