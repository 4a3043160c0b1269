"""Times of appending a message and opening a conversation, in stores of several sizes.

`one conversation` has all the messages; `5,000 sessions` have one conversation each, one of which is measured.
`plain file` is the time of appending the text to a file with fsync, the lower bound. `open` is the first read by the
page after a start, `open again` a later one. With `--postgres` the store is in a database of a PostgreSQL server on
this machine, which syncs as usual.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from chatbot.page.conversation_view import ConversationViews
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.storage.database_backend import DatabaseBackend
from chatbot.web.services import create_services
from tests.bench.command import Bench
from tests.bench.search import SESSION, TIME, make_messages
from tests.support.postgres import PostgresServer

SIZES = (100, 10_000, 100_000)
SESSIONS = 5000
APPENDED = 40
TEXT = "The tide comes in and goes out. " * 10


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("appending", __doc__)
    bench.argument("--sizes", type=int, nargs="+", default=SIZES, help="messages in the store")
    bench.argument("--sessions", type=int, default=SESSIONS, help="number of sessions in the second half")
    bench.argument("--postgres", action="store_true", help="measure a database in place of files")
    options = bench.read()
    found = {}
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True)) if options.postgres else None
        for sessions in (1, options.sessions):
            for size in options.sizes:
                layout = "one conversation" if sessions == 1 else f"{min(sessions, size):,} sessions"
                found[f"{size:,} messages, {layout}"] = _measure(size, min(sessions, size), server)
    rows = {name: [f"{value:.2f} ms" for value in values.values()] for name, values in found.items()}
    bench.report(f"Medians of {APPENDED}", ("append", "plain file", "first append", "open", "open again"), rows, found)


def _measure(messages: int, sessions: int, server: PostgresServer | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        open_store = partial(_open, path, server.create_database() if server else None)
        conversation_id = _fill(open_store(), messages, sessions)
        store = open_store()
        memory = store.memory(SESSION)
        first = _time(lambda: memory.add_message(conversation_id, "user", TEXT))
        append = median(_time(lambda: memory.add_message(conversation_id, "user", TEXT)) for _ in range(APPENDED))
        plain = median(_time(lambda: _append_plain(path / "plain")) for _ in range(APPENDED))
        store.close()
        opening, again = asyncio.run(_time_opening(open_store(), path, conversation_id))
    return {"append": append, "plain file": plain, "first append": first, "open": opening, "open again": again}


def _open(directory: Path, url: str | None) -> Store:
    return Store(DatabaseBackend(url) if url else directory / "data")


def _fill(store: Store, messages: int, sessions: int) -> str:
    """Stores so many messages in so many sessions, and closes the store; returns the id of the measured
    conversation."""
    dice = random.Random(1)  # noqa: S311 - reproducible
    length = messages // sessions
    history = make_messages(dice, length)
    ids = [
        store.memory(SESSION if number == 0 else f"session-{number}").restore_conversation(
            "Talk", TIME, TIME, history, head=f"{length}"
        )
        for number in range(sessions)
    ]
    store.close()
    return ids[0]


async def _time_opening(store: Store, directory: Path, conversation_id: str) -> tuple[float, float]:
    views = ConversationViews(
        create_services(Settings.load(chatbot_data_dir=directory, local_model="off"), store, "bench")
    )
    times = []
    for _ in range(4):
        started = time.perf_counter()
        await views.read(SESSION, conversation_id, "en")
        times.append((time.perf_counter() - started) * 1000)
    store.close()
    return times[0], median(times[1:])


def _append_plain(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(TEXT.encode())
        file.flush()
        os.fsync(file.fileno())


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
