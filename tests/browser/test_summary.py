"""The summary on the page: offered where messages have fallen out of the window, and shown at their place."""

import re
import signal
from pathlib import Path, PurePosixPath

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from chatbot.providers.local.weights import SMOLLM2, default_cache
from chatbot.replies.summarizing import INSTRUCTION
from tests.api.test_memory import system_prompt
from tests.browser.chat_page import ChatPage, tab
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor
from tests.support.running import RunningApp, two_providers

SHORT = "Her boat is called Heron."


async def long_chat(chat: ChatPage, api: Visitor) -> str:
    """A conversation of four turns of which the model sees the last four messages, on display."""
    options = {"history_limit": 4, "provider": "openai", "model": "gpt-4.1"}
    conversation_id = str(api.chat("My boat is called Heron.", **options)["conversation_id"])
    for number in range(3):
        api.chat(f"Message {number}", conversation_id=conversation_id, **options)
    await chat.open_conversation("My boat")
    await expect(chat.answers).to_have_count(4)
    return conversation_id


def offer(chat: ChatPage) -> Locator:
    return chat.page.get_by_role("button", name=re.compile("^Summarise the"))


def card(chat: ChatPage) -> Locator:
    return chat.page.locator(".summary-card")


async def test_it_is_offered_with_its_price_made_edited_and_undone(
    chat: ChatPage, api: Visitor, upstream: FakeUpstream
) -> None:
    await long_chat(chat, api)
    await expect(offer(chat)).to_have_text(
        re.compile(r"^Summarise the 6 messages that the model no longer sees \(about \d+ tokens, \$0\.00\d+\)$")
    )
    upstream.queue(Scenario(tokens=(SHORT,)))
    await offer(chat).click()
    await expect(card(chat).locator(".words")).to_have_text(SHORT)
    await expect(card(chat)).to_contain_text("Summary of 6 earlier messages")
    await expect(card(chat).locator(".facts")).to_have_text(re.compile(r"2\d{3}.* · gpt-4\.1 · OpenAI · \$0\.00"))
    await expect(chat.rows.nth(6).locator(".summary-card")).to_have_count(1)
    await expect(offer(chat)).to_have_count(0)
    await card(chat).get_by_role("button", name="Edit").click()
    await card(chat).locator("textarea").fill("Her boat: Heron.")
    await card(chat).get_by_role("button", name="Save").click()
    await expect(card(chat).locator(".words")).to_have_text("Her boat: Heron.")
    await chat.ask("What is my boat called?")
    assert "Her boat: Heron." in system_prompt(upstream)
    await expect(chat.page.locator(".sent-memory summary").last).to_have_text(re.compile("^summary of 6 · 3 of 9"))
    await card(chat).get_by_role("button", name="Undo").click()
    await expect(card(chat)).to_have_count(0)
    await expect(offer(chat)).to_have_count(1)


@pytest.mark.tier2
async def test_always_makes_one_after_each_answer_in_which_something_fell_out(
    app: RunningApp, context: BrowserContext, chat: ChatPage, api: Visitor, upstream: FakeUpstream
) -> None:
    await long_chat(chat, api)
    other = await tab(context, app.url)
    async with chat.page.expect_response(lambda response: response.request.method == "PATCH"):
        await chat.page.get_by_role("checkbox", name="Always for this conversation").check()
    upstream.queue(Scenario(tokens=("Fine.",)), Scenario(tokens=(SHORT,), first_token_after=0.5))
    await chat.ask("And now?")
    await expect(card(chat)).to_contain_text("Summary of 8 earlier messages")
    await expect(card(other)).to_contain_text("Summary of 8 earlier messages")
    upstream.queue(Scenario(tokens=("Fine.",)), Scenario(tokens=("Heron, and more.",)))
    await chat.ask("And then?")
    await expect(card(chat).locator(".words")).to_have_text("Heron, and more.")
    await expect(card(chat)).to_contain_text("Summary of 10 earlier messages")
    asked = [each.body["messages"][-1]["content"] for each in upstream.requests]
    assert sum(each.endswith(INSTRUCTION) for each in asked) == 2, "two tabs do not make two"
    await card(chat).get_by_role("checkbox", name="Always for this conversation").uncheck()


@pytest.mark.tier2
async def test_progress_and_a_failure_are_shown_at_the_place(
    chat: ChatPage, api: Visitor, upstream: FakeUpstream
) -> None:
    conversation_id = await long_chat(chat, api)
    upstream.queue(Scenario(status=401))
    await offer(chat).click()
    failure = chat.page.locator(".above .note.failed")
    await expect(failure).to_contain_text("OpenAI")
    assert api.call("GET", f"/conversations/{conversation_id}/summary").status_code == 404
    upstream.queue(Scenario(tokens=(SHORT,), first_token_after=1))
    await failure.get_by_role("button", name="Try again").click()
    await expect(chat.page.locator(".summary-offer")).to_have_text("Summarising…")
    await expect(card(chat).locator(".words")).to_have_text(SHORT)
    await expect(failure).to_have_count(0)


@pytest.mark.tier2
async def test_a_kill_in_the_middle_leaves_the_old_state(
    page: Page, data: Path, upstream: FakeUpstream, needs_chromium: None
) -> None:
    environment = two_providers(upstream) | {"CHATBOT_HISTORY_LIMIT": "4"}
    with RunningApp(data, environment) as app:
        chat = await ChatPage(page).open(app.url)
        for number in range(4):
            await chat.ask(f"Message {number}")
        upstream.queue(Scenario(first_token_after=60))
        await offer(chat).click()
        await expect(chat.page.locator(".summary-offer")).to_have_text("Summarising…")
        app.stop(signal.SIGKILL)
        app.start()
        await chat.reload()
        await expect(card(chat)).to_have_count(0)
        await expect(offer(chat)).to_have_count(1)
        await expect(chat.answers).to_have_count(4)


@pytest.mark.tier2
async def test_with_the_demo_model_it_offers_pins_notes_and_another_model(
    page: Page, data: Path, needs_chromium: None
) -> None:
    if not (default_cache(data) / PurePosixPath(SMOLLM2.member).name).exists():
        pytest.skip("the demo model is not downloaded")
    environment = {"CHATBOT_HISTORY_LIMIT": "2", "CHATBOT_MAX_TOKENS": "8", "CHATBOT_MESSAGES_PER_MINUTE": "0"}
    with RunningApp(data, environment) as app:
        chat = await ChatPage(page).open(app.url)
        for text in ("Hello", "Hello again"):
            await chat.ask(text)
        offered = chat.page.locator(".summary-offer")
        await expect(offered).to_contain_text("this demo model cannot summarise")
        await expect(offer(chat)).to_have_count(0)
        await offered.get_by_role("button", name="Pin a message").click()
        await expect(chat.rows.nth(1).get_by_role("button", name="Pin", exact=True)).to_be_focused()
        await chat.page.keyboard.press("Enter")
        await expect(chat.rows.nth(1).locator(".pin-mark")).to_be_visible()
        await offered.get_by_role("button", name="Open the notes").click()
        await expect(chat.page.get_by_role("dialog", name="Memory")).to_be_visible()
        await chat.page.keyboard.press("Escape")
        await offered.get_by_role("button", name="Choose another model").click()
        await expect(chat.panel).to_be_visible()
