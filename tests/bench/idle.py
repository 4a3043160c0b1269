"""Cost of idle pages: the server's CPU and memory, and the time to the first token of another visitor.

The pages are clients without a browser. Each has a session and the event that updates its sidebar.
"""

import asyncio
import time

import httpx

from tests.bench.chats import PageChat, get_config
from tests.bench.command import Bench
from tests.bench.contestants import OURS, upstream
from tests.bench.processes import Served

IDLE_SECONDS = 10.0
"""Time over which the CPU is measured."""


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("idle", __doc__)
    bench.argument("--pages", type=int, nargs="+", default=[0, 100, 500], help="numbers of open pages")
    options = bench.read()
    figures = asyncio.run(_measure(options.pages))
    rows = {
        f"{pages} pages": [f"{cpu * 100:.1f} %", f"{megabytes:.0f} MB", f"{first:.0f} ms"]
        for pages, (cpu, megabytes, first) in figures.items()
    }
    head = ("of a core", "memory", "first token of a visitor")
    bench.report(f"Idle pages, over {IDLE_SECONDS:.0f} s", head, rows, figures)


async def _measure(counts: list[int]) -> dict[int, tuple[float, float, float]]:
    figures = {}
    with upstream() as provider, OURS.serve(provider, "pace:50x20") as server:
        async with httpx.AsyncClient(timeout=60) as http:
            config = await get_config(http, server.url)
            asking = await PageChat(server.url, config).begin(http, 0)
            await asking.ask()
            pages: list[PageChat] = []
            for count in counts:
                pages += [await PageChat(server.url, config).begin(http, 0) for _ in range(count - len(pages))]
                await asyncio.sleep(2)
                cpu = await _idle_cpu(server)
                figures[count] = cpu, server.megabytes(), (await asking.ask())[0] * 1000
            for page in [asking, *pages]:
                await page.leave()
    return figures


async def _idle_cpu(server: Served) -> float:
    before, started = server.cpu(), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    return (server.cpu() - before) / (time.monotonic() - started)


if __name__ == "__main__":
    main()
