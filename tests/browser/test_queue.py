"""Messages that are sent while an answer runs: they wait above the message box, and go when it has ended."""

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.chat_page import ChatPage, tab
from tests.fake_upstream import FakeUpstream
from tests.support.running import RunningApp, two_providers
from tests.support.sample_files import picture

ENDLESS, LONG = "pace:50x100000", "pace:50x150"


async def test_a_message_waits_for_the_answer_and_then_goes(chat: ChatPage) -> None:
    await chat.type_model(LONG)
    await chat.begin("First")
    await chat.send("Second")
    await expect(chat.queued).to_have_text(["Second"])
    await expect(chat.box).to_have_value("")
    await expect(chat.questions).to_have_text(["First"])
    await expect(chat.questions).to_have_text(["First", "Second"])
    await expect(chat.queued).to_have_count(0)
    await chat.is_ready()
    await expect(chat.answers).to_have_count(2)


@pytest.mark.tier2
async def test_it_goes_also_after_a_reload_and_once_with_two_tabs(
    app: RunningApp, context: BrowserContext, chat: ChatPage
) -> None:
    await chat.type_model(ENDLESS)
    await chat.begin("First")
    other = await tab(context, app.url)
    await other.has_come(5)
    await chat.type_model("any-model")
    await chat.send("Second")
    await expect(other.queued).to_have_text(["Second"])
    await chat.reload()
    await expect(chat.queued).to_have_text(["Second"])
    await other.stop_button.click()
    for each in (chat, other):
        await expect(each.questions).to_have_text(["First", "Second"])
        await expect(each.queued).to_have_count(0)
        await each.is_ready()
        await expect(each.answers.last).to_have_text("You said: Second")
        await expect(each.answers).to_have_count(2)


@pytest.mark.tier2
async def test_it_can_be_edited_and_withdrawn(chat: ChatPage) -> None:
    await chat.type_model(ENDLESS)
    await chat.begin("First")
    for number, text in enumerate(("Second", "Third"), 1):
        await chat.send(text)
        await expect(chat.queued.last).to_have_text(text)
        # Only what the server has too can be edited.
        await expect(chat.page.get_by_role("button", name="Edit this message")).to_have_count(number)
    await chat.press("Withdraw this message")
    await expect(chat.queued).to_have_text(["Second"])
    await chat.box.fill("typed meanwhile")
    await chat.press("Edit this message")
    await expect(chat.queued).to_have_count(0)
    await expect(chat.box).to_have_value("Second\ntyped meanwhile")
    await chat.send("Changed")
    await expect(chat.queued).to_have_text(["Changed"])
    await chat.type_model("any-model")
    await chat.press("Stop and send")
    await expect(chat.questions).to_have_text(["First", "Changed"])
    await chat.is_ready()


DELIVER = """(old) => {
  const props = { value: { view: chatbot.view.number, queued: old, queued_at: 1 } };
  chatbot.mount("answers", { props, watch: (_, receive) => receive() });
  return document.querySelectorAll("#queue li").length;
}"""
"""Has an update come that the server made before all others; returns how many messages wait then."""
RECORD = """() => {
  const look = () => window.waiting.push(document.querySelectorAll("#queue li").length);
  window.waiting = [];
  new MutationObserver(look).observe(document.querySelector("#queue"), { childList: true, subtree: true });
}"""
"""Records from now on how many messages wait, whenever they are drawn."""


@pytest.mark.tier2
async def test_an_older_queue_that_comes_late_is_ignored(chat: ChatPage) -> None:
    await chat.type_model(ENDLESS)
    await chat.begin("First")
    await chat.send("Second")
    await expect(chat.page.get_by_role("button", name="Edit this message")).to_have_count(1)
    old = await chat.page.evaluate("chatbot.view.queued")
    await chat.press("Withdraw this message")
    await expect(chat.queued).to_have_count(0)
    assert await chat.page.evaluate(DELIVER, old) == 0
    await chat.send("Third")
    await expect(chat.queued).to_have_text(["Third"])


@pytest.mark.tier2
async def test_the_running_answer_brings_no_older_queue(chat: ChatPage) -> None:
    await chat.type_model(ENDLESS)
    await chat.begin("First")
    await chat.has_come(5)
    await chat.page.evaluate(RECORD)
    await chat.send("Second")
    await expect(chat.page.get_by_role("button", name="Edit this message")).to_have_count(1)
    await chat.has_come(len((await chat.answers.last.inner_text()).split()) + 20)
    waiting = await chat.page.evaluate("waiting")  # none while it was typed
    assert set(waiting[waiting.index(1) :]) == {1}


@pytest.mark.tier2
@pytest.mark.parametrize("way", ["key", "button"])
async def test_stop_and_send_is_one_action(chat: ChatPage, way: str) -> None:
    await chat.type_model(ENDLESS)
    await chat.begin("First")
    await chat.type_model("any-model")
    await chat.box.fill("Second")
    if way == "key":
        await chat.box.press("Control+Enter")
    else:
        await chat.press("Stop and send")
    await expect(chat.answers.last).to_have_text("You said: Second")
    await chat.is_ready()
    await expect(chat.questions).to_have_text(["First", "Second"])
    await expect(chat.notes).to_contain_text(["You stopped this answer"])


@pytest.mark.tier2
async def test_two_messages_sent_before_the_first_word_go_one_after_the_other(
    chat: ChatPage, upstream: FakeUpstream
) -> None:
    await chat.send("First")
    await expect(chat.box).to_have_value("")
    await chat.send("Second")
    await expect(chat.questions).to_have_text(["First", "Second"])
    await expect(chat.answers).to_have_text(["You said: First", "You said: Second"])
    await chat.is_ready()


@pytest.mark.tier2
async def test_a_file_goes_along(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.type_model(ENDLESS)
    await chat.begin("First")
    await chat.type_model("any-model")
    await chat.page.locator("#files input[type=file]").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": picture()}
    )
    await expect(chat.page.locator("#files .item:not(.uploading)")).to_have_count(1)
    await chat.send("What is it?")
    await expect(chat.queued).to_have_text(["What is it?\nred.png"])
    await chat.press("Edit this message")
    await expect(chat.page.locator("#files .item")).to_have_count(1)
    await expect(chat.box).to_have_value("What is it?")
    await chat.box.press("Enter")
    await expect(chat.queued).to_have_count(1)
    await chat.stop_button.click()
    await expect(chat.page.locator("#chat .user-row .files")).to_have_count(1)
    await chat.is_ready()
    assert "image_url" in str(upstream.requests[-1].body["messages"][-1])


@pytest.mark.tier2
async def test_a_killed_server_keeps_it_until_it_is_sent(
    page: Page, data: Path, upstream: FakeUpstream, needs_chromium: None
) -> None:
    with RunningApp(data, two_providers(upstream)) as app:
        chat = await ChatPage(page).open(app.url)
        await chat.type_model(ENDLESS)
        await chat.begin("First")
        await chat.send("Second")
        await expect(chat.page.get_by_role("button", name="Withdraw this message")).to_be_visible()
        app.stop(signal.SIGKILL)
        app.start()
        await chat.reload()
        await expect(chat.queued).to_have_text(["Second"])
        await expect(chat.questions).to_have_text(["First"])
        await chat.is_ready()
        await chat.type_model("any-model")
        await chat.press("Send now")
        await expect(chat.questions).to_have_text(["First", "Second"])
        await expect(chat.answers.last).to_have_text(re.compile("Second$"))
        await expect(chat.queued).to_have_count(0)
