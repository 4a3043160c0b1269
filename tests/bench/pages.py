"""What answers on many pages cost: how smoothly they grow, and the server's CPU a reply, beside the peers.

Each page is a visitor's own; on all of them Enter is pressed within moments, and each is answered with 500 tokens at 50
a second. Chromium, where there is one without a browser's windows, shares the machine with the server: with many pages
on few cores the times tell of both, the CPU of the server alone (with all its processes, from the first Enter to the
last word). A round in which a page is not answered within a minute is left out and told. `SDK alone` is a process that
only reads as many streams.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from playwright.async_api import Browser, TimeoutError

from tests.bench.chromium import Timeline, answered, chromium, opened, typed
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream
from tests.bench.processes import Served
from tests.bench.sdk_alone import alone
from tests.browser.conftest import CHROMIUM

TOKENS = 500
RATE = 50
PAGES = (1, 8, 20)
IDEAL = (TOKENS - 1) / RATE * 1000
"""Milliseconds between the first and the last token at the upstream."""


class Round(NamedTuple):
    """What one round of answers, all at once, was like: milliseconds, but for the seconds of CPU a reply."""

    first: float
    updates_a_second: float
    gap: float
    slowest: float
    cpu: float


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    bench = Bench("pages", __doc__)
    bench.rounds(5)
    bench.argument("--pages", type=int, nargs="+", default=PAGES, help="how many at once")
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="some of the apps")
    options = bench.read()
    rounds = asyncio.run(measured([CONTESTANTS[name] for name in options.only], options.pages, options.rounds))
    rows = {
        name: _cells([median(values) for values in zip(*each, strict=True)]) for name, each in rounds.items() if each
    }
    title = f"{TOKENS} tokens at {RATE} a second, medians of {options.rounds} rounds"
    bench.report(title, ("first token", "updates/s", "longest gap", "slowest/ideal", "CPU a reply"), rows, rounds)


async def measured(contestants: Sequence[Contestant], pages: Sequence[int], rounds: int) -> Mapping[str, list[Round]]:
    """The rounds of each contestant with each number of pages."""
    taken: dict[str, list[Round]] = {f"{each.name}, {count} pages": [] for count in pages for each in contestants}
    with ExitStack() as servers:
        provider = servers.enter_context(upstream())
        serving = {
            each.name: servers.enter_context(each.serve(provider, f"pace:{RATE}x{TOKENS}")) for each in contestants
        }
        async with chromium(CHROMIUM) as browser:
            for count in pages:
                for each in contestants:
                    taken[f"{each.name}, {count} pages"] = await _rounds(
                        browser, each, serving[each.name], count, rounds
                    )
                taken[f"SDK alone, {count} streams"] = [await _sdk(provider, count) for _ in range(rounds)]
    return taken


async def _sdk(provider: str, count: int) -> Round:
    floor = await alone(provider, f"pace:{RATE}x{TOKENS}", count)
    return Round(floor.first * 1000, RATE, 0, floor.slowest * 1000 / IDEAL, floor.cpu)


async def _rounds(browser: Browser, contestant: Contestant, server: Served, count: int, rounds: int) -> list[Round]:
    """With pages that are opened once: each is asked again where its conversation stands."""
    pages = [await opened(browser, contestant, server.url) for _ in range(count)]
    taken = []
    for _ in range(rounds):
        for page in pages:
            await typed(page, contestant, TOKENS)
        before = server.cpu()
        try:
            timelines = await asyncio.gather(*(answered(page, contestant) for page in pages))
        except TimeoutError:
            print(f"{contestant.name}, {count} pages: one was not answered within a minute", flush=True)
            break  # nor would it be ready for the next question
        taken.append(_summed(timelines, server, before))
        print(f"{contestant.name}, {count} pages: {' '.join(_cells(taken[-1]))}", flush=True)
        await asyncio.sleep(1)  # until the boxes are free again
    for page in pages:
        await page.context.close()
    return taken


def _summed(timelines: Sequence[Timeline], server: Served, before: float) -> Round:
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
