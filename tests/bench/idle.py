"""What open pages cost that do nothing: the server's CPU, its memory, and whether somebody who asks meanwhile waits.

The pages are no browsers but hold what a browser's page holds: a session, and the event that keeps its sidebar up to
date.
"""

import asyncio
import time

import httpx

from tests.bench.chats import PageChat, config_of
from tests.bench.command import Bench
from tests.bench.contestants import OURS, upstream
from tests.bench.processes import Served

REST = 10.0
"""Seconds that the server is looked at."""


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    bench = Bench("idle", __doc__)
    bench.argument("--pages", type=int, nargs="+", default=[0, 100, 500], help="how many are open")
    options = bench.read()
    found = asyncio.run(_measured(options.pages))
    rows = {
        f"{pages} pages": [f"{cpu * 100:.1f} %", f"{megabytes:.0f} MB", f"{first:.0f} ms"]
        for pages, (cpu, megabytes, first) in found.items()
    }
    head = ("of a core, at rest", "memory", "first token of one who asks")
    bench.report(f"Pages that are open and idle, over {REST:.0f} s", head, rows, found)


async def _measured(counts: list[int]) -> dict[int, tuple[float, float, float]]:
    found = {}
    with upstream() as provider, OURS.serve(provider, "pace:50x20") as server:
        async with httpx.AsyncClient(timeout=60) as http:
            config = await config_of(http, server.url)
            asking = await PageChat(server.url, config).begin(http, 0)
            await asking.ask()
            pages: list[PageChat] = []
            for count in counts:
                pages += [await PageChat(server.url, config).begin(http, 0) for _ in range(count - len(pages))]
                await asyncio.sleep(2)
                cpu = await _at_rest(server)
                found[count] = cpu, server.megabytes(), (await asking.ask())[0] * 1000
            for page in [asking, *pages]:
                await page.leave()
    return found


async def _at_rest(server: Served) -> float:
    before, began = server.cpu(), time.monotonic()
    await asyncio.sleep(REST)
    return (server.cpu() - before) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
