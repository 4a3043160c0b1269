"""Memory per idle session, created through the page or the API, and memory after many answers.

Each session has one conversation with one answer. It is idle when its page is closed and its answer has ended. The
peers are those that a client without a browser can use: the bare ChatInterface, which stores nothing on disk, and the
tutorial's FastAPI, which has no sessions.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from tests.bench.chats import ApiChat, Chat, ChatInterfaceChat, PageChat, TutorialChat, chat_factory
from tests.bench.command import Bench
from tests.bench.contestants import CHATINTERFACE, OURS, fastapi, upstream
from tests.bench.processes import Served

TOKENS = 20
AT_ONCE = 20
WARM_UP = 200
"""Sessions before the first count, because the process allocates some memory only once."""


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("sessions", __doc__)
    bench.argument("--sessions", type=int, default=1000, help="per endpoint, 1,000 by default")
    bench.argument("--answers", type=int, default=10_000, help="at the end, in few sessions; 10,000 by default")
    options = bench.read()
    figures = asyncio.run(_measure(options.sessions, options.answers))
    rows = {name: [f"{megabytes:.1f} MB", f"{each:.1f} kB"] for name, (megabytes, each) in figures.items()}
    bench.report("Memory of the server", ("total", "increase for each"), rows, figures)


async def _measure(sessions: int, answers: int) -> dict[str, tuple[float, float]]:
    """Returns the megabytes after each step, and its increase in kilobytes per session or answer."""
    figures: dict[str, tuple[float, float]] = {}
    with upstream() as provider, OURS.serve(provider, f"pace:1000x{TOKENS}") as server:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
            factories = {
                "page": await chat_factory(http, server.url, PageChat),
                "API": await chat_factory(http, server.url, ApiChat),
            }
            for endpoint, make in factories.items():
                figures[f"{sessions} sessions more, {endpoint}"] = await _add_sessions(http, server, make, sessions)
            for part in range(4):
                before = await _settled_memory(server)
                await _run_answers(http, factories["API"], answers // 4)
                after = await _settled_memory(server)
                figures[f"{answers // 4 * (part + 1)} answers more"] = after, (after - before) * 4000 / answers
        for name, serve, kind in (
            ("bare ChatInterface", CHATINTERFACE.serve, ChatInterfaceChat),
            ("tutorial's FastAPI", fastapi, TutorialChat),
        ):
            figures[f"{sessions} visitors more, {name}"] = await _measure_peer(provider, serve, kind, sessions)
    return figures


async def _measure_peer(provider: str, serve: Any, kind: Any, sessions: int) -> tuple[float, float]:
    with serve(provider, f"pace:1000x{TOKENS}") as server:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
            return await _add_sessions(http, server, await chat_factory(http, server.url, kind), sessions)


async def _add_sessions(
    http: httpx.AsyncClient, server: Served, make: Callable[[], Chat], sessions: int
) -> tuple[float, float]:
    """Adds so many sessions; returns the megabytes afterwards and the kilobytes per session."""
    await _run_visits(http, make, WARM_UP)
    before = await _settled_memory(server)
    await _run_visits(http, make, sessions)
    after = await _settled_memory(server)
    return after, (after - before) * 1000 / sessions


async def _run_visits(http: httpx.AsyncClient, make: Callable[[], Chat], count: int) -> None:
    async def visit() -> None:
        chat = await make().begin(http, 0)
        await chat.ask()
        await chat.leave()

    for at in range(0, count, AT_ONCE):
        await asyncio.gather(*(visit() for _ in range(min(AT_ONCE, count - at))))


async def _run_answers(http: httpx.AsyncClient, make: Callable[[], Chat], count: int) -> None:
    """Asks for so many answers, in sessions of twenty answers each."""

    async def talk() -> None:
        chat = await make().begin(http, 0)
        for _ in range(20):
            await chat.ask()
        await chat.leave()

    for _ in range(count // 20 // AT_ONCE):
        await asyncio.gather(*(talk() for _ in range(AT_ONCE)))


async def _settled_memory(server: Served) -> float:
    await asyncio.sleep(2)
    return server.megabytes()


if __name__ == "__main__":
    main()
