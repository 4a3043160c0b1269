"""Time from the start of the process to a usable page, and the server's CPU, with peers.

The page is usable when its message box is visible. The browser is already running, with an empty cache.
"""

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from playwright.async_api import Browser

from tests.bench.chromium import chromium
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream


class Start(NamedTuple):
    """Seconds until the port listens and until the page is usable, and the server's CPU seconds until then."""

    listening: float
    ready: float
    cpu: float


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("starting", __doc__)
    bench.rounds(5)
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="apps to measure")
    options = bench.read()
    starts = asyncio.run(_measure([CONTESTANTS[name] for name in options.only], options.rounds))
    rows = {name: [f"{median(times):.2f} s" for times in zip(*each, strict=True)] for name, each in starts.items()}
    bench.report(f"Medians of {options.rounds} starts", ("listening", "page ready", "CPU"), rows, starts)


async def _measure(contestants: Sequence[Contestant], rounds: int) -> dict[str, list[Start]]:
    starts: dict[str, list[Start]] = {each.name: [] for each in contestants}
    with upstream() as provider:
        async with chromium() as browser:
            for _ in range(rounds):
                for each in contestants:
                    starts[each.name].append(await _start(browser, each, provider))
    return starts


async def _start(browser: Browser, contestant: Contestant, provider: str) -> Start:
    started = time.perf_counter()
    with contestant.serve(provider, "pace:50x10") as server:
        listening = time.perf_counter() - started
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        await page.goto(server.url)
        await page.locator(contestant.box).wait_for(timeout=60_000)
        start = Start(listening, time.perf_counter() - started, server.cpu())
        await context.close()
    return start


if __name__ == "__main__":
    main()
