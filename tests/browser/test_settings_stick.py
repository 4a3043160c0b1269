"""A conversation keeps its settings; a new one starts with the last used ones."""

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import asked

pytestmark = pytest.mark.tier2


FIELDS = {"system-prompt textarea": "Be brief.", "max-tokens input": "77", "history-limit input": "9"}


async def set_fields(chat: ChatPage) -> None:
    """Sets every field to a value that is no default."""
    await chat.open_settings()
    for field, value in FIELDS.items():
        await chat.page.locator(f"#{field}").fill(value)
        await chat.page.locator(f"#{field}").blur()


async def fields_are_set(chat: ChatPage) -> None:
    """Waits until the fields have those values."""
    await chat.open_settings()
    for field, value in FIELDS.items():
        await expect(chat.page.locator(f"#{field}")).to_have_value(value)


async def choose_anthropic(chat: ChatPage) -> None:
    """Chooses Anthropic, waits for its models, and types a model that is not listed."""
    await chat.choose_provider("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-haiku-5-5")
    await chat.type_model("claude-of-my-own")


async def choose_preset(chat: ChatPage, name: str) -> None:
    """Chooses a system prompt by its name."""
    await chat.page.locator("#preset input").click()
    await chat.page.get_by_role("option", name=name, exact=True).click()


async def test_opening_a_conversation_restores_its_settings(chat: ChatPage, upstream: FakeUpstream) -> None:
    await choose_anthropic(chat)
    await set_fields(chat)
    await chat.ask("First")
    await chat.new_chat()
    await chat.choose_provider("OpenAI")
    await expect(chat.page.locator("#model input")).to_have_value("gpt-6-luna")
    await chat.type_model("gpt-4.1")
    await chat.open_settings()
    for field, value in (("system-prompt textarea", "Be long."), ("temperature input", "0.3")):
        await chat.page.locator(f"#{field}").fill(value)
        await chat.page.locator(f"#{field}").blur()
    await chat.ask("Second")
    await chat.open_conversation("First")
    await expect(chat.page.locator("#provider input")).to_have_value("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-of-my-own")
    await fields_are_set(chat)
    await expect(chat.page.locator("#temperature input")).to_be_hidden()
    await chat.ask("What do you know?")
    assert (upstream.requests[-1].path, upstream.requests[-1].body["model"]) == ("/v1/messages", "claude-of-my-own")
    assert upstream.requests[-1].body["max_tokens"] == 77
    await chat.open_conversation("Second")
    await expect(chat.page.locator("#model input")).to_have_value("gpt-4.1")
    await expect(chat.page.locator("#system-prompt textarea")).to_have_value("Be long.")
    await expect(chat.page.locator("#temperature input")).to_have_value("0.3")


async def test_a_new_chat_starts_with_the_last_used_settings(chat: ChatPage) -> None:
    await choose_anthropic(chat)
    await set_fields(chat)
    await chat.ask("First")
    await chat.new_chat()
    await expect(chat.page.locator("#model input")).to_have_value("claude-of-my-own")
    await fields_are_set(chat)
    await chat.reload()
    await chat.new_chat()
    await expect(chat.page.locator("#provider input")).to_have_value("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-of-my-own")
    await fields_are_set(chat)


async def test_the_settings_survive_a_reload(chat: ChatPage) -> None:
    await choose_anthropic(chat)
    await set_fields(chat)
    await chat.ask("First")
    await chat.reload()
    await expect(chat.page.locator("#provider input")).to_have_value("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-of-my-own")
    await fields_are_set(chat)


async def test_a_preset_fills_the_system_prompt_and_reaches_the_model(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.open_settings()
    await choose_preset(chat, "Tutor")
    prompt = chat.page.locator("#system-prompt textarea")
    await expect(prompt).not_to_have_value("You are a helpful AI assistant.")
    await chat.ask("Hello")
    assert upstream.requests[-1].body["messages"][0]["content"].startswith("You are a patient tutor.")


async def test_a_visitors_prompt_is_saved_chosen_and_deleted(chat: ChatPage) -> None:
    prompt, saved = chat.page.locator("#system-prompt textarea"), "Pirate (saved)"
    await chat.open_settings()
    await prompt.fill("Answer like a pirate.")
    await chat.page.locator("#prompt-name input, #prompt-name textarea").fill("Pirate")
    await chat.press("Save")
    await expect(chat.page.locator("#prompt-name input, #prompt-name textarea")).to_have_value("")
    await chat.reload()
    await chat.open_settings()
    await expect(prompt).to_have_value("You are a helpful AI assistant.")
    await choose_preset(chat, saved)
    await expect(prompt).to_have_value("Answer like a pirate.")
    await chat.press("Remove")
    await chat.reload()
    await chat.open_settings()
    await chat.page.locator("#preset input").click()
    await expect(chat.page.get_by_role("option", name="Editor", exact=True)).to_be_visible()
    await expect(chat.page.get_by_role("option", name=saved)).to_have_count(0)


async def test_saving_a_prompt_again_replaces_it(chat: ChatPage) -> None:
    name = chat.page.locator("#prompt-name input, #prompt-name textarea")
    await chat.open_settings()
    for text in ("Answer like a pirate.", "Answer like a poet."):
        await chat.page.locator("#system-prompt textarea").fill(text)
        await name.fill("Mine")
        await chat.press("Save")
        await expect(name).to_have_value("")
    await choose_preset(chat, "Assistant")
    await choose_preset(chat, "Mine (saved)")
    await expect(chat.page.locator("#system-prompt textarea")).to_have_value("Answer like a poet.")


async def test_settings_typed_during_an_answer_are_kept(chat: ChatPage) -> None:
    await chat.type_model("pace:50x100")
    await chat.begin("First")
    await chat.open_settings()
    await chat.page.locator("#system-prompt textarea").fill("For the next one.")
    await chat.has_come(100)
    await chat.is_ready()
    await expect(chat.page.locator("#system-prompt textarea")).to_have_value("For the next one.")


async def test_opening_the_settings_changes_no_request(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.type_model("gpt-4.1")
    await chat.ask("Before")
    await chat.open_settings()
    temperature = chat.page.locator("#temperature input")
    await expect(temperature).to_have_value("")
    await chat.ask("With the settings open")
    before, opened = (dict(request.body) for request in asked(upstream))
    before.pop("messages"), opened.pop("messages")
    assert before == opened
    assert "temperature" not in opened
    await chat.open_settings()
    await temperature.fill("0,7")
    await chat.ask("Typed")
    await chat.open_settings()
    await temperature.fill("")
    await chat.page.locator("#max-tokens input").fill("")
    await chat.close_settings()
    await expect(temperature).to_be_hidden()
    await chat.open_settings()
    await chat.ask("Emptied")
    typed, emptied = (request.body for request in asked(upstream)[2:])
    assert typed["temperature"] == 0.7
    assert "temperature" not in emptied
    assert emptied["max_completion_tokens"] == before["max_completion_tokens"]


async def test_a_preset_is_named_only_in_the_conversations_that_have_it(chat: ChatPage) -> None:
    preset = chat.page.locator("#preset input")
    await chat.ask("Without a preset")
    await chat.new_chat()
    await chat.open_settings()
    await choose_preset(chat, "Tutor")
    await chat.ask("Teach me")
    await chat.open_conversation("Without a preset")
    await expect(preset).to_have_value("Assistant")
    await chat.open_conversation("Teach me")
    await expect(preset).to_have_value("Tutor")
    await chat.open_settings()
    await chat.page.locator("#system-prompt textarea").press_sequentially(" Be brief.")
    await expect(preset).to_have_value("")
    await chat.ask("With words of my own")
    await chat.open_conversation("Without a preset")
    await expect(preset).to_have_value("Assistant")
    await chat.open_conversation("Teach me")
    await expect(preset).to_have_value("")
