"""Chats at once in one process, none of which may be later than 1.1 times its ideal; through the page's event and the
API.

The clients are no browsers but speak what a browser speaks, so that two cores are enough for them, the upstream and the
server. All begin within two seconds; each one's time is counted from its own Enter to its last word, and the ideal is
what the upstream takes. `SDK alone` is a process that only reads as many streams. With `--climb` each door is asked for
more and more chats, until one is late.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import httpx

from tests.bench.chats import ApiChat, Chat, ChatInterfaceChat, PageChat, TutorialChat, maker
from tests.bench.command import Bench
from tests.bench.contestants import CHATINTERFACE, OURS, fastapi, upstream
from tests.bench.processes import Served
from tests.bench.sdk_alone import alone

WITHIN = 2.0
LATE = 1.1
STEP = 1.25
"""By how much more a door is asked for at each step of a climb."""

DOORS = {
    "page": ("this project, page", OURS.serve, PageChat),
    "api": ("this project, API", OURS.serve, ApiChat),
    "chatinterface": ("bare ChatInterface, page", CHATINTERFACE.serve, ChatInterfaceChat),
    "fastapi": ("tutorial's FastAPI", fastapi, TutorialChat),
}


class Round(NamedTuple):
    """Seconds to the first update, the longest between two, the slowest's time by its ideal, seconds of CPU a reply."""

    first: float
    gap: float
    slowest: float
    cpu: float


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    bench = Bench("together", __doc__)
    bench.rounds(5)
    bench.argument("--chats", type=int, nargs="+", default=[60], help="how many at once; where a climb begins")
    bench.argument("--messages", type=int, nargs="+", default=[0, 200], help="in each conversation before")
    bench.argument("--rate", type=int, default=50, help="tokens a second")
    bench.argument("--tokens", type=int, default=500, help="of each answer")
    bench.argument("--doors", nargs="+", choices=[*DOORS, "sdk"], default=["page", "api", "fastapi", "sdk"])
    bench.argument("--climb", action="store_true", help="find the most chats that none is late with")
    options = bench.read()
    taken = asyncio.run(_all(options))
    rows = {name: _cells([median(values) for values in zip(*each, strict=True)]) for name, each in taken.items()}
    title = f"{options.tokens} tokens at {options.rate} a second, medians of {options.rounds} rounds"
    bench.report(title, ("first token", "longest gap", "slowest/ideal", "CPU a reply"), rows, taken)


async def _all(options: Any) -> dict[str, list[Round]]:
    taken: dict[str, list[Round]] = {}
    model, ideal = f"pace:{options.rate}x{options.tokens}", (options.tokens - 1) / options.rate
    with upstream() as provider:
        for door in options.doors:
            for messages in options.messages if door != "sdk" else [0]:
                for count in options.chats:
                    while True:
                        name = DOORS[door][0] if door != "sdk" else "SDK alone"
                        row = f"{name}, {count} chats, {messages} messages"
                        taken[row] = await _rounds(door, provider, model, count, messages, options.rounds, ideal)
                        if not options.climb or median(each.slowest for each in taken[row]) > LATE:
                            break
                        count = round(count * STEP)  # noqa: PLW2901 - the climb begins there
    return taken


async def _rounds(
    door: str, provider: str, model: str, count: int, messages: int, rounds: int, ideal: float
) -> list[Round]:
    if door == "sdk":
        return [await _sdk(provider, model, count, ideal) for _ in range(rounds)]
    _, serve, kind = DOORS[door]
    with serve(provider, model) as server:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
            make = await maker(http, server.url, kind)
            await _round(http, server, make, 1, messages, ideal)  # to warm up
            return [await _round(http, server, make, count, messages, ideal) for _ in range(rounds)]


async def _round(
    http: httpx.AsyncClient, server: Served, make: Callable[[], Chat], count: int, messages: int, ideal: float
) -> Round:
    chats = [await make().begin(http, messages) for _ in range(count)]
    await asyncio.sleep(1)
    before = server.cpu()
    times = await asyncio.gather(*(_ask(chat, WITHIN * at / count) for at, chat in enumerate(chats)))
    cpu = (server.cpu() - before) / count
    await asyncio.gather(*(chat.leave() for chat in chats))
    gaps = [later - earlier for each in times for earlier, later in pairwise(each)]
    return Round(median(each[0] for each in times), max(gaps), max(each[-1] for each in times) / ideal, cpu)


async def _ask(chat: Chat, wait: float) -> Sequence[float]:
    await asyncio.sleep(wait)
    return await chat.ask()


async def _sdk(provider: str, model: str, count: int, ideal: float) -> Round:
    floor = await alone(provider, model, count)
    return Round(floor.first, 0.0, floor.slowest / ideal, floor.cpu)


def _cells(medians: Sequence[float]) -> list[str]:
    first, gap, slowest, cpu = medians
    return [f"{first * 1000:.0f} ms", f"{gap * 1000:.0f} ms", f"{slowest:.2f}", f"{cpu:.3f} s"]


if __name__ == "__main__":
    main()
