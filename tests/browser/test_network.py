"""A page that loses its network: the answer continues, and the typed text is kept."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.unreliable import Line, line_to
from tests.fake_upstream import FakeUpstream
from tests.support.reply_setup import until
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


@pytest.fixture
async def line(app: RunningApp) -> AsyncIterator[Line]:
    async with line_to(app.port) as line:
        yield line


@pytest.fixture
async def chat(line: Line, page: Page) -> ChatPage:
    """A page whose connections go over the line."""
    return await ChatPage(page).open(line.url)


async def begin_and_cut(chat: ChatPage, line: Line, words: int) -> None:
    """Asks for an answer of so many words, 50 a second, and cuts the line in the middle."""
    await chat.type_model(f"pace:50x{words}")
    await chat.begin("Take your time")
    line.cut()


async def restore_and_say_so(chat: ChatPage, line: Line) -> None:
    line.restore()
    await chat.page.evaluate("dispatchEvent(new Event('online'))")


async def test_a_reconnected_page_continues_the_answer(chat: ChatPage, line: Line) -> None:
    await begin_and_cut(chat, line, 500)
    await until(lambda: line.refused)
    await restore_and_say_so(chat, line)
    await chat.has_come(500)
    await chat.is_ready()
    await expect(chat.questions).to_have_text(["Take your time"])
    await expect(chat.answers).to_have_count(1)
    await chat.type_model("gpt-6-luna")
    assert await chat.ask("And now?") == "You said: And now?"


async def test_an_answer_that_ended_offline_is_shown_after_reconnecting(
    chat: ChatPage, line: Line, upstream: FakeUpstream
) -> None:
    await begin_and_cut(chat, line, 50)
    await until(lambda: not upstream.open_streams)
    await restore_and_say_so(chat, line)
    await chat.has_come(50)
    await chat.is_ready()


async def test_the_page_reconnects_without_an_online_event(chat: ChatPage, line: Line) -> None:
    await begin_and_cut(chat, line, 200)
    await until(lambda: line.refused)
    line.restore()
    await chat.has_come(200)
    await chat.is_ready()


async def test_a_message_sent_offline_returns_to_the_box(chat: ChatPage, line: Line, page: Page) -> None:
    await chat.ask("First")
    await page.evaluate("window.isLeft = true")
    line.cut()
    await chat.send("Second")
    line.restore()
    await page.wait_for_function("!window.isLeft")  # Gradio loads the page again
    await chat.is_idle()
    await expect(chat.box).to_have_value("Second")
    await expect(chat.questions).to_have_text(["First"])
    await chat.is_ready()
    await chat.box.press("Enter")
    await expect(chat.answers).to_have_text(["You said: First", "You said: Second"])
