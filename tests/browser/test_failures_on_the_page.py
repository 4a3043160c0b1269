"""After a failure: one click retries, another provider may answer, and no model is sent the failure."""

import json
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2


ONE_PROVIDER = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": ""}


def conversation(upstream: FakeUpstream) -> list[tuple[str, str]]:
    """Roles and contents that the model was sent last, without the system prompt."""
    sent = next(received.body for received in reversed(upstream.requests) if received.body)
    return [(message["role"], message["content"]) for message in sent["messages"] if message["role"] != "system"]


async def failed(chat: ChatPage, fault: str, upstream: FakeUpstream) -> None:
    """Makes an answer fail, its retry included."""
    upstream.queue(FAULTS[fault], FAULTS[fault])
    await chat.ask("Does this work?")
    await expect(chat.failures.last).to_be_visible()
    upstream.reset()


@pytest.mark.parametrize("fault", ["wrong_key", "quota", "overloaded", "cut", "server_error_middle", "empty"])
async def test_one_click_retries_without_sending_the_failure(
    fault: str, chat: ChatPage, upstream: FakeUpstream
) -> None:
    await failed(chat, fault, upstream)
    await chat.reload()
    await expect(chat.failures.last).to_be_visible()
    await chat.press("Send again")
    await expect(chat.answers.last).to_have_text("You said: Does this work?")
    await expect(chat.send_button).to_be_visible()
    await expect(chat.failures).to_have_count(0)
    await expect(chat.questions).to_have_count(1)
    assert conversation(upstream) == [("user", "Does this work?")]
    assert await chat.ask("And this?") == "You said: And this?"
    assert "failed" not in json.dumps(upstream.requests[-1].body)


async def test_the_partial_answer_is_shown_above_the_error(chat: ChatPage, upstream: FakeUpstream) -> None:
    await failed(chat, "server_error_middle", upstream)
    for _ in range(2):
        await expect(chat.answers.last).to_contain_text("word5")
        text, note = await chat.answers.last.bounding_box(), await chat.failures.last.bounding_box()
        assert text
        assert note
        assert text["y"] + text["height"] <= note["y"] + 1
        await chat.reload()
    assert await chat.ask("And this?") == "You said: And this?"
    said = ("assistant", "word1 word2 word3 word4 word5")
    assert conversation(upstream) == [("user", "Does this work?"), said, ("user", "And this?")]


async def test_the_error_suggests_another_provider_and_it_answers(chat: ChatPage, upstream: FakeUpstream) -> None:
    await failed(chat, "quota", upstream)
    await expect(chat.failures.last).to_contain_text("Anthropic is set up too: choose it and send again.")
    await chat.choose_provider("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-haiku-5-5")
    await chat.press("Send again")
    await expect(chat.details.last).to_contain_text("Anthropic · claude-haiku-5-5")
    await expect(chat.answers.last).to_have_text("You said: Does this work?")
    assert upstream.requests[-1].path == "/v1/messages"


async def test_no_provider_is_suggested_if_there_is_no_other(
    browser: Browser, upstream: FakeUpstream, data: Path
) -> None:
    with RunningApp(data, two_providers(upstream) | ONE_PROVIDER) as app:
        chat = await ChatPage(await browser.new_page()).open(app.url)
        await failed(chat, "quota", upstream)
        assert "set up too" not in await chat.failures.last.inner_text()


async def test_copies_and_exports_leave_out_the_failure(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await failed(chat, "server_error_middle", upstream)
    await chat.press("Copy")
    copied = await chat.page.evaluate("navigator.clipboard.readText()")
    assert copied == "word1 word2 word3 word4 word5"
    assert "OpenAI" not in await chat.exported()


@pytest.mark.tier2
async def test_an_answer_interrupted_by_a_crash_can_be_retried(
    browser: Browser, upstream: FakeUpstream, data: Path
) -> None:
    with RunningApp(data, two_providers(upstream)) as app:
        chat = await ChatPage(await browser.new_page()).open(app.url)
        upstream.queue(Scenario(tokens=500, tokens_per_second=20))
        await chat.send("Take your time")
        await expect(chat.answers.last).to_contain_text("word60", timeout=30_000)  # on disk by now, most of it
        app.stop(signal.SIGKILL)
        app.start()
        await chat.reload()
        await expect(chat.answers.last).to_contain_text("word10")
        await expect(chat.notes.last).to_contain_text("cut off")
        await chat.press("Send again")
        await expect(chat.answers.last).to_have_text("You said: Take your time")


async def test_an_invalid_setting_is_reported_and_the_text_is_kept(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.open_settings()
    await chat.page.locator("#max-tokens input").fill("0")
    await chat.send("Hello?")
    await expect(chat.answers.last).to_contain_text("“Maximum length” has to be 1 or more.")
    await expect(chat.box).to_have_value("Hello?")
    await chat.open_settings()
    await chat.page.locator("#max-tokens input").fill("50")
    await chat.close_settings()
    await chat.box.press("Enter")
    await expect(chat.answers.last).to_have_text("You said: Hello?")
    assert conversation(upstream) == [("user", "Hello?")]


async def test_an_invalid_setting_loses_neither_edit_nor_draft(chat: ChatPage) -> None:
    await chat.ask("One")
    await chat.open_settings()
    await chat.page.locator("#max-tokens input").fill("0")
    await chat.close_settings()
    await chat.box.fill("Half a tho")
    await chat.press("Try again")
    await expect(chat.answers.last).to_contain_text("“Maximum length” has to be 1 or more.")
    await expect(chat.box).to_have_value("Half a tho")
    await chat.reload()
    await expect(chat.answers.last).to_have_text("You said: One")
    await chat.open_settings()
    await chat.page.locator("#max-tokens input").fill("0")
    await chat.edit(0, "One, but better")
    await expect(chat.answers.last).to_contain_text("“Maximum length” has to be 1 or more.")
    await expect(chat.box).to_have_value("One, but better\nHalf a tho")


async def test_an_old_failure_has_no_button_and_answering_it_again_says_what_is_hidden(
    chat: ChatPage, upstream: FakeUpstream
) -> None:
    await failed(chat, "wrong_key", upstream)
    await chat.ask("And this?")
    await expect(chat.failures).to_have_count(1)
    await expect(chat.failures.get_by_role("button")).to_have_count(0)
    await chat.press_at(1, "Try again")
    question = chat.page.locator("#chat .turn .question")
    await expect(question).to_contain_text("The 2 messages below move to the version before.")
    await question.get_by_role("button", name="Cancel").click()
    await expect(question).to_have_count(0)
    await expect(chat.rows).to_have_count(4)
    await chat.press_at(1, "Try again")
    await question.get_by_role("button", name="Try again").click()
    await expect(chat.rows).to_have_count(2)
    await expect(chat.versions).to_have_text(["2 / 2"])


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [("wrong_key", "Add your own key"), ("quota", "Add your own key"), ("unknown_model", "Choose another model")],
)
async def test_a_failure_offers_what_helps(chat: ChatPage, upstream: FakeUpstream, fault: str, remedy: str) -> None:
    await failed(chat, fault, upstream)
    await chat.failures.get_by_role("button", name=remedy).click()
    opened = chat.panel if "model" in remedy else chat.page.locator("#anthropic-key input")
    await expect(opened).to_be_visible()
