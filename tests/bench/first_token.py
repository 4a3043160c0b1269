"""From Enter to the first token on the page, over loopback and over a link of 50 ms each way, beside the peers.

One page each, whose conversation goes on; they are asked in turn, so that a busy moment of the machine is no one's
alone, and the first question of each is to warm up. A time ends when the browser has the token in its document; the
upstream answers at once, so all of it is the app's, the link's and the page's. Connections through the slow link are
made at once: only what is sent over them is delayed. `SDK alone` has no page, and so no link.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tests.bench.chromium import answered, chromium, opened, typed
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream
from tests.bench.figures import Samples, Summary
from tests.bench.proxy import delayed
from tests.bench.sdk_alone import alone

TOKENS = 10
LINKS = {"loopback": 0.0, "slow link": 0.05}
"""Seconds that each way takes."""

NONE = ["–"] * len(Summary._fields)


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    bench = Bench("first_token", __doc__)
    bench.rounds(9)
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="some of the apps")
    options = bench.read()
    samples = asyncio.run(measured([CONTESTANTS[name] for name in options.only], options.rounds))
    rows = {name: _cells(by_link) for name, by_link in samples.items()}
    head = [f"{link}, {what}" for link in LINKS for what in Summary._fields]
    bench.report(f"Milliseconds to the first token on the page, {options.rounds} questions each", head, rows, samples)


async def measured(contestants: Sequence[Contestant], rounds: int) -> dict[str, dict[str, Samples]]:
    """The milliseconds of each question, by contestant and link."""
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
                        url = f"http://127.0.0.1:{servers.enter_context(delayed(urlsplit(url).port or 0, seconds))}"
                    page = await opened(browser, contestant, url)
                    asks[contestant.name, link] = partial(_first_token, page, contestant)
            taken = [{where: await ask() for where, ask in asks.items()} for _ in range(rounds + 1)]
            floor: Samples = [(await alone(provider, f"pace:50x{TOKENS}", 1)).first * 1000 for _ in range(rounds)]
    samples: dict[str, dict[str, Samples]] = {
        each.name: {link: [times[each.name, link] for times in taken[1:]] for link in LINKS} for each in contestants
    }
    return samples | {"SDK alone": {"loopback": floor}}


async def _first_token(page: Any, contestant: Contestant) -> float:
    await typed(page, contestant, TOKENS)
    timeline = await answered(page, contestant)
    await page.wait_for_timeout(300)  # until the box is free again
    return timeline.first


def _cells(samples: Mapping[str, Samples]) -> list[str]:
    by_link = ([f"{value:.0f}" for value in Summary.of(samples[link])] if link in samples else NONE for link in LINKS)
    return [cell for cells in by_link for cell in cells]


if __name__ == "__main__":
    main()
