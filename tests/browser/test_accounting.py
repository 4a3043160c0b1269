"""The details below each answer: provider, model, timing, usage, cost, and how it ended."""

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.browser.files import answers, archive
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp, two_providers
from tests.support.stored_files import Json

pytestmark = pytest.mark.tier2


ACCOUNT = re.compile(r"^OpenAI · gpt-6-luna · first token \d+\.\d+ s · \d+ tokens/s · \d+ in, 30 out · \$\d\.\d+$")
TOTAL = re.compile(r"^This conversation: \d+ tokens · \$\d\.\d+$")
SLOW = Scenario(tokens=30, tokens_per_second=60)


def asked(upstream: FakeUpstream) -> list[str]:
    """The contents of the messages that the model was sent last."""
    last = next(received for received in reversed(upstream.requests) if received.body)
    return [message["content"] for message in last.body["messages"]]


async def test_answer_details_survive_reload_and_restart(browser: Browser, upstream: FakeUpstream, data: Path) -> None:
    with RunningApp(data, two_providers(upstream)) as app:
        page = await browser.new_page()
        chat = await ChatPage(page).open(app.url)
        upstream.queue(SLOW)
        await chat.ask("Count")
        line = chat.page.locator("#chat .turn").last
        await expect(line.locator(".price")).to_have_text(re.compile(r"^\$\d\.\d+$"))
        await expect(chat.details.last).to_be_hidden()
        await line.get_by_text("Details").click()
        await expect(chat.details.last).to_be_visible()
        await expect(chat.details.last).to_have_text(ACCOUNT)
        await expect(chat.total).to_have_text(TOTAL)
        details, total = await chat.details.last.text_content() or "", await chat.total.inner_text()
        await chat.reload()
        await expect(chat.details.last).to_have_text(details)
        app.stop(signal.SIGKILL)
        app.start()
        await chat.reload()
        await expect(chat.details.last).to_have_text(details)
        await expect(chat.total).to_have_text(total)


USUAL = "OpenAI · gpt-6-luna"
COUNTED = f"{USUAL} · 1,200 in, 212 out"
FAULT = {
    "code": "provider_cut_off",
    "text": {"key": "failure.provider_cut_off", "provider": "OpenAI"},
}


def used(input_tokens: int | None = 1200, output_tokens: int | None = 212, estimated: bool = False) -> Json:
    return {"input_tokens": input_tokens, "output_tokens": output_tokens, "estimated": estimated}


def took(first_token_ms: int | None, total_ms: int) -> Json:
    return {"first_token_ms": first_token_ms, "total_ms": total_ms}


DETAILS: list[tuple[Json, str]] = [
    ({}, COUNTED),
    ({"provider": None, "model": None, "usage": {}}, "a model"),
    ({"provider": "local"}, "On this computer · gpt-6-luna"),
    ({"timing": took(530, 4770)}, f"{USUAL} · first token 0.5 s · 50 tokens/s · 1,200 in, 212 out"),
    ({"timing": took(None, 800)}, COUNTED),
    ({"timing": took(800, 800)}, f"{USUAL} · first token 0.8 s · 1,200 in, 212 out"),
    ({"usage": used(estimated=True), "cost": 0.5}, f"{USUAL} · 1,200 in, 212 out (estimated) · $0.50 (estimated)"),
    ({"usage": {}}, USUAL),
    ({"usage": used(None, 7)}, f"{USUAL} · 7 out"),
    ({"seen": {"sent": 20, "total": 48}}, f"{COUNTED} · 20 of 48 messages sent"),
    ({"seen": {"sent": 48, "total": 48}}, COUNTED),
    (
        {"seen": {"sent": 4, "total": 9, "trimmed": True}},
        f"{COUNTED} · 4 of 9 messages sent, the rest was too long for the model",
    ),
]
PRICES: list[tuple[float, str]] = [
    (12.345, "$12.35"),
    (0.01, "$0.01"),
    (0.0123, "$0.01"),
    (0.0051, "$0.0051"),
    (0.00042, "$0.00042"),
    (0.0000037, "$0.0000037"),
    (1e-30, "$0.0000000000000"),
    (-1.0, "-$1.00"),
]
LONGEST = "This answer reached the maximum length. “Maximum length” in the settings can be raised."
REASONED = "The model used up the maximum length on reasoning. Raise “Maximum length” in the settings, then try again."
ENDINGS: list[tuple[Json, str]] = [
    ({"finish_reason": "stopped"}, "You stopped this answer after 212 tokens."),
    ({"finish_reason": "interrupted"}, "This answer was cut off after 212 tokens."),
    ({"finish_reason": "length"}, LONGEST),
    ({"finish_reason": "length", "content": ""}, REASONED),
    ({"finish_reason": "refusal"}, "The model declined to answer this."),
    ({"finish_reason": "content_filter"}, "The provider withheld the rest of this answer."),
    ({"finish_reason": "stopped", "usage": used(9, 0)}, "You stopped this answer."),
    ({"finish_reason": "stopped", "usage": {}}, "You stopped this answer."),
    ({"finish_reason": "stopped", "usage": used(9, 1)}, "You stopped this answer after 1 token."),
    ({"finish_reason": "stopped", "usage": used(9, 1234)}, "You stopped this answer after 1,234 tokens."),
    (
        {"finish_reason": "interrupted", "fault": FAULT},
        "The connection to OpenAI broke off before the answer was complete.",
    ),
]
TOTALS: list[tuple[list[Json], str]] = [
    ([{"cost": 0.25}, {"usage": used(100, 8), "cost": 0.5}], "This conversation: 1,520 tokens · $0.75"),
    ([{"cost": 0.25}, {}], "This conversation: 2,824 tokens · $0.25 for those with a known price"),
    ([{"usage": used(10, 5, estimated=True)}], "This conversation: about 15 tokens"),
    ([{"usage": used(10, 5, estimated=True), "cost": 0.25}], "This conversation: about 15 tokens · about $0.25"),
    ([{"usage": {}}], ""),
    ([{"provider": "local"}, {"cost": 0.0}], ""),
]


async def test_details_notes_and_totals_are_worded(chat: ChatPage) -> None:
    prices = [{"cost": cost} for cost, _ in PRICES]
    totals = [answers(f"Total {number}", *each) for number, (each, _) in enumerate(TOTALS)]
    known, ended = [each for each, _ in DETAILS], [each for each, _ in ENDINGS]
    files = answers("Details", *known), answers("Prices", *prices), answers("Endings", *ended)
    await chat.import_file(archive(*files, *totals), "all.zip")
    await expect(chat.conversations).to_have_count(len(files) + len(totals))
    await chat.open_conversation("Details")
    await expect(chat.details).to_have_text([words for _, words in DETAILS])
    await expect(chat.notes).to_have_count(0)
    await chat.open_conversation("Prices")
    await expect(chat.details).to_have_text([f"{COUNTED} · {words}" for _, words in PRICES])
    await chat.open_conversation("Endings")
    await expect(chat.page.locator("#chat .turn .note")).to_contain_text([words for _, words in ENDINGS])
    for number, (_, words) in enumerate(TOTALS):
        await chat.open_conversation(f"Total {number}")
        await expect(chat.total).to_have_text(words)


async def test_the_model_stands_below_an_answer_only_if_it_is_another_one(chat: ChatPage) -> None:
    writers = chat.page.locator("#chat .turn .writer")
    await chat.ask("One")
    await chat.ask("Two")
    await expect(writers).to_have_count(0)
    await chat.choose_provider("Anthropic")
    await chat.ask("Three")
    await expect(writers).to_have_text(["claude-haiku-5-5 · Anthropic"])


async def test_an_unknown_price_is_not_shown(chat: ChatPage) -> None:
    await chat.type_model("nobody-knows-this")
    await chat.ask("Hello")
    await expect(chat.details.last).to_contain_text("nobody-knows-this")
    assert "$" not in await chat.details.last.inner_text()
    await expect(chat.total).to_have_text(re.compile(r"^This conversation: \d+ tokens$"))


async def test_usage_the_provider_did_not_count_is_marked_as_estimated(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="Four score and seven years ago", drop_usage=True))
    await chat.ask("Hello")
    await expect(chat.details.last).to_have_text(re.compile(r"\d+ in, 8 out \(estimated\) · \$\d\.\d+ \(estimated\)$"))
    await expect(chat.total).to_have_text(re.compile(r"^This conversation: about \d+ tokens · about \$\d\.\d+$"))


async def test_the_total_counts_every_version(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=100)
    totals = []
    await chat.type_model("nobody-knows-this")
    await chat.ask("One")
    await expect(chat.details).to_have_count(1)
    totals.append(await spent(chat, 100))
    await chat.ask("Two")
    await expect(chat.details).to_have_count(2)
    totals.append(await spent(chat, totals[-1] + 100))
    await chat.press("Try again")
    await expect(chat.versions).to_have_text(["2 / 2"])
    await expect(chat.details).to_have_count(2)
    totals.append(await spent(chat, totals[-1] + 100))
    await chat.reload()
    assert await spent(chat, totals[-1]) == totals[-1]


async def spent(chat: ChatPage, at_least: int) -> int:
    """Waits until the conversation's total is at least that; returns it."""
    await chat.page.wait_for_function(
        "least => parseInt(document.querySelector('#turns').innerText.replace(/\\D/g, '')) >= least", arg=at_least
    )
    return int(re.sub(r"\D", "", await chat.total.inner_text()))


async def test_a_stopped_answer_shows_its_tokens(chat: ChatPage) -> None:
    await chat.type_model("pace:50x1000")
    await chat.send("Count to a thousand")
    await expect(chat.answers.last).to_contain_text("word10")
    await chat.stop_button.click()
    note = re.compile(r"^You stopped this answer after \d+ tokens\.Continue$")
    await expect(chat.notes.last).to_have_text(note)
    await expect(chat.details.last).to_contain_text("(estimated)")
    await chat.reload()
    await expect(chat.notes.last).to_have_text(note)


@pytest.mark.parametrize(
    ("reason", "words"), [("length", "reached the maximum length"), ("content_filter", "withheld the rest")]
)
async def test_an_answer_that_was_cut_short_shows_the_reason(
    reason: str, words: str, chat: ChatPage, upstream: FakeUpstream
) -> None:
    upstream.queue(Scenario(reply="Half of it", finish_reason=reason))
    assert await chat.ask("Hello") == "Half of it"
    await expect(chat.notes.last).to_contain_text(words)


async def test_the_number_of_messages_sent_is_shown(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.ask("One")
    assert "messages sent" not in await chat.details.last.inner_text()
    await chat.open_settings()
    await chat.page.locator("#history-limit input").fill("3")
    await chat.ask("Two")
    await chat.ask("Three")
    await expect(chat.details.last).to_contain_text("3 of 5 messages sent")
    assert asked(upstream)[1:] == ["Two", "You said: Two", "Three"]


async def test_a_trimmed_conversation_is_reported(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(context_tokens=300)
    await chat.type_model("nobody-knows-this")
    await chat.ask("a" * 500)
    answer = await chat.ask("b" * 500)
    assert answer == "You said: " + "b" * 500
    await expect(chat.details.last).to_contain_text("1 of 3 messages sent, the rest was too long for the model")
    assert asked(upstream)[1:] == ["b" * 500]


async def test_a_line_stands_where_what_the_model_saw_begins_and_offers_everything(
    chat: ChatPage, upstream: FakeUpstream
) -> None:
    line = chat.page.locator("#chat .window-line")
    await chat.open_settings()
    await chat.page.locator("#history-limit input").fill("3")
    await chat.ask("One")
    await expect(line).to_have_count(0)
    for text in ("Two", "Three"):
        await chat.ask(text)
    await expect(line).to_contain_text("The model saw only the last 3 of 5 messages, from here on.")
    await expect(chat.rows.filter(has=chat.page.locator(".window-line"))).to_contain_text("Two")
    await chat.ask("Four")
    await expect(chat.rows.filter(has=chat.page.locator(".window-line"))).to_contain_text("Three")
    await chat.reload()
    await line.get_by_role("button", name="Send everything that fits").click()
    await expect(line).to_have_text("From the next message on, everything that fits is sent.")
    await chat.ask("Five")
    assert len([each for each in upstream.requests[-1].body["messages"] if each["role"] == "user"]) == 5
    await expect(line).to_have_count(0)
