"""An answer goes on whatever happens to the page, and whoever comes back sees it."""

import asyncio
import signal
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.unreliable import line_to
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp, two_providers


@pytest.fixture
async def context(page: Page) -> BrowserContext:
    """The browser of the page's visitor, for more tabs."""
    return page.context


async def tab(context: BrowserContext, url: str) -> ChatPage:
    """Another tab of the same visitor's."""
    return await ChatPage(await context.new_page()).open(url)


async def test_an_answer_goes_on_while_its_tab_is_closed(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.type_model("pace:50x1000")
    await chat.begin("Take your time")
    await chat.page.close()
    again = await tab(context, app.url)
    await again.is_answering()
    await expect(again.questions).to_have_text(["Take your time"])
    await again.has_come(200)
    assert (await again.last_answer()).split()[:3] == ["word1", "word2", "word3"]
    await again.stop_button.click()
    await expect(again.notes.last).to_contain_text("Stopped by you")


async def test_an_answer_that_ended_while_its_tab_was_closed_is_there_complete(
    app: RunningApp, context: BrowserContext, chat: ChatPage, upstream: FakeUpstream
) -> None:
    await chat.type_model("pace:100x100")
    await chat.begin("Take your time")
    await chat.page.close()
    while upstream.open_streams:
        await (elsewhere := await context.new_page()).wait_for_timeout(100)
        await elsewhere.close()
    again = await tab(context, app.url)
    await again.has_come(100)
    await again.is_ready()
    assert upstream.closed_early == 0


async def test_an_answer_still_streams_after_another_conversation_was_looked_at(chat: ChatPage) -> None:
    await chat.ask("Short")
    await chat.new_chat()
    await chat.type_model("pace:50x400")
    await chat.begin("Long")
    await chat.open_conversation("Short")
    await expect(chat.answers).to_have_text(["You said: Short"])
    await chat.is_ready()
    await chat.page.wait_for_timeout(300)
    await expect(chat.answers).to_have_text(["You said: Short"])  # no update of the other's comes after
    await chat.open_conversation("Long")
    await chat.is_answering()
    await chat.has_come(400)
    await chat.is_ready()
    await expect(chat.questions).to_have_text(["Long"])
    await expect(chat.answers).to_have_count(1)


async def test_two_conversations_are_answered_at_the_same_time(chat: ChatPage) -> None:
    await chat.type_model("pace:50x200")
    await chat.begin("One")
    await chat.new_chat()
    await chat.page.wait_for_timeout(500)  # as a hand needs to type: an update of the answer left behind may come late
    await chat.begin("Two")
    await chat.open_conversation("One")
    await chat.has_come(200)
    await chat.open_conversation("Two")
    await chat.has_come(200)
    await expect(chat.questions).to_have_text(["Two"])


async def test_coming_back_to_the_network_shows_how_the_answer_went_on(
    app: RunningApp, page: Page, upstream: FakeUpstream
) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.type_model("pace:50x500")
        await chat.begin("Take your time")
        line.cut()
        await page.wait_for_timeout(1000)
        line.restore()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await chat.has_come(500)
        await chat.is_ready()
        await expect(chat.questions).to_have_text(["Take your time"])
        await expect(chat.answers).to_have_count(1)
        await chat.type_model("gpt-6-luna")
        assert await chat.ask("And now?") == "You said: And now?"


async def test_an_answer_that_ended_while_the_network_was_away_is_shown_when_it_is_back(
    app: RunningApp, page: Page, upstream: FakeUpstream
) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.type_model("pace:50x50")
        await chat.begin("Take your time")
        line.cut()
        while upstream.open_streams:
            await page.wait_for_timeout(100)
        line.restore()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await chat.has_come(50)
        await chat.is_ready()


async def test_the_page_finds_out_by_itself_that_the_network_is_back(
    app: RunningApp, page: Page, upstream: FakeUpstream
) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.type_model("pace:50x200")
        await chat.begin("Take your time")
        line.cut()
        await page.wait_for_timeout(1000)
        line.restore()
        await chat.has_come(200)
        await chat.is_ready()


async def test_a_second_tab_shows_the_answer_as_it_comes(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
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


async def test_a_second_tab_can_go_on_and_the_first_shows_it(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await other.ask("Second")
    await expect(chat.questions).to_have_text(["First", "Second"])
    await expect(chat.answers).to_have_text(["You said: First", "You said: Second"])
    await chat.is_ready()


async def test_a_conversation_renamed_in_another_tab_has_the_new_title_here(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await other.rename("First", "Another", "Enter")
    await expect(chat.conversations).to_have_text(["Another"])


async def test_a_conversation_deleted_in_another_tab_is_gone_here(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await other.remove("First")
    await expect(chat.conversations).to_have_count(0)
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Second") == "You said: Second"


async def test_a_conversation_deleted_in_another_tab_while_it_is_answered_is_gone_here(
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


async def test_a_message_typed_into_a_busy_conversation_waits_in_its_box(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    await chat.type_model("pace:50x150")
    await chat.begin("Second")
    await other.is_answering()
    await other.send("Third")
    await other.is_ready()
    await expect(other.box).to_have_value("Third")
    await expect(other.questions).to_have_text(["First", "Second"])
    await other.has_come(150)


async def test_of_two_messages_sent_at_the_same_moment_one_is_refused_in_words_and_nothing_is_mixed(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.ask("First")
    other = await tab(context, app.url)
    for each, text in ((chat, "Mine"), (other, "Yours")):
        await each.type_model("pace:50x100")
        await each.box.fill(text)
    press = "document.querySelector('#message .submit-button').click()"
    await asyncio.gather(*(each.page.evaluate(press) for each in (chat, other)))
    said = [each.page.get_by_text("still being written in this").first.wait_for() for each in (chat, other)]
    done, waiting = await asyncio.wait(map(asyncio.ensure_future, said), return_when=asyncio.FIRST_COMPLETED)
    assert [task.exception() for task in done] == [None]
    for task in waiting:
        task.cancel()
    for each in (chat, other):
        await each.has_come(100)
        await each.is_ready()
        await expect(each.answers).to_have_count(2)
    assert await chat.questions.all_inner_texts() == await other.questions.all_inner_texts()
    boxes = [await each.box.input_value() for each in (chat, other)]
    asked = (await chat.questions.all_inner_texts())[-1]
    assert sorted([*boxes, asked]) == ["", "Mine", "Yours"], "the one that was refused is in its box again"


async def test_a_page_left_open_shows_by_itself_what_a_killed_server_had_of_an_answer(
    page: Page, upstream: FakeUpstream, data: Path
) -> None:
    running = RunningApp(data, two_providers(upstream)).start()
    try:
        chat = await ChatPage(page).open(running.url)
        await chat.type_model("pace:50x1000")
        await chat.begin("Take your time", words=200)
        running.stop(signal.SIGKILL)
        running.start()
        await expect(chat.questions).to_have_text(["Take your time"])
        await expect(chat.notes.last).to_contain_text("This answer was cut off")
        await chat.has_come(100)
        await chat.is_ready()
        await chat.type_model("gpt-6-luna")
        assert await chat.ask("And now?") == "You said: And now?"
    finally:
        running.stop()


async def test_a_second_tab_shows_the_version_that_is_chosen_in_the_first(
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


async def test_a_turn_taken_back_in_one_tab_while_the_other_shows_its_answer_is_gone_in_both(
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


async def test_a_reload_shows_the_conversation_that_was_open(chat: ChatPage) -> None:
    await chat.ask("First")
    await chat.new_chat()
    await chat.ask("Second")
    await chat.open_conversation("First")
    await chat.reload()
    await expect(chat.opened).to_have_text(["First"])
    await expect(chat.answers).to_have_text(["You said: First"])
    await chat.new_chat()
    await chat.reload()
    await expect(chat.conversations).to_have_text(["Second", "First"])
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Third") == "You said: Third"


async def test_what_was_sent_while_the_network_was_away_is_in_the_box_when_it_is_back(
    app: RunningApp, page: Page
) -> None:
    async with line_to(app.port) as line:
        chat = await ChatPage(page).open(line.url)
        await chat.ask("First")
        await page.evaluate("window.isLeft = true")
        line.cut()
        await chat.send("Second")
        line.restore()
        await page.wait_for_function("!window.isLeft && window.chatbot?.entered")  # Gradio loads the page again
        await expect(chat.box).to_have_value("Second")
        await expect(chat.questions).to_have_text(["First"])
        await chat.is_ready()
        await chat.box.press("Enter")
        await expect(chat.answers).to_have_text(["You said: First", "You said: Second"])


async def test_a_message_is_not_lost_when_a_new_chat_is_begun_before_the_server_has_heard_it(chat: ChatPage) -> None:
    await chat.box.fill("First")
    await chat.page.evaluate("""() => {
        document.querySelector("#message .submit-button").click();
        setTimeout(() => document.querySelector("#new-chat").click());
    }""")
    await expect(chat.conversations).to_have_text(["First"])
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Second") == "You said: Second"
    await chat.open_conversation("First")
    await expect(chat.answers).to_have_text(["You said: First"])
