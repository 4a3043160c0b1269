"""A model's reasoning can be read, and is no part of the answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


THOUGHT, ANSWER = "The user is polite.", "Good morning!"
SPOKEN = Scenario(reasoning=("The user ", "is ", "polite."), reply=ANSWER, tokens_per_second=20)
TAGGED = Scenario(
    tokens=("<thi", "nk>The user ", "is ", "polite.", "</think>", "\n\nGood ", "morning!"), tokens_per_second=20
)

KINDS = [
    pytest.param("OpenAI", SPOKEN, id="reasoning_content"),
    pytest.param("OpenAI", TAGGED, id="tags"),
    pytest.param("Anthropic", SPOKEN, id="thinking"),
]


async def thought_of(chat: ChatPage, provider: str, scenario: Scenario, upstream: FakeUpstream) -> None:
    """Asks a question that the model reasons about, and waits for the answer."""
    upstream.queue(scenario)
    await chat.choose_provider(provider)
    await chat.ask("Good morning")
    await expect(chat.answers.last).to_have_text(ANSWER)


@pytest.mark.parametrize(("provider", "scenario"), KINDS)
async def test_reasoning_is_collapsed_and_shows_its_duration(
    provider: str, scenario: Scenario, chat: ChatPage, upstream: FakeUpstream
) -> None:
    await thought_of(chat, provider, scenario, upstream)
    for _ in range(2):
        await expect(chat.reasoning).to_have_text(re.compile(r"Reasoning\s+\(\d+(\.\d+)?\s?m?s\)"))
        await expect(chat.page.get_by_text(THOUGHT)).to_be_hidden()
        await chat.reasoning.click()
        await expect(chat.page.get_by_text(THOUGHT)).to_be_visible()
        await chat.reload()


@pytest.mark.parametrize(("provider", "scenario"), KINDS)
async def test_reasoning_is_stored_separately_and_never_sent_back(
    provider: str, scenario: Scenario, chat: ChatPage, upstream: FakeUpstream, app: RunningApp
) -> None:
    await thought_of(chat, provider, scenario, upstream)
    await chat.ask("And now?")
    sent = next(received.body for received in reversed(upstream.requests) if received.body)
    said = [(message["role"], message["content"]) for message in sent["messages"] if message["role"] != "system"]
    assert said == [("user", "Good morning"), ("assistant", ANSWER), ("user", "And now?")]
    assert "polite" not in json.dumps(sent)
    assert any(stored["content"] == ANSWER and stored["reasoning"] == THOUGHT for stored in answers_in(app.data))


def answers_in(data: Path) -> list[dict[str, Any]]:
    """Every answer stored on disk. A long conversation's file has a line for each change."""
    lines = [line for path in data.rglob("*.json") for line in path.read_bytes().splitlines()]
    return [found for line in lines for found in answers_of(json.loads(line))]


def answers_of(value: Any) -> list[dict[str, Any]]:
    """Every answer inside a JSON value."""
    if not isinstance(value, dict | list):
        return []
    own = [value] if isinstance(value, dict) and value.get("role") == "assistant" else []
    inner = value.values() if isinstance(value, dict) else value
    return own + [found for part in inner for found in answers_of(part)]


async def test_copies_and_exports_leave_out_reasoning(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await thought_of(chat, "OpenAI", TAGGED, upstream)
    await chat.press("Copy")
    assert await chat.page.evaluate("navigator.clipboard.readText()") == ANSWER
    text = await chat.exported()
    assert ANSWER in text
    assert "polite" not in text


async def test_an_answer_stopped_while_reasoning_keeps_its_reasoning(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reasoning=200, reply=ANSWER, tokens_per_second=20))
    await chat.send("Good morning")
    await expect(chat.reasoning).to_be_visible()
    await chat.reasoning.click()
    await expect(chat.page.locator("#chat .bot-row")).to_contain_text("word3")
    await chat.stop_button.click()
    await expect(chat.notes.last).to_contain_text("You stopped this answer")
    await chat.reload()
    await expect(chat.reasoning).to_be_visible()
    await expect(chat.notes.last).to_contain_text("You stopped this answer")
    assert (await chat.ask("And now?")).endswith("And now?")  # behind the question that got no answer
    sent = [received.body for received in upstream.requests if received.body][-1]
    assert "word3" not in json.dumps(sent)


async def test_the_reasoning_effort_is_shown_and_sent_if_supported(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.open_settings()
    effort = chat.page.locator("#effort input")
    await expect(effort).to_be_visible()
    await effort.click()
    await chat.page.get_by_role("option", name="High").click()
    await chat.ask("Think hard")
    assert upstream.requests[-1].body["reasoning_effort"] == "high"
    await chat.type_model("gpt-4.1")
    await expect(effort).to_have_count(0)
    await chat.ask("Do not think")
    assert "reasoning_effort" not in upstream.requests[-1].body
    await chat.choose_provider("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-haiku-5-5")
    await chat.open_settings()
    await expect(effort).to_be_visible()
    await expect(chat.page.locator("#temperature input")).to_be_hidden()
