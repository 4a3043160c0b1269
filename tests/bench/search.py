"""Times of listing, opening and searching conversations with 10,000 messages, without the network.

`first` is the first time after a start, when nothing is cached; `again` is the median of later times.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from chatbot.page.conversation_view import ConversationViews
from chatbot.settings import Settings
from chatbot.storage import ConversationMemory, Store
from chatbot.types import StoredMessage
from chatbot.web.services import create_services
from tests.bench.figures import load, table

CONVERSATIONS = 100
MESSAGES = 100
TIMES = 7
SESSION = "a-session"
NEEDLE = "needle"
TIME = "2026-01-31T12:00:00.000+00:00"

WORDS = ("tide", "moon", "water", "harbour", "boat", "rope", "sail", "wind", "shore", "light", "letter", "bread")

Work = Callable[[ConversationViews, ConversationMemory, str], Awaitable[object]]


class Times(NamedTuple):
    """Milliseconds of one operation."""

    first: float
    again: float


def main() -> None:
    """Measures and prints a line for each operation."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search", description=__doc__)
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS, help=f"{CONVERSATIONS} by default")
    parser.add_argument("--messages", type=int, default=MESSAGES, help=f"per conversation, {MESSAGES} by default")
    options = parser.parse_args()
    before = load()
    times = measure(options.conversations, options.messages)
    print(f"{options.conversations} conversations of {options.messages} messages; {before}\n")
    print(
        table(("", "first", "again"), [(name, f"{t.first:.1f} ms", f"{t.again:.1f} ms") for name, t in times.items()])
    )


def measure(conversations: int, messages: int) -> dict[str, Times]:
    """Returns the times of each operation in a session of that size."""
    with tempfile.TemporaryDirectory() as directory:
        ids = _fill(Path(directory), conversations, messages)
        return {name: asyncio.run(_measure(Path(directory), ids[0], work)) for name, work in WORK.items()}


async def _list(_: ConversationViews, memory: ConversationMemory, __: str) -> object:
    return await asyncio.to_thread(memory.list_conversations)


async def _open(views: ConversationViews, _: ConversationMemory, conversation_id: str) -> object:
    return await views.read(SESSION, conversation_id, "en")


def _search(words: str, found: bool) -> Work:
    async def search(_: ConversationViews, memory: ConversationMemory, __: str) -> object:
        hits = await asyncio.to_thread(memory.search, words)
        assert bool(hits) == found
        return hits

    return search


WORK: dict[str, Work] = {
    "list": _list,
    "open": _open,
    "search, a word in most": _search("harbour", True),
    "search, a word in one": _search(NEEDLE, True),
    "search, a word in none": _search("absent", False),
}


async def _measure(directory: Path, conversation_id: str, work: Work) -> Times:
    """Returns the times of one operation in a store that was just opened."""
    settings = Settings.load(chatbot_data_dir=directory, local_model="off")
    store = Store(directory)
    views, memory = ConversationViews(create_services(settings, store, "bench")), store.memory(SESSION)
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await work(views, memory, conversation_id)
        times.append((time.perf_counter() - started) * 1000)
    store.close()
    return Times(times[0], median(times[1:]))


def _fill(directory: Path, conversations: int, messages: int) -> Sequence[str]:
    """Creates a session with so many messages of 60 words, one of them with the needle; returns its conversations."""
    store = Store(directory)
    memory, dice = store.memory(SESSION), random.Random(1)  # noqa: S311 - reproducible
    ids = [
        memory.restore_conversation(f"Talk {number}", TIME, TIME, make_messages(dice, messages), head=f"{messages}")
        for number in range(conversations)
    ]
    memory.add_message(ids[len(ids) // 2], "user", f"Here is the {NEEDLE}.")
    store.close()
    return ids


def make_messages(dice: random.Random, messages: int) -> list[StoredMessage]:
    return [
        StoredMessage(
            f"{number}",
            "user" if number % 2 else "assistant",
            " ".join(dice.choices(WORDS, k=60)),
            TIME,
            parent_id=f"{number - 1}" if number > 1 else "",
        )
        for number in range(1, messages + 1)
    ]


if __name__ == "__main__":
    main()
