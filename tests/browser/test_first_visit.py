"""How much a page loads before it can be used, at the first visit and the next."""

from collections.abc import Mapping, Sequence
from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.bench.first_visit import requests_before
from tests.browser.chat_page import ChatPage
from tests.support.running import RunningApp

MOST_REQUESTS = 7
"""The page, its two scripts and two styles, what an embedding page resizes frames by, and the first call."""

LOADED = """() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type)).map((entry) => ({
  path: new URL(entry.name).pathname, start: entry.startTime, end: entry.responseEnd, size: entry.transferSize,
  kind: entry.initiatorType,
}))"""
USABLE = """new MutationObserver(() => {
  if (document.querySelector("#message textarea")) window.usable ??= performance.now();
}).observe(document, { childList: true, subtree: true });"""


async def loaded(page: Page) -> Sequence[Mapping[str, Any]]:
    return list(await page.evaluate(LOADED))


async def test_a_page_is_usable_after_few_requests_in_two_levels(app: RunningApp, page: Page) -> None:
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
    sizes = {
        each["path"]: each["size"] for each in await loaded(again) if each["path"].startswith(("/assets", "/theme"))
    }
    assert len(sizes) >= 3
    assert set(sizes.values()) == {0}, sizes
