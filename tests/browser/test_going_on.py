"""“Continue” under an answer that was cut: it goes on in the same message."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario

pytestmark = pytest.mark.tier2

CUT = Scenario(tokens=("The answer", " is forty"), finish_reason="length")
WHOLE = "The answer is forty-two."


async def test_a_cut_answer_goes_on_in_its_place(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(CUT, Scenario(tokens=(" is forty", "-two", ".")))
    assert await chat.ask("How much?") == "The answer is forty"
    await chat.page.get_by_role("button", name="Continue", exact=True).click()
    await expect(chat.answers).to_have_text([WHOLE])
    await chat.is_ready()
    await expect(chat.page.get_by_role("button", name="Continue", exact=True)).to_have_count(0)
    await chat.reload()
    await expect(chat.answers).to_have_text([WHOLE])


async def test_a_stopped_answer_goes_on_and_can_be_stopped_again(chat: ChatPage, upstream: FakeUpstream) -> None:
    slow = Scenario(tokens=2000, tokens_per_second=20)
    upstream.queue(slow, slow)
    await chat.begin("Count")
    await chat.box.press("Escape")
    await chat.is_ready()
    stopped = await chat.last_answer()
    await chat.page.get_by_role("button", name="Continue", exact=True).click()
    await chat.is_answering()
    await expect(chat.answers.last).to_have_text(re.compile(rf"^{re.escape(stopped)}.*\w", re.S))
    await chat.box.press("Escape")
    await chat.is_ready()
    assert (await chat.last_answer()).startswith(stopped)
    await expect(chat.answers).to_have_count(1)


async def test_only_answers_with_a_rest_offer_it(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask("Hello")
    await expect(chat.page.get_by_role("button", name="Continue", exact=True)).to_have_count(0)
    upstream.queue(Scenario(tokens=("No",), finish_reason="content_filter"))
    await chat.ask("Again")
    await expect(chat.page.get_by_role("button", name="Continue", exact=True)).to_have_count(0)
