"""Concurrent chats in one process, through the page's event and the API, and in three that share a database. None may
exceed 1.1 times the ideal time.

The clients send the requests of a browser but are none, so two cores are enough for them, the upstream and the server.
All start within two seconds. The time of a chat is from its question to its last word; the ideal is the upstream's
time. `SDK alone` is a process that only reads as many streams. With `--climb` the number of chats grows until one is
late.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import httpx

from tests.bench.chats import ApiChat, Chat, ChatInterfaceChat, PageChat, SpreadChat, TutorialChat, chat_factory
from tests.bench.command import Bench
from tests.bench.contestants import CHATINTERFACE, OURS, fastapi, shared, upstream
from tests.bench.processes import Served
from tests.bench.sdk_alone import run_sdk

START_SPREAD = 2.0
MAX_RATIO = 1.1
STEP = 1.25
"""Factor of the number of chats from one step of a climb to the next."""

ENDPOINTS: Mapping[str, tuple[str, Callable[[str, str], AbstractContextManager[Served]], Any]] = {
    "page": ("this project, page", OURS.serve, PageChat),
    "api": ("this project, API", OURS.serve, ApiChat),
    "postgres": ("one process on PostgreSQL, API", partial(shared, 1), ApiChat),
    "three": ("three processes on PostgreSQL, API", partial(shared, 3), SpreadChat),
    "chatinterface": ("bare ChatInterface, page", CHATINTERFACE.serve, ChatInterfaceChat),
    "fastapi": ("tutorial's FastAPI", fastapi, TutorialChat),
}


class Round(NamedTuple):
    """Seconds to the first update and between two updates (longest), slowest time / ideal, CPU seconds per reply."""

    first: float
    gap: float
    slowest: float
    cpu: float


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("together", __doc__)
    bench.rounds(5)
    bench.argument("--chats", type=int, nargs="+", default=[60], help="number of chats; a climb starts there")
    bench.argument("--messages", type=int, nargs="+", default=[0, 200], help="messages in each conversation before")
    bench.argument("--rate", type=int, default=50, help="tokens per second")
    bench.argument("--tokens", type=int, default=500, help="tokens per answer")
    bench.argument("--endpoints", nargs="+", choices=[*ENDPOINTS, "sdk"], default=["page", "api", "fastapi", "sdk"])
    bench.argument("--climb", action="store_true", help="find the largest number of chats without a late one")
    options = bench.read()
    results = asyncio.run(_measure(options))
    rows = {name: _cells([median(values) for values in zip(*each, strict=True)]) for name, each in results.items()}
    title = f"{options.tokens} tokens at {options.rate} per second, medians of {options.rounds} rounds"
    bench.report(title, ("first token", "longest gap", "slowest/ideal", "CPU per reply"), rows, results)


async def _measure(options: Any) -> dict[str, list[Round]]:
    results: dict[str, list[Round]] = {}
    model, ideal = f"pace:{options.rate}x{options.tokens}", (options.tokens - 1) / options.rate
    with upstream() as provider:
        for endpoint in options.endpoints:
            for messages in options.messages if endpoint != "sdk" else [0]:
                for count in options.chats:
                    while True:
                        name = ENDPOINTS[endpoint][0] if endpoint != "sdk" else "SDK alone"
                        row = f"{name}, {count} chats, {messages} messages"
                        results[row] = await _rounds(endpoint, provider, model, count, messages, options.rounds, ideal)
                        if not options.climb or median(each.slowest for each in results[row]) > MAX_RATIO:
                            break
                        count = round(count * STEP)  # noqa: PLW2901 - the climb continues
    return results


async def _rounds(
    endpoint: str, provider: str, model: str, count: int, messages: int, rounds: int, ideal: float
) -> list[Round]:
    if endpoint == "sdk":
        return [await _run_sdk_alone(provider, model, count, ideal) for _ in range(rounds)]
    _, serve, kind = ENDPOINTS[endpoint]
    with serve(provider, model) as server:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
            make = await chat_factory(http, server.url, kind)
            await _run_round(http, server, make, 1, messages, ideal)  # warm-up
            return [await _run_round(http, server, make, count, messages, ideal) for _ in range(rounds)]


async def _run_round(
    http: httpx.AsyncClient, server: Served, make: Callable[[], Chat], count: int, messages: int, ideal: float
) -> Round:
    chats = [await make().begin(http, messages) for _ in range(count)]
    await asyncio.sleep(1)
    before = server.cpu()
    times = await asyncio.gather(*(_ask(chat, START_SPREAD * at / count) for at, chat in enumerate(chats)))
    cpu = (server.cpu() - before) / count
    await asyncio.gather(*(chat.leave() for chat in chats))
    gaps = [later - earlier for each in times for earlier, later in pairwise(each)]
    return Round(median(each[0] for each in times), max(gaps), max(each[-1] for each in times) / ideal, cpu)


async def _ask(chat: Chat, wait: float) -> Sequence[float]:
    await asyncio.sleep(wait)
    return await chat.ask()


async def _run_sdk_alone(provider: str, model: str, count: int, ideal: float) -> Round:
    floor = await run_sdk(provider, model, count)
    return Round(floor.first, 0.0, floor.slowest / ideal, floor.cpu)


def _cells(medians: Sequence[float]) -> list[str]:
    first, gap, slowest, cpu = medians
    return [f"{first * 1000:.0f} ms", f"{gap * 1000:.0f} ms", f"{slowest:.2f}", f"{cpu:.3f} s"]


if __name__ == "__main__":
    main()
