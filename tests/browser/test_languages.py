"""The page in the browser's language: Gradio's texts, the page's own, and the server's."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from chatbot.i18n import texts
from chatbot.replies.turns import MAX_MESSAGE_LENGTH
from tests.browser.chat_page import ChatPage
from tests.browser.files import answers, archive, dated, talk
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


SEEN = """() => {
    const found = [];
    for (const each of document.querySelectorAll("body *")) {
        if (!each.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(each.getAttribute(name) ?? "");
        for (const { nodeType, data } of each.childNodes) if (nodeType === Node.TEXT_NODE) found.push(data);
    }
    return found.map((text) => text.trim()).filter(Boolean);
}"""
"""Returns every visible text and accessible name on the page."""

FALLBACKS = {"de-AT": "de", "zh-CN": "zh-CN", "zh-TW": "en", "pt-BR": "en"}
"""The page's language by browser locale: English if we have no translation."""

SAME_IN_JAPANESE = (
    r"sk-(ant-)?…|hf_…|OpenAI|Anthropic|Hugging Face|gpt-6-luna|API|JSON|zip|Ctrl|Shift|Enter|Esc|[OK]|USD?|Chatbot"
)
"""Names, forms of keys and key labels that stay in Latin letters."""

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


async def opened(browser: Browser, app: RunningApp, locale: str, **options: Any) -> ChatPage:
    context = await browser.new_context(locale=locale, reduced_motion="reduce", **options)
    return await ChatPage(await context.new_page()).open(app.url)


async def everything(chat: ChatPage, upstream: FakeUpstream) -> set[str]:
    """Uses the whole page, and returns every text that it showed."""
    said = set(await chat.page.evaluate(SEEN))
    notes: list[dict[str, Any]] = [{"finish_reason": reason} for reason in ("stopped", "length", "refusal")]
    details = {"seen": {"sent": 4, "total": 9, "trimmed": True}, "timing": {"first_token_ms": 500, "total_ms": 4000}}
    files = dated("0", 1, *talk(2)), dated("1", 9, *talk(34)), answers("2", *notes, details, {"reasoning": "3"})
    await chat.import_file(archive(*files), "all.zip")
    await expect(chat.conversations).to_have_count(len(files))
    for title, row in (("1", ".earlier"), ("2", ".thought-group")):
        await chat.open_conversation(title)
        await expect(chat.page.locator(f"#chat {row}")).to_be_visible()
        await chat.page.locator("#chat .about").evaluate_all("all => all.forEach((each) => { each.open = true; })")
        said |= set(await chat.page.evaluate(SEEN))
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=20)
    await chat.send("4")
    await expect(chat.page.locator("#conversations .running")).to_be_visible()
    await chat.is_answering()
    said |= set(await chat.page.evaluate(SEEN))
    await chat.stop_button.click()
    await chat.is_ready()
    await chat.open_settings()
    await chat.page.locator("#preset input").click()
    await expect(chat.page.get_by_role("option")).not_to_have_count(0)
    said |= set(await chat.page.evaluate(SEEN))
    await chat.page.keyboard.press("Escape")
    await chat.open_part("keys")
    said |= set(await chat.page.evaluate(SEEN))
    await chat.page.locator("#delete-all").click()
    await chat.page.locator("#shortcuts .help").click()
    await expect(chat.page.locator("dialog.shortcuts")).to_be_visible()
    return said | set(await chat.page.evaluate(SEEN))


async def test_a_german_browser_shows_no_english_text(
    app: RunningApp, browser: Browser, upstream: FakeUpstream
) -> None:
    chat = await opened(browser, app, "de-DE")
    german = texts("de")
    await expect(chat.page.locator("#chat .placeholder h1")).to_have_text(german["welcome.text"].split("\n")[0][2:])
    await expect(chat.page.locator("#examples .example")).to_have_text(
        [german[key] for key in ("example.recursion", "example.reminder", "example.cooking")]
    )
    said = await everything(chat, upstream)
    english = {text for key, text in texts("en").items() if text != german[key]}
    assert said & english == set()
    for key in ("list.yesterday", "list.month", "list.answering", "turn.reasoning", "ending.refusal", "data.where"):
        assert german[key] in said, key
    assert any(each.endswith("4 von 9 Nachrichten gesendet, der Rest war zu lang für das Modell") for each in said)
    assert any("erstes Token 0,5 s" in each and "1.200 gelesen, 212 geschrieben" in each for each in said)
    assert "Sie haben diese Antwort nach 212 Token angehalten." in said


async def test_a_japanese_page_has_only_names_in_latin_letters(
    app: RunningApp, browser: Browser, upstream: FakeUpstream
) -> None:
    chat = await opened(browser, app, "ja-JP")
    said = await everything(chat, upstream)
    data = {each for each in said if re.search(r"^(Message \d+|word|You are a helpful)", each)}
    foreign = {each for each in said - data if re.search("[A-Za-z]{2}", re.sub(SAME_IN_JAPANESE, "", each))}
    assert {each for each in foreign if not re.search(r"(Message|word)\s?\d", each)} == set()


async def test_gradio_and_the_page_use_the_same_language(app: RunningApp, browser: Browser) -> None:
    for locale, language in FALLBACKS.items():
        chat = await opened(browser, app, locale)
        wanted = texts(language)
        await expect(chat.page.locator("#new-chat")).to_have_text(wanted["chat.new"])
        assert await chat.search_box.get_attribute("placeholder") == wanted["search.hint"]
        assert await chat.page.evaluate("document.documentElement.lang") == language


async def test_presets_and_examples_are_translated(app: RunningApp, browser: Browser, upstream: FakeUpstream) -> None:
    chat, spanish = await opened(browser, app, "es-MX"), texts("es")
    await chat.open_settings()
    await chat.page.locator("#preset input").click()
    await chat.page.get_by_role("option", name=spanish["preset.editor"], exact=True).click()
    await expect(chat.page.locator("#system-prompt textarea")).to_have_value(spanish["preset.editor.prompt"])
    await chat.close_settings()
    await chat.page.get_by_role("button", name=spanish["example.cooking"]).click()
    await expect(chat.questions).to_have_text([spanish["example.cooking"]])
    await chat.is_ready()
    sent = next(received.body["messages"] for received in reversed(upstream.requests) if received.body)
    assert [message["content"] for message in sent] == [spanish["preset.editor.prompt"], spanish["example.cooking"]]


async def test_server_errors_are_translated_everywhere(app: RunningApp, browser: Browser) -> None:
    chat, german = await opened(browser, app, "de-DE"), texts("de")
    await chat.send("x" * (MAX_MESSAGE_LENGTH + 1))
    refused = german["failure.invalid.too_long"].format(number="10.001", most="10.000")
    await expect(chat.page.locator("#chat .note")).to_have_text(refused)
    await chat.type_model("fault:wrong_key")
    await chat.send("Hallo")
    failed = german["failure.alternative"].format(
        sentence=german["failure.provider_invalid_key"].format(provider="OpenAI"), label="Anthropic"
    )
    await expect(chat.page.locator("#chat .turn .note.failed")).to_contain_text(failed)
    await chat.reload()
    await expect(chat.page.locator("#chat .turn .note.failed")).to_contain_text(failed)
    await expect(await chat.import_file(b"{}")).to_contain_text(german["failure.invalid.import"])
    await chat.page.locator("#chat .user-row .tool.edit").click()
    await chat.page.locator("#chat .editor textarea").fill("x" * (MAX_MESSAGE_LENGTH + 1))
    await chat.page.locator("#chat .editor .send").click()
    await expect(chat.page.locator(".toast-message-text")).to_have_text(refused)


async def test_no_text_is_cut_off_on_a_german_phone(app: RunningApp, browser: Browser) -> None:
    chat = await opened(browser, app, "de-DE", **PHONE)
    assert await cut_off(chat.page) == []
    await chat.ask("1")
    await chat.page.locator("#sidebar .toggle-button").click()
    for part in ("keys", "data"):
        await chat.open_part(part)
    assert await cut_off(chat.page) == []
    await chat.open_settings()
    assert await cut_off(chat.page) == []


async def cut_off(page: Page) -> list[str]:
    """Elements whose text does not fit, and the page if it is wider than the window."""
    found: list[str] = await page.evaluate("""() => {
        const kinds = "button:not(.label-wrap), .label-wrap span:not(.icon), label, #sidebar p";
        const isShown = (each) => each.checkVisibility() && each.textContent.trim();
        const isCut = (each, { textOverflow, display } = getComputedStyle(each)) =>
            each.scrollWidth > each.clientWidth + 1 && textOverflow !== "ellipsis" && display !== "inline";
        const wide = [...document.querySelectorAll(kinds)].filter((each) => isShown(each) && isCut(each));
        const beyond = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
        return [...beyond, ...wide.map((each) => each.outerHTML.slice(0, 200))];
    }""")
    return found
