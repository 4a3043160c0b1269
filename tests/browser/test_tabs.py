"""One conversation in two tabs: each tab shows the changes made in the other."""

import asyncio

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.chat_page import ChatPage, tab
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


async def test_a_second_tab_streams_the_answer(app: RunningApp, context: BrowserContext, chat: ChatPage) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await expect(other.questions).to_have_text(["First"])
    await chat.type_model("pace:50x300")
    await chat.begin("Second")
    await other.is_answering()
    await other.has_come(50)
    await expect(other.questions).to_have_text(["First", "Second"])
    await chat.is_ready()
    await other.is_ready()
    texts = await chat.answers.all_inner_texts()
    await expect(other.answers).to_have_text(texts)
    await expect(other.details).to_have_count(2)


async def test_the_first_tab_shows_a_message_sent_in_the_second(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await other.ask("Second")
    await expect(chat.questions).to_have_text(["First", "Second"])
    await expect(chat.answers).to_have_text(["You said: First", "You said: Second"])
    await chat.is_ready()


async def test_a_title_edited_in_another_tab_is_updated(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await other.rename("First", "Another", "Enter")
    await expect(chat.conversations).to_have_text(["Another"])


async def test_a_conversation_deleted_in_another_tab_disappears(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await other.remove("First")
    await expect(chat.conversations).to_have_count(0)
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Second") == "You said: Second"


async def test_a_conversation_deleted_during_its_answer_disappears_in_both_tabs(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.type_model("pace:50x1000")
    await chat.begin("First")
    other = await tab(context, app.url)
    await other.is_answering()
    await other.remove("First")
    for each in (chat, other):
        await expect(each.conversations).to_have_count(0)
        await expect(each.rows).to_have_count(0)
        await each.is_ready()


async def test_a_message_sent_in_another_tab_during_an_answer_waits_in_both(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await chat.type_model("pace:50x150")
    await chat.begin("Second")
    await other.is_answering()
    await other.send("Third")
    for each in (chat, other):
        await expect(each.queued).to_have_text(["Third"])
    for each in (chat, other):
        await expect(each.questions).to_have_text(["First", "Second", "Third"])
        await expect(each.queued).to_have_count(0)
        await each.is_ready()


async def test_two_simultaneous_messages_go_one_after_the_other(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    for each, text in ((chat, "Mine"), (other, "Yours")):
        await each.type_model("pace:50x100")
        await each.box.fill(text)
    press = "document.querySelector('#message .submit-button').click()"
    await asyncio.gather(*(each.page.evaluate(press) for each in (chat, other)))
    for each in (chat, other):
        await expect(each.answers).to_have_count(3)
        await each.has_come(100)
        await each.is_ready()
        await expect(each.box).to_have_value("")
        await expect(each.queued).to_have_count(0)
    texts = await chat.questions.all_inner_texts()
    assert sorted(texts) == ["First", "Mine", "Yours"]
    assert await other.questions.all_inner_texts() == texts


async def test_a_second_tab_shows_the_version_chosen_in_the_first(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("Pears")
    await chat.edit(0, "Plums")
    await expect(chat.answers).to_have_text(["You said: Plums"])
    await chat.is_ready()
    other = await tab(context, app.url)
    await expect(other.questions).to_have_text(["Plums"])
    await chat.press_at(0, "Earlier version")
    for each in (chat, other):
        await expect(each.questions).to_have_text(["Pears"])
        await expect(each.versions).to_have_text(["1 / 2"])


async def test_undo_during_an_answer_removes_it_in_both_tabs(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    await chat.type_model("pace:50x1000")
    await chat.edit(0, "Second")
    await chat.has_come(5)
    other = await tab(context, app.url)
    await other.is_answering()
    await other.press_at(-1, "Take this turn back")
    for each in (chat, other):
        await expect(each.questions).to_have_text(["First"])
        await expect(each.answers).to_have_text(["You said: First"])
        await each.is_ready()
