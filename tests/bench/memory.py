"""What notes and recall cost a message before its first token: the CPU time of finding what goes along.

`first` is the first message after a start, when nothing is cached; `again` is the median of later ones, `worst` the
slowest of them; `after a change` is one before which a note was changed.
"""

import argparse
import random
import tempfile
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

from chatbot.memory.memory_block import Recollection
from chatbot.replies.recollection import recollect
from chatbot.storage import ConversationMemory, Store
from tests.bench.figures import load, table
from tests.bench.search import TIME, WORDS, make_messages

SESSION = "a-session"
QUESTIONS = 40
MESSAGES = 10
"""Of each conversation."""
TOKENS = 800

SUBJECTS = tuple(map("".join, product(WORDS, repeat=3)))
"""1,728 words, of which a question names two: one of them is in 5 of 1,000 notes, and in 350 of 10,000 messages."""


class Times(NamedTuple):
    """Milliseconds of CPU."""

    first: float
    again: float
    worst: float
    after_change: float


def main() -> None:
    """Measures and prints a line for each size."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000, help="1000 by default")
    options = parser.parse_args()
    before = load()
    sizes = [(0, 0), (100, 0), (1000, 0), (1000, options.conversations)]
    rows = [(f"{notes} notes, {talks} conversations", *map(_ms, measure(notes, talks))) for notes, talks in sizes]
    print(f"CPU before the first token; {before}\n")
    print(table(("", "first", "again", "worst", "after a change"), rows))


def measure(notes: int, conversations: int) -> Times:
    """Returns the times in a session of that size, with recall if there are conversations."""
    dice = random.Random(1)  # noqa: S311 - reproducible
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory))
        memory = store.memory(SESSION)
        memory.notes.set_switches(recall=bool(conversations))
        fill(memory, notes, conversations, dice)
        conversation_id = memory.create_conversation()
        store.close()
        del memory
        return _times(Store(Path(directory)), conversation_id, dice)


def fill(memory: ConversationMemory, notes: int, conversations: int, dice: random.Random) -> None:
    """Stores so many notes and conversations of random words, for `question`."""
    for number in range(conversations):
        messages = [replace(each, content=_words(dice, 60)) for each in make_messages(dice, MESSAGES)]
        memory.restore_conversation(f"Talk {number}", TIME, TIME, messages, head=f"{MESSAGES}")
    for _ in range(notes):
        memory.notes.create(f"My {_words(dice, 8)}")


def question(dice: random.Random) -> str:
    """A question for two of the words."""
    words = dice.sample(SUBJECTS, 2)
    return f"Where did we put the {words[0]} and the {words[1]}?"


def _times(store: Store, conversation_id: str, dice: random.Random) -> Times:
    memory = store.memory(SESSION)
    memory.search("nothing")  # builds the index, which no first token waits for
    first, *again = (_time(memory, conversation_id, dice) for _ in range(QUESTIONS))
    for note in memory.notes.list()[:1]:
        memory.notes.update(note.note_id, text="My boat is green")
    after_change = _time(memory, conversation_id, dice)
    store.close()
    return Times(first, median(again), max(again), after_change)


def _time(memory: ConversationMemory, conversation_id: str, dice: random.Random) -> float:
    asked = memory.add_message(conversation_id, "user", question(dice))
    started = time.process_time()
    found = recollect(memory, conversation_id, asked, None, TOKENS)
    taken = (time.process_time() - started) * 1000
    assert isinstance(found, Recollection)
    return taken


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(SUBJECTS, k=count))


def _ms(value: float) -> str:
    return f"{value:.1f} ms"


if __name__ == "__main__":
    main()
