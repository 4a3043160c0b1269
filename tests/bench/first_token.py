"""Time from Enter to the first token on the page, over loopback and over a link of 50 ms each way, with peers.

Each app has one page with one conversation. They take turns, so that other load affects all of them; the first question
is a warm-up. A time ends when the token is in the browser's document. The upstream answers at once, so the app, the
link and the page take all of it. The slow link delays data, not the opening of connections. `SDK alone` has no page and
no link.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tests.bench.chromium import chromium, open_page, submit, type_question
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream
from tests.bench.figures import Samples, Summary
from tests.bench.proxy import delay
from tests.bench.sdk_alone import run_sdk

TOKENS = 10
LINKS = {"loopback": 0.0, "slow link": 0.05}
"""Delay each way, in seconds."""

NONE = ["–"] * len(Summary._fields)


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("first_token", __doc__)
    bench.rounds(9)
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="apps to measure")
    options = bench.read()
    samples = asyncio.run(measure([CONTESTANTS[name] for name in options.only], options.rounds))
    rows = {name: _cells(by_link) for name, by_link in samples.items()}
    head = [f"{link}, {what}" for link in LINKS for what in Summary._fields]
    bench.report(f"Milliseconds to the first token on the page, {options.rounds} questions each", head, rows, samples)


async def measure(contestants: Sequence[Contestant], rounds: int) -> dict[str, dict[str, Samples]]:
    """Returns the milliseconds of each question by contestant and link."""
    with ExitStack() as servers:
        async with AsyncExitStack() as stack:
            provider = servers.enter_context(upstream())
            browser = await stack.enter_async_context(chromium())
            asks = {}
            for contestant in contestants:
                server = servers.enter_context(contestant.serve(provider, f"pace:50x{TOKENS}"))
                for link, seconds in LINKS.items():
                    url = server.url
                    if seconds:
                        url = f"http://127.0.0.1:{servers.enter_context(delay(urlsplit(url).port or 0, seconds))}"
                    page = await open_page(browser, contestant, url)
                    asks[contestant.name, link] = partial(_first_token, page, contestant)
            results = [{key: await ask() for key, ask in asks.items()} for _ in range(rounds + 1)]
            floor: Samples = [(await run_sdk(provider, f"pace:50x{TOKENS}", 1)).first * 1000 for _ in range(rounds)]
    samples: dict[str, dict[str, Samples]] = {
        each.name: {link: [times[each.name, link] for times in results[1:]] for link in LINKS} for each in contestants
    }
    return samples | {"SDK alone": {"loopback": floor}}


async def _first_token(page: Any, contestant: Contestant) -> float:
    await type_question(page, contestant, TOKENS)
    timeline = await submit(page, contestant)
    await page.wait_for_timeout(300)  # until the box is usable again
    return timeline.first


def _cells(samples: Mapping[str, Samples]) -> list[str]:
    by_link = ([f"{value:.0f}" for value in Summary.of(samples[link])] if link in samples else NONE for link in LINKS)
    return [cell for cells in by_link for cell in cells]


if __name__ == "__main__":
    main()
