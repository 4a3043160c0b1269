"""A running answer continues without its page, and is shown if the visitor returns."""

import signal
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.chat_page import ChatPage, tab
from tests.fake_upstream import FakeUpstream
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2


@pytest.mark.parametrize("delay", [5, 25, 45])
async def test_a_busy_browser_knows_which_conversation_is_answered(delay: int, chat: ChatPage) -> None:
    await chat.type_model("pace:50x2000")
    await chat.box.fill("Go on")
    await chat.page.evaluate(
        """(delay) => {
            const wait = () => { const end = performance.now() + 700; while (performance.now() < end); };
            document.querySelector("#message .submit-button").click();
            setTimeout(wait, delay); // meanwhile several updates come, of which Gradio shows the last
        }""",
        delay,
    )
    await chat.has_come(30)
    await expect(chat.opened).to_contain_text("Go on")
    await chat.box.press("Escape")
    await chat.is_ready()
    await expect(chat.notes.last).to_contain_text("You stopped this answer")


async def test_an_answer_continues_while_its_tab_is_closed(
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
    await expect(again.notes.last).to_contain_text("You stopped this answer")


async def test_an_answer_that_ended_without_a_tab_is_complete(
    app: RunningApp, context: BrowserContext, chat: ChatPage, upstream: FakeUpstream
) -> None:
    await chat.type_model("pace:100x100")
    await chat.begin("Take your time")
    await chat.page.close()
    while upstream.open_streams:
        await (other_tab := await context.new_page()).wait_for_timeout(100)
        await other_tab.close()
    again = await tab(context, app.url)
    await again.has_come(100)
    await again.is_ready()
    assert upstream.closed_early == 0


async def test_an_answer_still_streams_after_a_visit_to_another_conversation(chat: ChatPage) -> None:
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


async def test_two_conversations_are_answered_concurrently(chat: ChatPage) -> None:
    await chat.type_model("pace:50x200")
    await chat.begin("One")
    await chat.new_chat()
    await chat.begin("Two")
    await chat.open_conversation("One")
    await chat.has_come(200)
    await chat.open_conversation("Two")
    await chat.has_come(200)
    await expect(chat.questions).to_have_text(["Two"])


@pytest.mark.tier2
async def test_an_open_page_shows_the_interrupted_answer_after_a_crash(
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


async def test_a_reload_shows_the_open_conversation(chat: ChatPage) -> None:
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


async def test_a_new_chat_right_after_sending_loses_no_message(chat: ChatPage) -> None:
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
