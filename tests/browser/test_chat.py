"""A conversation on the page."""

import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import until
from tests.support.running import RunningApp, two_providers


async def test_an_answer_appears_while_it_streams(chat: ChatPage) -> None:
    await chat.type_model("pace:50x100")
    await chat.send("Tell me a story")
    await expect(chat.questions.last).to_have_text("Tell me a story")
    await expect(chat.box).to_have_value("")
    lengths = []
    while await chat.stop_button.is_visible():
        lengths.append(len(await chat.last_answer()))
        await chat.page.wait_for_timeout(100)
    assert len(set(lengths)) > 5
    assert lengths == sorted(lengths)


async def test_stop_keeps_the_partial_answer(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.type_model("pace:50x1000")
    await chat.send("Count to a thousand")
    await expect(chat.answers.last).to_contain_text("word10")
    await chat.stop_button.click()
    await expect(chat.send_button).to_be_visible()
    await expect(chat.notes.last).to_contain_text("You stopped this answer after")
    kept = await chat.last_answer()
    await chat.reload()
    await expect(chat.answers.last).to_have_text(kept)
    await until(lambda: upstream.closed_early)


async def test_memory_survives_reload_restart_and_a_change_of_provider(
    browser: Browser, upstream: FakeUpstream, data: Path
) -> None:
    running = RunningApp(data, two_providers(upstream)).start()
    try:
        context = await browser.new_context()
        chat = await ChatPage(await context.new_page()).open(running.url)
        await chat.ask("My name is Alice")
        await chat.reload()
        await expect(chat.questions.last).to_have_text("My name is Alice")
        assert "Alice" in await chat.ask("What's my name?")
        running.stop(signal.SIGKILL)
        running.start()
        await chat.reload()
        await expect(chat.questions).to_have_count(2)
        await chat.choose_provider("Anthropic")
        assert "Alice" in await chat.ask("And now, what's my name?")
    finally:
        running.stop()
    asked = next(received for received in reversed(upstream.requests) if received.body)
    assert asked.path == "/v1/messages"
    assert [message["content"] for message in asked.body["messages"]] == [
        "My name is Alice",
        "You said: My name is Alice",
        "What's my name?",
        "Your name is Alice.",
        "And now, what's my name?",
    ]


async def test_the_place_of_the_answer_is_there_with_the_question(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask("Hello")
    upstream.scenario = Scenario(headers_after=60)
    await chat.page.route("**/queue/join*", lambda route: None)  # the server hears nothing
    await chat.send("Are you there?")
    await expect(chat.questions.last).to_have_text("Are you there?")
    await expect(chat.answers).to_have_count(2)
    await expect(chat.answers.last.locator(".typing")).to_be_visible()


async def test_the_fields_of_the_settings_are_not_copied_at_each_step_of_an_answer(chat: ChatPage) -> None:
    await chat.ask("Hello")  # from its end on, Gradio sets the progress of what it read for it
    await chat.page.evaluate("""() => {
      const copy = structuredClone;
      window.copied = [];
      window.structuredClone = (value, ...rest) => { copied.push(value); return copy(value, ...rest); };
    }""")
    await chat.type_model("pace:50x20")
    await chat.page.evaluate("copied.length = 0")
    await chat.ask("And now?")
    copies = await chat.page.evaluate("copied.filter((value) => value === 'pace:50x20').length")
    assert copies <= 6, "two each time: the value, and its name among the choices"


@pytest.mark.tier2
async def test_a_new_browser_sees_no_conversation_of_another(chat: ChatPage, browser: Browser, app: RunningApp) -> None:
    await chat.ask("A secret of mine")
    context = await browser.new_context()
    other = await ChatPage(await context.new_page()).open(app.url)
    await expect(other.page.get_by_text("How can I help you today?")).to_be_visible()
    await expect(other.questions).to_have_count(0)
    await context.close()


@pytest.mark.tier2
async def test_an_answer_continues_during_a_reload(chat: ChatPage) -> None:
    await chat.type_model("pace:50x400")
    await chat.send("Take your time")
    await expect(chat.answers.last).to_contain_text("word10")
    await chat.reload()
    await expect(chat.stop_button).to_be_visible()
    await expect(chat.send_button).to_be_visible()
    await expect(chat.questions).to_have_count(1)
    await expect(chat.answers).to_have_count(1)
    await expect(chat.answers).to_contain_text("word400")


async def test_a_new_chat_starts_with_empty_memory(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask("My name is Alice")
    await chat.page.get_by_role("button", name="New chat").click()
    await expect(chat.questions).to_have_count(0)
    assert "Alice" not in await chat.ask("What's my name?")
    assert [message["role"] for message in upstream.requests[-1].body["messages"]] == ["system", "user"]


@pytest.mark.tier2
async def test_a_new_chat_shows_nothing_of_the_running_answer(chat: ChatPage) -> None:
    await chat.type_model("pace:50x100")
    await chat.send("Take your time")
    await expect(chat.answers.last).to_contain_text("word10")
    await chat.page.get_by_role("button", name="New chat").click()
    await expect(chat.send_button).to_be_visible()
    await chat.page.wait_for_timeout(500)
    await expect(chat.answers).to_have_count(0)
    await chat.ask("Something else")
    await expect(chat.questions).to_have_count(1)


@pytest.mark.tier2
async def test_text_typed_during_an_answer_is_not_lost(chat: ChatPage) -> None:
    await chat.type_model("pace:50x5000")
    await chat.send("First")
    await chat.is_answering()
    await chat.box.fill("Second")
    await chat.stop_button.click()
    await chat.is_ready()
    await expect(chat.box).to_have_value("Second")
    await expect(chat.questions).to_have_count(1)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("fault:wrong_key", "did not accept the API key"),
        ("fault:rate_limit", "too many requests"),
        ("fault:context_overflow", "longer than the chosen model can read"),
        ("fault:cut", "broke off"),
        ("fault:bad_json", "could not be read"),
    ],
)
async def test_a_failure_is_shown_and_the_next_message_works(chat: ChatPage, model: str, sentence: str) -> None:
    await chat.type_model(model)
    await chat.ask("Does this work?")
    await expect(chat.notes.last).to_contain_text(sentence)
    await chat.type_model("gpt-6-luna")
    assert (await chat.ask("And this?")).endswith("And this?")  # behind the question that got no answer


async def test_retry_answers_again_and_undo_restores_the_message(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="One."), Scenario(reply="Two."))
    assert await chat.ask("Say something") == "One."
    await chat.page.get_by_role("button", name="Try again").click()
    await expect(chat.answers.last).to_have_text("Two.")
    await expect(chat.questions).to_have_count(1)
    await expect(chat.send_button).to_be_visible()
    await chat.page.get_by_role("button", name="Take this turn back").click()
    await expect(chat.questions).to_have_count(0)
    await expect(chat.box).to_have_value("Say something")
    await chat.reload()
    await expect(chat.questions).to_have_count(0)


@pytest.mark.tier2
async def test_the_model_list_follows_the_provider(chat: ChatPage) -> None:
    assert await chat.model() == "gpt-6-luna"
    await chat.choose_provider("Anthropic")
    await expect(chat.page.locator("#model input")).to_have_value("claude-haiku-5-5")


@pytest.mark.tier2
async def test_the_settings_reach_the_model(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.type_model("some-model")
    await chat.open_settings()
    await chat.page.locator("#system-prompt textarea").fill("Answer like a pirate.")
    await chat.page.locator("#max-tokens input").fill("77")
    await chat.page.locator("#history-limit input").fill("1")
    await chat.page.locator("#temperature input").fill("0.3")
    await chat.ask("One")
    await chat.ask("Two")
    sent = upstream.requests[-1].body
    assert sent["messages"] == [
        {"role": "system", "content": "Answer like a pirate."},
        {"role": "user", "content": "Two"},
    ]
    assert (sent["max_completion_tokens"], sent["temperature"]) == (77, 0.3)


@pytest.mark.tier2
async def test_the_temperature_is_shown_only_if_the_model_takes_one(chat: ChatPage) -> None:
    await chat.open_settings()
    temperature = chat.page.locator("#temperature input")
    await expect(temperature).to_be_hidden()
    await chat.type_model("gpt-4.1")
    await chat.open_settings()
    await expect(temperature).to_be_visible()
    await chat.choose_provider("Anthropic")
    await chat.open_settings()
    await expect(temperature).to_be_hidden()


MARKDOWN = """
# A heading

It costs $5 or $10, and \\(a^2 + b^2\\) is small:

$$\\int_0^1 x\\,dx = \\tfrac12$$

```python
def greet(name):
    if name:
        return f"Hello {name}"
```
"""


async def test_markdown_code_and_formulas_are_rendered(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply=MARKDOWN))
    await chat.ask("Show me")
    answer = chat.answers.last
    await expect(answer.locator("h1")).to_have_text("A heading")
    await expect(answer.locator(".katex")).to_have_count(2)
    await expect(answer).to_contain_text("It costs $5 or $10, and")
    await expect(answer.locator("pre")).to_have_attribute("data-language", "python")
    code = answer.locator("pre code")
    assert '    if name:\n        return f"Hello {name}"' in await code.inner_text()
    assert await code.locator("span.token, span[class*=hljs]").count() > 3


@pytest.mark.tier2
async def test_a_model_that_cannot_be_loaded_is_explained(browser: Browser, data: Path) -> None:
    with RunningApp(data, {"LOCAL_MODEL": "/nowhere/model.gguf"}) as app:
        chat = await ChatPage(await browser.new_page()).open(app.url)
        state = chat.page.locator("#model-state")
        await expect(state).to_contain_text("could not be loaded")
        await expect(state).to_contain_text("Choose another model. Or set an API key")
        await chat.ask("Hello?")
        await expect(chat.notes.last).to_contain_text("could not be loaded")


@pytest.mark.tier2
async def test_the_demo_model_is_called_so_and_says_how_to_get_a_better_one(browser: Browser, data: Path) -> None:
    with RunningApp(data, {}) as app:
        chat = await ChatPage(await browser.new_page()).open(app.url)
        state = chat.page.locator("#model-state")
        await expect(chat.picker).to_contain_text("Demo model")
        await expect(state).to_contain_text("it is small and often wrong")
        await expect(state).to_contain_text("is ready", timeout=60_000)
        await state.get_by_role("button", name="Add your own key").click()
        await expect(chat.page.locator("#anthropic-key input")).to_be_visible()
        await chat.page.keyboard.press("Escape")
        assert len(await chat.ask("Write two sentences about the sea.")) > 20
        await expect(chat.details.last).to_contain_text("Demo model · SmolLM2-135M-Instruct")
