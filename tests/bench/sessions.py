"""Memory: what a session at rest costs, whether it came through the page or the API, and what many answers leave
behind.

Each session has one conversation with one answer. At rest means that its page is closed and its answer has ended. Of
the peers, those that a program can talk to as a page does stand beside: the bare ChatInterface, which keeps nothing on
disk, and the tutorial's FastAPI, which has no sessions.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from tests.bench.chats import ApiChat, Chat, ChatInterfaceChat, PageChat, TutorialChat, maker
from tests.bench.command import Bench
from tests.bench.contestants import CHATINTERFACE, OURS, fastapi, upstream
from tests.bench.processes import Served

TOKENS = 20
AT_ONCE = 20
WARM_UP = 200
"""Sessions before anything is counted: what the process needs once is not a session's."""


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    bench = Bench("sessions", __doc__)
    bench.argument("--sessions", type=int, default=1000, help="through each door; 1,000 by default")
    bench.argument("--answers", type=int, default=10_000, help="in the end, in few sessions; 10,000 by default")
    options = bench.read()
    found = asyncio.run(_measured(options.sessions, options.answers))
    rows = {name: [f"{megabytes:.1f} MB", f"{each:.1f} kB"] for name, (megabytes, each) in found.items()}
    bench.report("Memory of the server", ("all of it", "more for each"), rows, found)


async def _measured(sessions: int, answers: int) -> dict[str, tuple[float, float]]:
    """Megabytes after each step, and kilobytes more for each session or answer of the step."""
    found: dict[str, tuple[float, float]] = {}
    with upstream() as provider, OURS.serve(provider, f"pace:1000x{TOKENS}") as server:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
            doors = {
                "page": await maker(http, server.url, PageChat),
                "API": await maker(http, server.url, ApiChat),
            }
            for door, make in doors.items():
                found[f"{sessions} sessions more, {door}"] = await _grown(http, server, make, sessions)
            for part in range(4):
                before = await _settled(server)
                await _answers(http, doors["API"], answers // 4)
                after = await _settled(server)
                found[f"{answers // 4 * (part + 1)} answers more"] = after, (after - before) * 4000 / answers
        for name, serve, kind in (
            ("bare ChatInterface", CHATINTERFACE.serve, ChatInterfaceChat),
            ("tutorial's FastAPI", fastapi, TutorialChat),
        ):
            found[f"{sessions} visitors more, {name}"] = await _peer(provider, serve, kind, sessions)
    return found


async def _peer(provider: str, serve: Any, kind: Any, sessions: int) -> tuple[float, float]:
    with serve(provider, f"pace:1000x{TOKENS}") as server:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
            return await _grown(http, server, await maker(http, server.url, kind), sessions)


async def _grown(
    http: httpx.AsyncClient, server: Served, make: Callable[[], Chat], sessions: int
) -> tuple[float, float]:
    """Megabytes with so many sessions more, and kilobytes for each of them."""
    await _visits(http, make, WARM_UP)
    before = await _settled(server)
    await _visits(http, make, sessions)
    after = await _settled(server)
    return after, (after - before) * 1000 / sessions


async def _visits(http: httpx.AsyncClient, make: Callable[[], Chat], count: int) -> None:
    async def visit() -> None:
        chat = await make().begin(http, 0)
        await chat.ask()
        await chat.leave()

    for at in range(0, count, AT_ONCE):
        await asyncio.gather(*(visit() for _ in range(min(AT_ONCE, count - at))))


async def _answers(http: httpx.AsyncClient, make: Callable[[], Chat], count: int) -> None:
    """In sessions of twenty answers each."""

    async def talk() -> None:
        chat = await make().begin(http, 0)
        for _ in range(20):
            await chat.ask()
        await chat.leave()

    for _ in range(count // 20 // AT_ONCE):
        await asyncio.gather(*(talk() for _ in range(AT_ONCE)))


async def _settled(server: Served) -> float:
    await asyncio.sleep(2)
    return server.megabytes()


if __name__ == "__main__":
    main()
