"""Time from Enter to the first token on the page, over loopback and over a link of 50 ms each way, with peers.

Each app runs alone, because an open page can cost time while nobody uses it: that of a bare ChatInterface draws 60
frames a second. It has a page with one conversation for each link; the first question is a warm-up. A time ends when
the token is in the browser's document. The upstream answers at once, so the app, the link and the page take all of it.
The slow link delays data, not the opening of connections. `SDK alone` has no page and no link.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from tests.bench.chromium import chromium, open_page, submit, type_question
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream
from tests.bench.figures import Samples, Summary
from tests.bench.proxy import delay
from tests.bench.sdk_alone import run_sdk

TOKENS = 10
MODEL = f"pace:50x{TOKENS}"
MAX_ROUNDS = 13
"""With the warm-up, as many questions as the page of this project shows."""
LINKS = {"loopback": 0.0, "slow link": 0.05}
"""Delay each way, in seconds."""

NONE = ["–"] * len(Summary._fields)


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("first_token", __doc__)
    bench.rounds(9, MAX_ROUNDS)
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="apps to measure")
    options = bench.read()
    samples = asyncio.run(measure([CONTESTANTS[name] for name in options.only], options.rounds))
    rows = {name: _cells(by_link) for name, by_link in samples.items()}
    head = [f"{link}, {what}" for link in LINKS for what in Summary._fields]
    bench.report(f"Milliseconds to the first token on the page, {options.rounds} questions each", head, rows, samples)


async def measure(contestants: Sequence[Contestant], rounds: int) -> dict[str, dict[str, Samples]]:
    """Returns the milliseconds of each question by contestant and link."""
    with upstream() as provider:
        samples = {each.name: await _alone(each, provider, rounds) for each in contestants}
        floor: Samples = [(await run_sdk(provider, MODEL, 1)).first * 1000 for _ in range(rounds)]
    return samples | {"SDK alone": {"loopback": floor}}


async def _alone(contestant: Contestant, provider: str, rounds: int) -> dict[str, Samples]:
    """Runs the app; the links take turns."""
    with ExitStack() as links:
        server = links.enter_context(contestant.serve(provider, MODEL))
        async with chromium() as browser:
            pages = {}
            for link, seconds in LINKS.items():
                url = server.url
                if seconds:
                    url = f"http://127.0.0.1:{links.enter_context(delay(urlsplit(url).port or 0, seconds))}"
                pages[link] = await open_page(browser, contestant, url)
            times = [
                {link: await _first_token(page, contestant) for link, page in pages.items()} for _ in range(rounds + 1)
            ]
    return {link: [each[link] for each in times[1:]] for link in LINKS}


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
