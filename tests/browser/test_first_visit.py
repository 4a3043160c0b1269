"""What a page loads before it can be used, and what is typed before Gradio is there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from chatbot.i18n import LOCALES, texts
from tests.bench.first_visit import requests_before
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.running import RunningApp

MOST_REQUESTS = 7
"""The page, two scripts and two styles, what an embedding page resizes frames by, and the first call."""

LOADED = """() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type)).map((entry) => (
  { path: new URL(entry.name).pathname, start: entry.startTime, end: entry.responseEnd, size: entry.transferSize }
))"""
USABLE = """new MutationObserver(() => {
  if (document.querySelector("#message textarea")) window.usable ??= performance.now();
}).observe(document, { childList: true, subtree: true });"""
PLACES = """(selectors) => selectors.map((selector) => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  return [x, y, height, selector.includes("box") || selector === "#message" ? width : 0];
})"""
BEFORE = ("#shell .box", "#shell .examples button", "#shell .examples button:last-child", "#shell textarea")
AFTER = ("#message", "#examples .example", "#examples .example:last-child", "#message textarea")
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


class Held:
    """Gradio's script, which does not reach the page before `release`."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self.release = self._released.set

    async def hold(self, page: Page) -> None:
        await page.route("**/page.js", self._wait)

    async def _wait(self, route: Route) -> None:
        await self._released.wait()
        await route.continue_()


@pytest.fixture
async def held(page: Page) -> AsyncIterator[Held]:
    script = Held()
    await script.hold(page)
    yield script
    script.release()


async def loaded(page: Page) -> Sequence[Mapping[str, Any]]:
    return list(await page.evaluate(LOADED))


async def open_shell(page: Page, app: RunningApp) -> None:
    """Opens the page, whose script is held."""
    await page.goto(app.url, wait_until="commit")
    await expect(page.locator("#shell textarea")).to_be_focused()


async def test_a_page_is_loaded_with_few_requests_in_few_levels(app: RunningApp, page: Page) -> None:
    await page.add_init_script(USABLE)
    await ChatPage(page).open(app.url)
    files = await loaded(page)
    times = [(each["start"], each["end"], each["size"]) for each in files]
    number, levels, kilobytes = requests_before(times, await page.evaluate("usable"))
    assert number <= MOST_REQUESTS, files
    assert levels <= 3, "the page, its files, and the first call, which begins before the box is there"
    assert kilobytes < 500


async def test_the_next_visit_loads_no_script(app: RunningApp, page: Page, context: BrowserContext) -> None:
    await ChatPage(page).open(app.url)
    again = await context.new_page()
    await ChatPage(again).open(app.url)
    kept = ("/assets", "/theme")
    sizes = {each["path"]: each["size"] for each in await loaded(again) if each["path"].startswith(kept)}
    assert len(sizes) >= 3
    assert set(sizes.values()) == {0}, sizes


async def test_what_is_typed_before_gradio_is_there_stays_in_the_box(app: RunningApp, page: Page, held: Held) -> None:
    await open_shell(page, app)
    await page.keyboard.type("Typed early")
    held.release()
    await expect(page.locator("#shell")).to_have_count(0)
    chat = await ChatPage(page).is_open()
    await expect(chat.box).to_be_focused()
    await page.keyboard.type(", and late")
    await expect(chat.box).to_have_value("Typed early, and late")
    await page.keyboard.press("Enter")
    await expect(chat.answers).to_have_text(["You said: Typed early, and late"])


async def test_what_is_sent_before_gradio_is_there_is_answered(
    app: RunningApp, page: Page, held: Held, upstream: FakeUpstream
) -> None:
    await open_shell(page, app)
    await page.keyboard.type("Sent early")
    await page.keyboard.press("Enter")
    await expect(page.locator("#shell .asked")).to_have_text("Sent early")
    await page.keyboard.type("The next")
    await page.keyboard.press("Enter")  # one at a time
    held.release()
    chat = await ChatPage(page).is_open()
    await expect(chat.answers).to_have_text(["You said: Sent early"])
    await expect(chat.questions).to_have_text(["Sent early"])
    await expect(chat.box).to_have_value("The next")


@pytest.mark.tier2
async def test_an_example_and_the_button_send_too(app: RunningApp, page: Page, held: Held) -> None:
    await open_shell(page, app)
    await page.keyboard.type("By the button")
    await page.locator("#shell .send").click()
    await expect(page.locator("#shell .asked")).to_have_text("By the button")
    await open_shell(page, app)
    example = page.locator("#shell .examples button").first
    text = await example.inner_text()
    await example.click()
    held.release()
    await expect((await ChatPage(page).is_open()).questions).to_have_text([text])


@pytest.mark.tier2
@pytest.mark.parametrize("size", SIZES)
async def test_nothing_moves_when_gradio_takes_over(size: str, app: RunningApp, browser: Browser) -> None:
    for locale in LOCALES:
        phone = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
        context = await browser.new_context(viewport=SIZES[size], locale=locale, color_scheme="dark", **phone)  # type: ignore[arg-type]
        page, script = await context.new_page(), Held()
        await script.hold(page)
        await page.goto(app.url, wait_until="commit")
        await expect(page.locator("#shell h1")).to_have_text(texts(locale)["welcome.text"].split("\n")[0].lstrip("# "))
        before = await page.evaluate(PLACES, BEFORE)
        colours = await page.evaluate("getComputedStyle(document.querySelector('#shell')).backgroundColor")
        script.release()
        await expect(page.locator("#shell")).to_have_count(0)
        await page.wait_for_function(f"({PLACES})({json.dumps(AFTER)}).every((each) => each[1] > 0)")
        for old, new in zip(before, await page.evaluate(PLACES, AFTER), strict=True):
            assert old == pytest.approx(new, abs=1.5), (locale, before)
        assert colours == await page.evaluate(
            "getComputedStyle(document.querySelector('.gradio-container')).backgroundColor"
        )
        await context.close()


@pytest.mark.tier2
async def test_a_page_whose_script_does_not_come_says_so(app: RunningApp, page: Page) -> None:
    await page.route("**/page.js", lambda route: route.abort())
    await page.goto(app.url)
    await expect(page.get_by_role("alert")).to_have_text(texts("en")["notice.not_loaded"])
    await page.keyboard.type("Not lost")
    await page.unroute("**/page.js")
    await page.reload()
    await expect((await ChatPage(page).is_open()).box).to_have_value("Not lost")


@pytest.mark.tier2
async def test_axe_finds_nothing_before_gradio_is_there(app: RunningApp, page: Page, held: Held) -> None:
    await open_shell(page, app)
    result = await Axe().run(page, "#shell")
    assert [each["id"] for each in result.response["violations"]] == []
