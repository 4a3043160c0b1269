"""Text of visitors and models is displayed and never executed."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.hostile import Hostile
from tests.browser.payloads import FOREIGN, PAYLOADS
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor
from tests.support.running import RunningApp
from tests.support.stored_files import file, message

TOGETHER = 3
"""Payloads in a message."""
TURNS = 15
"""Turns in a conversation: as many as the page shows at once."""


@pytest.fixture
async def hostile(page: Page, app: RunningApp) -> Hostile:
    watched = Hostile(page, app.url)
    await watched.begin()
    return watched


@pytest.fixture
async def visitor(hostile: Hostile, app: RunningApp, upstream: FakeUpstream) -> Visitor:
    """An API client with the page's session."""
    async with hostile.page.expect_response(re.compile("/gradio_api/run/")) as entered:
        await ChatPage(hostile.page).open(app.url)
    return Visitor(app.url, (await (await entered.value).json())["data"][0])


def said(visitor: Visitor, upstream: FakeUpstream, texts: list[str]) -> str:
    """Creates a conversation in which visitor and model both say each text; returns its id."""
    conversation = None
    for text in texts:
        upstream.queue(Scenario(reply=text))
        conversation = visitor.chat(text, conversation_id=conversation)["conversation_id"]
    return str(conversation)


@pytest.mark.timeout(180)
async def test_a_message_runs_loads_covers_and_sends_nothing(
    hostile: Hostile, visitor: Visitor, upstream: FakeUpstream
) -> None:
    assert len(PAYLOADS) >= 150
    chat = ChatPage(hostile.page)
    texts = ["\n\n".join(PAYLOADS[first : first + TOGETHER]) for first in range(0, len(PAYLOADS), TOGETHER)]
    for first in range(0, len(texts), TURNS):
        batch = texts[first : first + TURNS]
        opened = said(visitor, upstream, batch)
        await expect(chat.conversations).to_have_count(first // TURNS + 1)
        await chat.conversations.first.click()
        await hostile.page.wait_for_function("(id) => window.chatbot.view.conversation === id", arg=opened)
        await expect(chat.rows).to_have_count(2 * len(batch))
        await expect(chat.answers).to_have_count(len(batch))
        assert await hostile.found() == []


@pytest.mark.tier2
async def test_a_streaming_message_executes_nothing(hostile: Hostile, visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="\n\n".join(PAYLOADS), tokens_per_second=400))
    await ChatPage(hostile.page).ask("Say all of it")
    assert await hostile.found() == []


@pytest.mark.tier2
async def test_html_is_shown_as_text_and_images_as_links(
    hostile: Hostile, visitor: Visitor, upstream: FakeUpstream
) -> None:
    upstream.queue(Scenario(reply=f"<form>&amp;</form> `<b>` ![a cat](https://{FOREIGN}/cat.png)\n\n```\n<i>\n```"))
    chat = ChatPage(hostile.page)
    answer = await chat.ask("<script>1</script> **bold**<br>and 1 < 2")
    assert answer.split() == ["<form>&</form>", "<b>", "a", "cat", "<i>"]
    await expect(chat.answers.last.get_by_role("link")).to_have_attribute("href", f"https://{FOREIGN}/cat.png")
    await expect(chat.questions.last).to_have_text("<script>1</script> **bold**<br>and 1 < 2", use_inner_text=True)
    assert await hostile.found() == []


@pytest.mark.tier2
async def test_titles_files_prompts_models_and_failures_execute_nothing(
    hostile: Hostile, visitor: Visitor, upstream: FakeUpstream
) -> None:
    chat = ChatPage(hostile.page)
    worst = [payload for payload in PAYLOADS if len(payload) < 60 and "pwned" in payload][:40]
    for payload in worst:
        fault = {"code": payload, "message": payload, "retryable": True, "retry_after": None}
        answer = {"role": "assistant", "reasoning": payload, "provider": payload, "model": payload, "fault": fault}
        talk = [message("a", content="Hello"), message("b", "a", content=payload, status="failed", **answer)]
        options = {"choice": {"provider": "openai", "model": payload}, "system_prompt": payload}
        kept = file(*talk, title=payload) | {"options": options | {"max_tokens": 9, "history_limit": 9}}
        assert visitor.call("POST", "/conversations/import", json=kept).status_code == 201
    await expect(chat.conversations).to_have_count(len(worst))
    for place in (0, 7, 19, 31):
        await chat.conversations.nth(place).click()
        await expect(chat.failures).to_have_count(1)
        await chat.reasoning.last.click()
    await chat.search("pwned")
    await expect(chat.hits.first).to_be_visible()
    await chat.search_box.fill("")
    result = await chat.import_file(b"not a conversation", f"{worst[0]}.json".replace("/", ""))
    await expect(result).to_contain_text("This is not a conversation")
    await chat.open_settings()
    await hostile.page.locator("#system-prompt textarea").fill(worst[1])
    await hostile.page.locator("#prompt-name input, #prompt-name textarea").fill(worst[0])
    await chat.press("Save")
    await hostile.page.locator("#preset input").click()
    await expect(hostile.page.get_by_role("option", name=worst[0])).to_be_visible()
    await hostile.page.keyboard.press("Escape")
    await chat.new_chat()
    upstream.queue(Scenario(status=400, message=worst[0]))
    await chat.ask("Does this work?")
    await expect(chat.failures).to_have_count(1)
    assert await hostile.found() == []
