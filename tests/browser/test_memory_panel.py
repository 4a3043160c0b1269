"""The memory panel: its switches, the notes to search, change, pin and delete, and how notes come in and go out."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.api.test_memory import system_prompt
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.fake_upstream.scenarios import Scenario
from tests.support.api_client import Visitor, asked

pytestmark = pytest.mark.tier2

BOAT = {"text": "The boat is green, at the harbour"}


def add(api: Visitor, *known: dict[str, Any]) -> None:
    for each in known:
        assert api.call("POST", "/notes", json=each).status_code == 201


def note_texts(api: Visitor) -> list[str]:
    return [each["text"] for each in api.get("/notes")["notes"]]


async def test_it_adds_changes_and_pins_notes(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    panel = await chat.open_memory()
    await expect(panel).to_contain_text("No notes yet.")
    await panel.locator(".added").fill("I live in Oslo")
    await panel.locator(".added").press("Enter")
    note = panel.locator("li textarea")
    await expect(note).to_have_value("I live in Oslo")
    await note.fill("I live in Bergen")
    await note.press("Enter")
    await panel.get_by_role("button", name="Pin").click()
    await expect(panel.locator("li.pinned textarea")).to_have_value("I live in Bergen")
    await chat.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await chat.ask("What is new?")
    assert "- I live in Bergen" in system_prompt(upstream)


async def test_one_switch_turns_all_memory_off(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    add(api, {"text": "I live in Oslo", "pinned": True})
    panel = await chat.open_memory()
    recall = panel.get_by_role("checkbox", name="Use my earlier conversations")
    await expect(recall).not_to_be_checked()
    await panel.get_by_role("checkbox", name="Use my notes").uncheck()
    await expect(recall).to_be_disabled()
    await panel.get_by_role("button", name="Close").click()
    await chat.ask("And now?")
    assert "Oslo" not in system_prompt(upstream)
    assert api.get("/session") == {"memory": False, "recall": False}


async def test_a_switch_is_drawn_when_it_is_known(chat: ChatPage) -> None:
    arrives = asyncio.Event()

    async def delay(route: Route) -> None:
        await arrives.wait()
        await route.abort()

    await chat.page.route("**/session", delay)
    await chat.page.locator("#memory-panel .opener").click()
    panel = chat.page.get_by_role("dialog", name="Memory")
    recall = panel.locator("input[name=recall]")
    await expect(panel.locator(".switch .state")).to_have_text(["Loading…", "Loading…"])
    await expect(recall).to_be_hidden()
    arrives.set()
    await expect(panel.locator(".switch .state").first).not_to_have_text("Loading…")
    await expect(recall).to_be_hidden()
    await chat.page.unroute("**/session")
    await panel.get_by_role("button", name="Close").click()
    await chat.open_memory()
    await expect(recall).to_be_enabled()
    await expect(panel.locator(".switch .state")).to_have_text(["", ""])


async def test_notes_are_searched_and_older_ones_stand_behind_the_newer(chat: ChatPage, api: Visitor) -> None:
    add(api, {"text": "My dentist is Dr. Old"}, BOAT, {"text": "My dentist is Dr. New"})
    panel = await chat.open_memory()
    texts = panel.locator("li textarea")
    await expect(texts).to_have_count(3)
    shown = await texts.evaluate_all("(fields) => fields.map((field) => field.value)")
    assert shown == ["My dentist is Dr. New", "My dentist is Dr. Old", BOAT["text"]]
    await expect(panel.locator("li.older")).to_contain_text("Older, about the same")
    await panel.locator(".search").fill("boat")
    await expect(texts).to_have_count(1)
    await panel.locator(".search").fill("kayak")
    await expect(panel).to_contain_text("Nothing found")


async def test_a_note_is_deleted_unless_that_is_undone(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    add(api, BOAT | {"pinned": True})
    panel = await chat.open_memory()
    await panel.get_by_role("button", name="Forget").click()
    await expect(panel.locator("li")).to_have_count(0)
    await chat.undo_notice.get_by_role("button", name="Undo").click()
    await expect(panel.locator("li")).to_have_count(1)
    assert note_texts(api) == [BOAT["text"]]
    await panel.get_by_role("button", name="Forget").click()
    await panel.get_by_role("button", name="Close").click()
    await expect(chat.undo_notice).to_contain_text("was deleted")
    await chat.ask("Which colour?")  # before the time to undo is over
    assert "green" not in system_prompt(upstream)
    assert note_texts(api) == []


async def test_a_note_leads_to_its_source(chat: ChatPage, api: Visitor) -> None:
    await chat.ask("Remember that my dentist is Dr. Example")
    await chat.new_chat()
    await chat.ask("Who is my dentist?")
    panel = await chat.open_memory()
    await expect(panel.locator("li")).to_contain_text("Last used")
    await panel.get_by_role("button", name="Where it was said").click()
    await expect(panel).to_be_hidden()
    await expect(chat.page.locator("#chat .found")).to_contain_text("Remember that my dentist")


async def test_notes_are_saved_as_a_list_and_lines_of_others_are_ticked(chat: ChatPage, api: Visitor) -> None:
    add(api, BOAT)
    panel = await chat.open_memory()
    async with chat.page.expect_download() as started:
        await panel.get_by_role("button", name="Save as a Markdown list").click()
    assert (await (await started.value).path()).read_text("utf-8") == f"- {BOAT['text']}\n"
    await panel.get_by_text("Bring notes along").click()
    await panel.get_by_role("textbox", name="Bring notes along").fill("# About me\n- I have two cats\n- I live in Oslo")
    await panel.get_by_role("button", name="Show its lines").click()
    await expect(panel.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    await panel.get_by_role("checkbox", name="I have two cats").check()
    await panel.get_by_role("button", name="Save", exact=True).click()
    await expect(panel).to_contain_text("1 note saved.")
    await expect(panel.locator("li")).to_have_count(2)
    assert note_texts(api) == ["I have two cats", BOAT["text"]]


async def test_a_model_suggests_notes_when_it_is_asked(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    await chat.ask("I am allergic to nuts, and my sister is Ada")
    panel = await chat.open_memory()
    await panel.get_by_text("Suggest notes from this conversation").click()
    before = len(asked(upstream))
    upstream.queue(Scenario(reply="- I am allergic to nuts\n- My sister is Ada"))
    await panel.get_by_role("button", name="Ask the model").click()
    await expect(panel.get_by_role("checkbox", name="My sister is Ada")).not_to_be_checked()
    await expect(panel).to_contain_text("gpt-6-luna")
    await expect(panel).to_contain_text("$")
    assert len(asked(upstream)) == before + 1
    assert note_texts(api) == []
    await panel.get_by_role("checkbox", name="My sister is Ada").check()
    await panel.get_by_role("button", name="Save", exact=True).click()
    await expect(panel).to_contain_text("1 note saved.")
    assert note_texts(api) == ["My sister is Ada"]
