"""Stop, retry, edit and undo, also during an answer, and switching between versions."""

import signal
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import until
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2


SLOW = "pace:50x1000"


async def answering(chat: ChatPage, how: str) -> None:
    """Starts a slow answer in that way."""
    if how == "send":
        await chat.type_model(SLOW)
        await chat.begin("Slow")
    elif how == "example":
        await chat.type_model(SLOW)
        await chat.page.locator("#examples .example").first.click()
    elif how == "reload":
        await chat.type_model(SLOW)
        await chat.begin("Slow")
        await chat.reload()
    else:
        await chat.ask("Quick")
        await chat.type_model(SLOW)
        await (chat.press_at(-1, "Try again") if how == "retry" else chat.edit(0, "Slow"))
    await chat.is_answering()
    await chat.has_come(10)


BEGINNINGS = ("send", "example", "reload", "retry", "edit")


@pytest.mark.parametrize("how", BEGINNINGS)
async def test_stop_ends_an_answer_however_it_started(chat: ChatPage, upstream: FakeUpstream, how: str) -> None:
    await answering(chat, how)
    await chat.stop_button.click()
    await chat.is_ready()
    await expect(chat.notes.last).to_contain_text("You stopped this answer after")
    await until(lambda: upstream.closed_early)
    shown = await chat.last_answer()
    await chat.reload()
    await expect(chat.answers).to_have_text([shown])


async def test_stop_in_a_second_tab_ends_the_answer(chat: ChatPage, app: RunningApp, upstream: FakeUpstream) -> None:
    await answering(chat, "send")
    other = await ChatPage(await chat.page.context.new_page()).open(app.url)
    await other.is_answering()
    await other.stop_button.click()
    for each in (chat, other):
        await expect(each.notes.last).to_contain_text("You stopped this answer after")
        await each.is_ready()
    await until(lambda: upstream.closed_early)


@pytest.mark.parametrize("how", BEGINNINGS)
async def test_an_edit_during_an_answer_replaces_it(chat: ChatPage, upstream: FakeUpstream, how: str) -> None:
    await answering(chat, how)
    await chat.type_model("gpt-6-luna")
    await chat.edit(0, "Something else")
    await expect(chat.questions).to_have_text(["Something else"])
    await expect(chat.answers).to_have_text(["You said: Something else"])
    await chat.is_ready()
    await until(lambda: upstream.closed_early)
    await chat.reload()
    await expect(chat.questions).to_have_text(["Something else"])
    await expect(chat.answers).to_have_text(["You said: Something else"])


async def test_an_earlier_answer_is_retried_during_a_later_one(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="One."))
    await chat.ask("First")
    await chat.type_model(SLOW)
    await chat.begin("Second")
    await chat.type_model("gpt-6-luna")
    await chat.press_at(1, "Try again")
    await chat.page.locator(".turn .question .again").click()  # it asks first: what follows is hidden
    await expect(chat.questions).to_have_text(["First"])
    await expect(chat.answers).to_have_text(["You said: First"])
    await chat.is_ready()
    await until(lambda: upstream.closed_early)
    await expect(chat.versions).to_have_text(["2 / 2"])


async def test_a_running_answer_can_be_retried(chat: ChatPage, upstream: FakeUpstream) -> None:
    await answering(chat, "send")
    await chat.type_model("gpt-6-luna")
    await chat.press_at(-1, "Try again")
    await expect(chat.answers).to_have_text(["You said: Slow"])
    await chat.is_ready()
    await until(lambda: upstream.closed_early)


@pytest.mark.parametrize("how", BEGINNINGS)
async def test_undo_works_during_an_answer(chat: ChatPage, upstream: FakeUpstream, how: str) -> None:
    await answering(chat, how)
    asked = (await chat.questions.all_inner_texts())[-1]
    await chat.press_at(-1, "Take this turn back")
    await chat.is_ready()
    await expect(chat.box).to_have_value(asked)
    await expect(chat.questions).to_have_text(["Quick"] if how == "edit" else [])
    await until(lambda: upstream.closed_early)
    await chat.page.wait_for_timeout(300)
    await expect(chat.questions).to_have_text(["Quick"] if how == "edit" else [])


async def test_every_version_of_an_answer_can_be_shown(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(*(Scenario(reply=reply) for reply in ("One.", "Two.", "Three.")))
    await chat.ask("Say something")
    await expect(chat.versions).to_have_count(0)
    for number, reply in ((2, "Two."), (3, "Three.")):
        await chat.press_at(-1, "Try again")
        await expect(chat.answers).to_have_text([reply])
        await expect(chat.versions).to_have_text([f"{number} / {number}"])
        await chat.is_ready()
    await chat.press_at(-1, "Earlier version")
    await expect(chat.answers).to_have_text(["Two."])
    await expect(chat.versions).to_have_text(["2 / 3"])
    await chat.press_at(-1, "Earlier version")
    await expect(chat.answers).to_have_text(["One."])
    await expect(chat.page.get_by_role("button", name="Earlier version")).to_be_disabled()
    await chat.press_at(-1, "Later version")
    await expect(chat.answers).to_have_text(["Two."])
    await chat.reload()
    await expect(chat.answers).to_have_text(["Two."])


async def test_each_version_of_a_message_has_its_own_answers(chat: ChatPage) -> None:
    await chat.ask("Pears")
    await chat.ask("More about them")
    await chat.edit(0, "Plums")
    await expect(chat.answers).to_have_text(["You said: Plums"])
    await expect(chat.versions).to_have_text(["2 / 2"])
    await chat.press_at(0, "Earlier version")
    await expect(chat.questions).to_have_text(["Pears", "More about them"])
    await expect(chat.answers).to_have_text(["You said: Pears", "You said: More about them"])
    await expect(chat.versions).to_have_text(["1 / 2"])


async def test_another_version_can_be_shown_during_an_answer(chat: ChatPage, upstream: FakeUpstream) -> None:
    await answering(chat, "edit")
    await chat.press_at(0, "Earlier version")
    await expect(chat.questions).to_have_text(["Quick"])
    await expect(chat.answers).to_have_text(["You said: Quick"])
    await chat.is_ready()
    await chat.page.wait_for_timeout(300)
    await expect(chat.answers).to_have_text(["You said: Quick"])
    await chat.press_at(0, "Later version")
    await expect(chat.notes.last).to_contain_text("You stopped this answer")


async def test_the_model_is_sent_only_the_shown_branch(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask("Pears")
    await chat.edit(0, "Plums")
    await expect(chat.versions).to_have_text(["2 / 2"])
    await chat.is_ready()
    await chat.press_at(0, "Earlier version")
    await expect(chat.questions).to_have_text(["Pears"])
    await chat.ask("And now?")
    sent = [message["content"] for message in upstream.requests[-1].body["messages"][1:]]
    assert sent == ["Pears", "You said: Pears", "And now?"]


async def test_escape_cancels_an_edit(chat: ChatPage) -> None:
    await chat.ask("Pears")
    await chat.press_at(0, "Edit")
    field = chat.page.locator(".editor textarea")
    await expect(field).to_have_value("Pears")
    await field.fill("Plums")
    await field.press("Escape")
    await expect(field).to_have_count(0)
    await expect(chat.questions).to_have_text(["Pears"])
    await expect(chat.questions).to_be_visible()


@pytest.mark.tier2  # test_chat.py tests a restart with a plain conversation
async def test_versions_survive_a_restart(page: Page, upstream: FakeUpstream, data: Path) -> None:
    running = RunningApp(data, two_providers(upstream)).start()
    try:
        chat = await ChatPage(page).open(running.url)
        await chat.ask("Pears")
        await chat.edit(0, "Plums")
        await expect(chat.versions).to_have_text(["2 / 2"])
        await chat.is_ready()
        running.stop(signal.SIGKILL)
        running.start()
        await chat.reload()
        await expect(chat.versions).to_have_text(["2 / 2"])
        await chat.press_at(0, "Earlier version")
        await expect(chat.answers).to_have_text(["You said: Pears"])
    finally:
        running.stop()


async def test_undo_on_the_first_of_two_versions_takes_the_turn_back(chat: ChatPage) -> None:
    await chat.ask("Before")
    await chat.ask("One")
    await chat.edit(1, "Two")
    await expect(chat.answers.last).to_have_text("You said: Two")
    await chat.is_ready()
    await chat.press_at(2, "Earlier version")
    await expect(chat.answers.last).to_have_text("You said: One")
    await chat.press_at(-1, "Take this turn back")
    await expect(chat.questions).to_have_text(["Before"])
    await expect(chat.box).to_have_value("One")
