"""Messages that the operator's limits refuse: the page gives the reason and restores the text."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from chatbot.replies.limits import MAX_RUNNING_ANSWERS
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2


@pytest.fixture
async def limited(
    request: pytest.FixtureRequest, browser: Browser, upstream: FakeUpstream, data: Path
) -> AsyncIterator[ChatPage]:
    """The page of an app with the limits in `request.param`."""
    with RunningApp(data, two_providers(upstream) | request.param) as app:
        yield await ChatPage(await browser.new_page()).open(app.url)


async def refused(chat: ChatPage, text: str, words: str) -> None:
    """Sends the text, and expects the reason for the refusal and the text in the message box."""
    await chat.send(text)
    await expect(chat.answers.last).to_contain_text(words)
    await expect(chat.box).to_have_value(text)
    await expect(chat.box).to_be_enabled()
    await chat.is_ready()


def answered_for(upstream: FakeUpstream) -> list[str]:
    """The messages that reached the provider."""
    bodies = (each.body for each in upstream.requests if each.path.endswith("/chat/completions"))
    return [body["messages"][-1]["content"] for body in bodies]


@pytest.mark.parametrize("limited", [{"CHATBOT_MESSAGES_PER_MINUTE": "2"}], indirect=True)
async def test_the_message_rate_limit_is_reported(limited: ChatPage, upstream: FakeUpstream) -> None:
    await limited.ask("One.")
    await limited.ask("Two.")
    await refused(limited, "Three.", "You have sent many messages in a short time. Wait ")
    await limited.press_at(3, "Try again")
    await expect(limited.page.locator(".toast-message-text").last).to_contain_text("Wait ")
    await limited.is_ready()
    assert answered_for(upstream) == ["One.", "Two."]
    await limited.reload()
    await expect(limited.questions).to_have_count(2)


@pytest.mark.parametrize("limited", [{"CHATBOT_MESSAGES_PER_MINUTE": "1"}], indirect=True)
async def test_a_message_that_is_refused_after_its_chat_was_left_comes_into_the_box(limited: ChatPage) -> None:
    await limited.ask("One.")
    is_left = asyncio.Event()

    async def after_leaving(route: Route) -> None:
        await is_left.wait()
        await route.continue_()

    await limited.page.route("**/queue/join*", after_leaving)
    await limited.send("Two.")
    await limited.new_chat()
    is_left.set()
    await expect(limited.box).to_have_value("Two.")
    await expect(limited.page.locator(".toast-message-text").last).to_contain_text("Wait ")
    await expect(limited.rows).to_have_count(0)


@pytest.mark.parametrize("limited", [{"CHATBOT_DAILY_TOKENS": "2100"}], indirect=True)
async def test_a_spent_daily_budget_is_reported(limited: ChatPage, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=2200)
    await limited.ask("How much is it?")
    await refused(limited, "And now?", "Today's allowance for this app's own API keys is used up")
    assert answered_for(upstream) == ["How much is it?"]


@pytest.mark.parametrize("limited", [{"CHATBOT_MOST_CONVERSATIONS": "1"}], indirect=True)
async def test_the_conversation_quota_is_reported(limited: ChatPage) -> None:
    await limited.ask("The first.")
    await limited.new_chat()
    await refused(limited, "The second.", "You have reached the number of chats that can be stored here.")
    await limited.remove("The first.")
    await limited.send("The second.")
    await expect(limited.answers.last).to_have_text("You said: The second.")


@pytest.mark.parametrize("limited", [{"CHATBOT_MOST_SESSIONS": "1"}], indirect=True)
async def test_the_session_quota_is_reported(limited: ChatPage, browser: Browser) -> None:
    await limited.ask("I was here first.")
    other = await ChatPage(await browser.new_page()).open(limited.page.url)
    await refused(other, "And I?", "This app cannot take more visitors at the moment.")


@pytest.mark.tier2  # starts twenty answers
@pytest.mark.parametrize("limited", [{}], indirect=True)
async def test_the_limit_of_running_answers_is_reported(limited: ChatPage) -> None:
    await limited.type_model("pace:5x3000")
    for number in range(MAX_RUNNING_ANSWERS):
        await limited.begin(f"Number {number}.", words=1)  # or the server may not have counted it yet
        await limited.new_chat()
    await refused(limited, "One too many.", "Many answers are being written for you already.")
    await limited.open_conversation("Number 0.")
    await limited.stop_button.click()
    await limited.is_ready()
    await limited.new_chat()
    await limited.begin("One too many.", words=1)
