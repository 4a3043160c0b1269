"""Time from Enter to the first token for three visitors: without notes or earlier conversations, with notes, and with
notes and recall.

They have pages of one app and ask the same questions in turns, so that other load affects all of them. A time ends when
the token is in the browser's document. Most questions find notes and passages, which are sent.
"""

import asyncio
import random
import re
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from playwright.async_api import Browser, Page

from chatbot.storage import Store
from chatbot.transfer.session_zip import export_zip
from tests.bench.chromium import chromium, open_page, submit, type_question
from tests.bench.command import Bench
from tests.bench.contestants import OURS, upstream
from tests.bench.figures import Samples, Summary
from tests.bench.memory import fill, question
from tests.support.api_client import Visitor

TOKENS = 10
REMEMBERED = {"nothing": (0, 0), "1,000 notes": (1000, 0), "1,000 notes, 1,000 conversations": (1000, 1000)}
"""Numbers of notes and conversations."""
TOKEN = re.compile(r'"([0-9a-f]{32}\.[\w-]{43})"')
"""A session's, in a request of the page."""


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("remembering", __doc__)
    bench.rounds(12)
    options = bench.read()
    samples = asyncio.run(measure(options.rounds))
    rows = {name: [f"{value:.0f}" for value in Summary.of(times)] for name, times in samples.items()}
    title = f"Milliseconds to the first token on the page, {options.rounds} questions each"
    bench.report(title, Summary._fields, rows, samples)


async def measure(rounds: int) -> Mapping[str, Samples]:
    """Returns the milliseconds of each question by what is remembered; the first question is a warm-up."""
    dice = random.Random(1)  # noqa: S311 - reproducible
    with ExitStack() as servers:
        async with AsyncExitStack() as stack:
            provider = servers.enter_context(upstream())
            browser = await stack.enter_async_context(chromium())
            url = servers.enter_context(OURS.serve(provider, f"pace:50x{TOKENS}")).url
            pages = {name: await _open(browser, url, *sizes) for name, sizes in REMEMBERED.items()}
            asked = [question(dice) for _ in range(rounds + 1)]
            times = [{name: await _first_token(page, each) for name, page in pages.items()} for each in asked]
    return {name: [each[name] for each in times[1:]] for name in REMEMBERED}


async def _open(browser: Browser, url: str, notes: int, conversations: int) -> Page:
    """Opens a page whose session has so many notes and conversations."""
    page = await open_page(browser, OURS, url)
    async with page.expect_request(lambda each: bool(TOKEN.search(each.post_data or ""))) as sent:
        await page.reload()
    token = TOKEN.findall((await sent.value).post_data or "")[0]
    with Visitor(url, token) as visitor:
        visitor.http.timeout = 300
        if notes or conversations:
            response = visitor.call("POST", "/session/import", content=_zip(notes, conversations))
            assert response.status_code == 201, response.text
        if conversations:
            visitor.call("PATCH", "/session", json={"recall": True})
            visitor.get("/search", params={"q": "nothing"})  # builds the index, which no first token waits for
    await page.wait_for_timeout(2000)
    return page


def _zip(notes: int, conversations: int) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory))
        fill(store.memory("a-session"), notes, conversations, random.Random(1))  # noqa: S311 - reproducible
        content = export_zip(store.memory("a-session"))
        store.close()
    return content


async def _first_token(page: Page, asked: str) -> float:
    await type_question(page, OURS, TOKENS, asked)
    timeline = await submit(page, OURS)
    await page.wait_for_timeout(300)  # until the box is usable again
    return timeline.first


if __name__ == "__main__":
    main()
