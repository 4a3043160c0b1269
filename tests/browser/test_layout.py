"""What is where on the page: the first screen in every window, touch screens, and print."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

WINDOWS: dict[str, dict[str, Any]] = {
    "200 % zoom": {"viewport": {"width": 640, "height": 400}},
    "phone in landscape": {"viewport": {"width": 844, "height": 390}, "is_mobile": True, "has_touch": True},
    "small": {"viewport": {"width": 390, "height": 460}},
    "smallest": {"viewport": {"width": 320, "height": 256}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "tall": {"viewport": {"width": 1080, "height": 1900}},
}
PHONE = WINDOWS["phone"]


@contextmanager
def as_bytes(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(pdf)
    yield document
    document.close()


async def boxes(*parts: Locator) -> list[Mapping[str, Any]]:
    found = [await part.bounding_box() for part in parts]
    return [box for box in found if box]


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize("window", WINDOWS)
async def test_nothing_on_the_first_screen_lies_on_anything_else(
    app: RunningApp, browser: Browser, window: str
) -> None:
    context = await browser.new_context(reduced_motion="reduce", **WINDOWS[window])
    page = await context.new_page()
    await ChatPage(page).open(app.url)
    examples = [page.locator("#examples .example").nth(number) for number in range(3)]
    parts = [page.locator("#models"), page.locator("#chat .placeholder"), page.locator("#message"), *examples]
    placed = await boxes(*parts)
    assert len(placed) == 6
    assert not [pair for pair in combinations(placed, 2) if overlap(*pair)]
    await examples[-1].click()  # it can be reached
    await expect(page.locator("#chat .user-row")).to_have_count(1)


async def test_the_greeting_stands_in_the_middle_of_a_tall_window(app: RunningApp, browser: Browser) -> None:
    context = await browser.new_context(**WINDOWS["tall"])
    page = await context.new_page()
    await ChatPage(page).open(app.url)
    greeting, examples = await boxes(page.locator("#chat .placeholder"), page.locator("#examples"))
    middle = (greeting["y"] + examples["y"] + examples["height"]) / 2
    assert 0.4 * 1900 < middle < 0.6 * 1900


async def test_a_new_chat_shows_no_arrow_to_its_end(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=3000))
    await chat.ask("Tell me much")
    arrow = chat.page.locator("#chat .to-end")
    await chat.page.locator("#chat .panel-wrap").evaluate("panel => panel.scrollTo(0, 0)")
    await expect(arrow).to_be_visible()
    await chat.new_chat()
    await expect(arrow).to_be_hidden()


async def test_enter_on_a_touch_screen_begins_a_line(app: RunningApp, browser: Browser) -> None:
    context = await browser.new_context(**PHONE)
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.box.tap()
    await chat.page.keyboard.type("One")
    await chat.page.keyboard.press("Enter")
    await chat.page.keyboard.type("two")
    await expect(chat.box).to_have_value("One\ntwo")
    await chat.send_button.tap()
    await expect(chat.questions).to_have_text("One\ntwo")


async def test_an_answer_without_a_word_yet_has_no_buttons(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=5, tokens_per_second=1, first_token_after=3)
    await chat.send("Hello")
    await expect(chat.page.locator("#chat .typing")).to_be_visible()
    tools = chat.page.locator("#chat .bot-row .tools")
    await expect(chat.page.locator("#chat .bot-row .turn")).to_be_attached()
    await expect(tools).to_be_hidden()
    await expect(tools).to_be_visible()  # with the first word


async def test_all_of_a_conversation_is_printed_and_nothing_else(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=1500))
    await chat.ask("Tell me much")
    with as_bytes(await chat.page.pdf()) as document:
        pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    assert len(pages) > 1
    text = " ".join(pages)
    assert "Tell me much" in pages[0]
    assert "word1500" in text
    for other in ("New chat", "Settings", "Type a message", "Search"):
        assert other not in text


async def test_the_placeholder_is_readable(chat: ChatPage) -> None:
    assert await contrast(chat.page, "#message textarea", "::placeholder") >= 4.5


async def test_what_is_touched_on_a_phone_is_large_enough(app: RunningApp, browser: Browser) -> None:
    context = await browser.new_context(**PHONE)
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.box.fill("Hello")
    await chat.send_button.tap()
    await chat.is_ready()
    await expect(chat.page.locator("#chat .bot-row .tool.retry")).to_be_visible()
    small = await chat.page.evaluate(
        """() => [...document.querySelectorAll("button")]
            .filter((one) => one.checkVisibility({ opacityProperty: true }))
            .map((one) => [one.ariaLabel || one.textContent || one.className, one.getBoundingClientRect()])
            .filter(([, { width, height, right }]) => right > 0 && (width < 40 || height < 40)).map(([name]) => name)"""
    )
    assert small == []


async def contrast(page: Page, selector: str, part: str = "") -> float:
    """The contrast of an element's text, or of a part of it, with the element's own background, as WCAG counts it."""
    colours = await page.locator(selector).evaluate(
        """(element, part) => {
            const shown = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            let ground = element;
            while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
            const style = getComputedStyle(element, part || null);
            const paints = [[getComputedStyle(ground).backgroundColor, 1], [style.color, style.opacity]];
            return paints.map(([colour, opacity]) => {
                shown.globalAlpha = opacity;
                shown.fillStyle = colour;
                shown.fillRect(0, 0, 1, 1);
                return [...shown.getImageData(0, 0, 1, 1).data].slice(0, 3);
            });
        }""",
        part,
    )
    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[int]) -> float:
    """The relative luminance of an sRGB colour, by WCAG 2.2."""
    linear = [(value / 255) / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


async def test_a_long_model_name_is_readable_on_a_phone(app: RunningApp, browser: Browser) -> None:
    context = await browser.new_context(**PHONE)
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.type_model("claude-sonnet-4-5-20250929-thinking")
    for part in ("model", "provider"):
        name = chat.picker.locator(f".{part}")
        assert await name.evaluate("(e) => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight")


async def test_a_new_chat_can_be_begun_while_the_sidebar_is_closed(app: RunningApp, browser: Browser) -> None:
    context = await browser.new_context(**PHONE)
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.ask("First")
    await chat.page.locator("#models").get_by_role("button", name="New chat").tap()
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Second") == "You said: Second"
