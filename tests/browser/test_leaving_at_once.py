"""A visitor who sends, stops or deletes, and at once is somewhere else: nothing goes to the wrong chat, or is lost."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario

pytestmark = pytest.mark.tier2

ENDLESS = Scenario(tokens=100_000, tokens_per_second=50)


async def hold_events(chat: ChatPage) -> asyncio.Event:
    """Holds back what the page asks of Gradio's queue until the event is set."""
    is_free = asyncio.Event()

    async def later(route: Route) -> None:
        await is_free.wait()
        await route.continue_()

    await chat.page.route("**/queue/join*", later)
    return is_free


async def test_what_was_to_wait_in_a_chat_that_was_left_comes_into_the_box(
    chat: ChatPage, upstream: FakeUpstream
) -> None:
    await chat.ask("Alpha")
    await chat.new_chat()
    is_free = await hold_events(chat)
    await chat.send("Beta first")
    await expect(chat.box).to_have_value("")
    await chat.send("Beta second")
    await expect(chat.box).to_have_value("")
    await chat.conversation("Alpha").locator(".title").click()
    is_free.set()
    await expect(chat.opened).to_contain_text("Alpha")
    await expect(chat.box).to_have_value("Beta second")
    await expect(chat.questions).to_have_count(1)
    await expect(chat.conversations).to_have_count(2)
    assert "Beta second" not in str([each.body for each in upstream.requests])


async def test_stop_ends_the_answer_that_was_on_display(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.scenario = ENDLESS
    await chat.begin("Alpha")
    await chat.new_chat()
    is_free = await hold_events(chat)
    await chat.send("Beta")
    await chat.stop_button.click()
    await chat.conversation("Alpha").locator(".title").click()
    is_free.set()
    await expect(chat.opened).to_contain_text("Alpha")
    await chat.is_answering()
    await expect(chat.conversation("Beta")).not_to_contain_text("answering")
    await chat.open_conversation("Beta")
    await expect(chat.notes.last).to_contain_text("You stopped this answer")
    await chat.open_conversation("Alpha")
    await chat.stop_button.click()
    await chat.is_ready()


async def test_opening_a_chat_takes_its_deletion_back(chat: ChatPage) -> None:
    await chat.ask("Xray")
    await chat.new_chat()
    await chat.ask("Yankee")
    await chat.open_conversation("Xray")
    await chat.open_conversation("Yankee")
    await chat.remove("Xray", for_good=False)
    await chat.page.go_back()
    await expect(chat.questions).to_have_text(["Xray"])
    await expect(chat.undo_notice.get_by_role("button")).to_have_count(0)
    await chat.ask("A message that matters")
    await expect(chat.questions).to_have_text(["Xray", "A message that matters"])
    await expect(chat.conversations).to_have_count(2)


async def test_a_draft_stays_in_the_box_of_a_new_chat(chat: ChatPage) -> None:
    await chat.ask("Alpha")
    await chat.box.fill("A draft")
    await chat.new_chat()
    await expect(chat.box).to_have_value("A draft")


async def test_nothing_is_offered_over_an_empty_box(chat: ChatPage) -> None:
    is_free = await hold_events(chat)
    await chat.send("Hello")
    await chat.is_answering()
    await expect(chat.box).to_have_value("")
    await expect(chat.page.get_by_role("button", name="Send after this answer")).to_have_count(0)
    is_free.set()
    await expect(chat.answers.last).to_have_text("You said: Hello")
