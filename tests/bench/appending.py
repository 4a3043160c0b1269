"""What a message appended costs, and a conversation opened, in stores from small to very large.

`one conversation` holds all the messages; `5,000 sessions` share them in conversations of their own, one of which is
measured. `plain file` is what the disk takes for a message added to a file and synced: the floor. Opening is what the
page does, the first time after a start and again.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from chatbot.page.conversation_view import ConversationViews
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.web.services import create_services
from tests.bench.command import Bench
from tests.bench.search import SESSION, TIME, talk

SIZES = (100, 10_000, 100_000)
SESSIONS = 5000
APPENDED = 40
TEXT = "The tide comes in and goes out. " * 10


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    bench = Bench("appending", __doc__)
    bench.argument("--sizes", type=int, nargs="+", default=SIZES, help="messages in the store")
    bench.argument("--sessions", type=int, default=SESSIONS, help="that share them, in the second half")
    options = bench.read()
    found = {}
    for sessions in (1, options.sessions):
        for size in options.sizes:
            where = "one conversation" if sessions == 1 else f"{min(sessions, size):,} sessions"
            found[f"{size:,} messages, {where}"] = _measured(size, min(sessions, size))
    rows = {name: [f"{value:.2f} ms" for value in values.values()] for name, values in found.items()}
    bench.report(f"Medians of {APPENDED}", ("append", "plain file", "first append", "open", "open again"), rows, found)


def _measured(messages: int, sessions: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        conversation_id = _filled(place, messages, sessions)
        store = Store(place)
        memory = store.memory(SESSION)
        first = _took(lambda: memory.add_message(conversation_id, "user", TEXT))
        append = median(_took(lambda: memory.add_message(conversation_id, "user", TEXT)) for _ in range(APPENDED))
        plain = median(_took(lambda: _plain(place / "plain")) for _ in range(APPENDED))
        store.close()
        opening, again = asyncio.run(_opened(place, conversation_id))
    return {"append": append, "plain file": plain, "first append": first, "open": opening, "open again": again}


def _filled(directory: Path, messages: int, sessions: int) -> str:
    """A store with so many messages, as evenly shared as it goes; returns the conversation of the one measured."""
    store, dice = Store(directory), random.Random(1)  # noqa: S311 - the same text each time
    each = messages // sessions
    spoken = talk(dice, each)
    ids = [
        store.memory(SESSION if number == 0 else f"session-{number}").restore_conversation(
            "Talk", TIME, TIME, spoken, head=f"{each}"
        )
        for number in range(sessions)
    ]
    store.close()
    return ids[0]


async def _opened(directory: Path, conversation_id: str) -> tuple[float, float]:
    settings = Settings.load(chatbot_data_dir=directory, local_model="off")
    store = Store(directory)
    views = ConversationViews(create_services(settings, store, "bench"))
    times = []
    for _ in range(4):
        began = time.perf_counter()
        await views.read(SESSION, conversation_id, "en")
        times.append((time.perf_counter() - began) * 1000)
    store.close()
    return times[0], median(times[1:])


def _plain(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(TEXT.encode())
        file.flush()
        os.fsync(file.fileno())


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
