"""Answers on many pages: how steadily they grow, and the server's CPU per reply, with peers.

Each page has its own visitor. Enter is pressed on all pages at almost the same time; each answer has 500 tokens at 50
per second. Chromium (the headless build, if installed) shares the machine with the server, so with many pages on few
cores the times depend on both. Each app runs alone; the CPU is that of all its server's processes from the first Enter
to the last word. A round is reported and dropped if an answer takes more than a minute. `SDK alone` is a process that
only reads as many streams.
"""

import asyncio
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from playwright.async_api import Browser, TimeoutError

from tests.bench.chromium import Timeline, chromium, open_page, submit, type_question
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream
from tests.bench.processes import Served
from tests.bench.sdk_alone import run_sdk
from tests.support.chromium import CHROMIUM

TOKENS = 500
RATE = 50
PAGES = (1, 8, 20)
IDEAL = (TOKENS - 1) / RATE * 1000
"""Milliseconds between the first and the last token at the upstream."""


class Round(NamedTuple):
    """The figures of one round of concurrent answers, in milliseconds; `cpu` is in seconds per reply."""

    first: float
    updates_a_second: float
    gap: float
    slowest: float
    cpu: float


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("pages", __doc__)
    bench.rounds(5)
    bench.argument("--pages", type=int, nargs="+", default=PAGES, help="numbers of pages")
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="apps to measure")
    options = bench.read()
    rounds = asyncio.run(measure([CONTESTANTS[name] for name in options.only], options.pages, options.rounds))
    rows = {
        name: _cells([median(values) for values in zip(*each, strict=True)]) for name, each in rounds.items() if each
    }
    title = f"{TOKENS} tokens at {RATE} per second, medians of {options.rounds} rounds"
    bench.report(title, ("first token", "updates/s", "longest gap", "slowest/ideal", "CPU per reply"), rows, rounds)


async def measure(contestants: Sequence[Contestant], pages: Sequence[int], rounds: int) -> Mapping[str, list[Round]]:
    """Returns the rounds of each contestant with each number of pages."""
    results: dict[str, list[Round]] = {f"{each.name}, {count} pages": [] for count in pages for each in contestants}
    with upstream() as provider:
        async with chromium(CHROMIUM) as browser:
            for count in pages:
                for each in contestants:
                    with each.serve(provider, f"pace:{RATE}x{TOKENS}") as server:
                        results[f"{each.name}, {count} pages"] = await _rounds(browser, each, server, count, rounds)
                results[f"SDK alone, {count} streams"] = [await _sdk(provider, count) for _ in range(rounds)]
    return results


async def _sdk(provider: str, count: int) -> Round:
    floor = await run_sdk(provider, f"pace:{RATE}x{TOKENS}", count)
    return Round(floor.first * 1000, RATE, 0, floor.slowest * 1000 / IDEAL, floor.cpu)


async def _rounds(browser: Browser, contestant: Contestant, server: Served, count: int, rounds: int) -> list[Round]:
    """Opens the pages once; each round continues their conversations."""
    pages = [await open_page(browser, contestant, server.url) for _ in range(count)]
    results = []
    for _ in range(rounds):
        for page in pages:
            await type_question(page, contestant, TOKENS)
        before = server.cpu()
        try:
            timelines = await asyncio.gather(*(submit(page, contestant) for page in pages))
        except TimeoutError:
            print(f"{contestant.name}, {count} pages: an answer took more than a minute", flush=True)
            break  # its page would not accept the next question
        results.append(_summarize(timelines, server, before))
        print(f"{contestant.name}, {count} pages: {' '.join(_cells(results[-1]))}", flush=True)
        await asyncio.sleep(1)  # until the boxes are usable again
    for page in pages:
        await page.context.close()
    return results


def _summarize(timelines: Sequence[Timeline], server: Served, before: float) -> Round:
    return Round(
        median(each.first for each in timelines),
        median(len(each.grown) / (each.last - each.first) * 1000 for each in timelines),
        max(max(each.gaps) for each in timelines),
        max(each.last for each in timelines) / IDEAL,
        (server.cpu() - before) / len(timelines),
    )


def _cells(medians: Sequence[float]) -> list[str]:
    first, updates, gap, slowest, cpu = medians
    return [f"{first:.0f} ms", f"{updates:.1f}", f"{gap:.0f} ms", f"{slowest:.2f}", f"{cpu:.2f} s"]


if __name__ == "__main__":
    main()
