"""Pages in a real Chromium, and when their text grew, by the browser's own clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from tests.bench.contestants import Contestant
from tests.browser.conftest import ARGUMENTS, WITH_WINDOWS

QUESTION = "Tell me about the tides"
MAX_RETRY_AFTER = 60_000
"""Milliseconds for an answer."""

WATCH = """([answer, last]) => {
  const before = document.querySelectorAll(answer).length;
  const seen = (window.bench = { pressed: 0, grown: [], done: false });
  let length = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") seen.pressed ||= performance.now(); }, true);
  const observer = new MutationObserver(() => {
    const answers = document.querySelectorAll(answer);
    const text = answers.length > before ? answers[answers.length - 1].textContent : "";
    if (text.length === length || !text.includes("word1")) return;
    length = text.length;
    seen.grown.push(performance.now());
    seen.done = text.includes(last);
    if (seen.done) observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true, characterData: true });
}"""
"""Begins to watch for the next answer, whose last token is `last`."""


class Timeline(NamedTuple):
    """Milliseconds after Enter at which the answer on the page had grown."""

    grown: Sequence[float]

    @property
    def first(self) -> float:
        """When its first token was there."""
        return self.grown[0]

    @property
    def last(self) -> float:
        """When all of it was there."""
        return self.grown[-1]

    @property
    def gaps(self) -> list[float]:
        """The times between updates."""
        return [later - earlier for earlier, later in pairwise(self.grown)]


@asynccontextmanager
async def chromium(executable: str | None = WITH_WINDOWS) -> AsyncIterator[Browser]:
    """A browser that nobody sees."""
    assert executable, "no Chromium on this machine"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        await browser.close()


async def opened(browser: Browser, contestant: Contestant, url: str) -> Page:
    """The contestant's page, for a visitor of its own, ready to be typed in."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(url)
    await page.locator(contestant.box).wait_for(timeout=60_000)
    await page.wait_for_timeout(2000)  # what a page loads after it can be seen is no part of an answer
    return page


async def typed(page: Page, contestant: Contestant, tokens: int) -> None:
    """The question in the box, and the answer watched for."""
    await page.locator(contestant.box).fill(QUESTION)
    await page.evaluate(WATCH, [contestant.answer, f"word{tokens}"])


async def answered(page: Page, contestant: Contestant) -> Timeline:
    """Press Enter and wait for the whole answer."""
    await page.locator(contestant.box).press("Enter")
    await page.wait_for_function("window.bench.done", timeout=MAX_RETRY_AFTER, polling=200)
    seen = await page.evaluate("window.bench")
    return Timeline([time - seen["pressed"] for time in seen["grown"]])
