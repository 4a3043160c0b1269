"""Pages in Chromium, and the times at which their text grew, by the browser's clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from tests.bench.contestants import Contestant
from tests.support.chromium import ARGUMENTS, WITH_WINDOWS

QUESTION = "Tell me about the tides"
ANSWER_TIMEOUT = 60_000
"""Milliseconds."""

WATCH = """([answer, last]) => {
  const before = document.querySelectorAll(answer).length;
  const record = (window.bench = { pressed: 0, grown: [], done: false });
  let length = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") record.pressed ||= performance.now(); }, true);
  const observer = new MutationObserver(() => {
    const answers = document.querySelectorAll(answer);
    const text = answers.length > before ? answers[answers.length - 1].textContent : "";
    if (text.length === length || !text.includes("word1")) return;
    length = text.length;
    record.grown.push(performance.now());
    record.done = text.includes(last);
    if (record.done) observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true, characterData: true });
}"""
"""Starts to record the growth of the next answer, whose last token is `last`."""


class Timeline(NamedTuple):
    """Milliseconds from Enter to each growth of the answer on the page."""

    grown: Sequence[float]

    @property
    def first(self) -> float:
        """Time of the first token."""
        return self.grown[0]

    @property
    def last(self) -> float:
        """Time of the complete answer."""
        return self.grown[-1]

    @property
    def gaps(self) -> list[float]:
        """Times between updates."""
        return [later - earlier for earlier, later in pairwise(self.grown)]


@asynccontextmanager
async def chromium(executable: str | None = WITH_WINDOWS) -> AsyncIterator[Browser]:
    """Runs a headless browser."""
    assert executable, "no Chromium on this machine"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        await browser.close()


async def open_page(browser: Browser, contestant: Contestant, url: str) -> Page:
    """Opens the contestant's page for a new visitor and waits until its message box is usable."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(url)
    await page.locator(contestant.box).wait_for(timeout=60_000)
    await page.wait_for_timeout(2000)  # until the page has loaded everything
    return page


async def type_question(page: Page, contestant: Contestant, tokens: int, question: str = QUESTION) -> None:
    """Types the question and starts to record the answer."""
    await page.locator(contestant.box).fill(question)
    await page.evaluate(WATCH, [contestant.answer, f"word{tokens}"])


async def submit(page: Page, contestant: Contestant) -> Timeline:
    """Presses Enter and waits for the complete answer."""
    await page.locator(contestant.box).press("Enter")
    await page.wait_for_function("window.bench.done", timeout=ANSWER_TIMEOUT, polling=200)
    record = await page.evaluate("window.bench")
    return Timeline([time - record["pressed"] for time in record["grown"]])
