"""What a conversation should have in it after what its visitor did, and what the store does have: to be compared.

Questions are named by their text, which no other has; an answer by its question, and which of its answers it is.
"""

from collections import Counter
from collections.abc import Sequence

from chatbot.types import StoredMessage
from tests.endurance.model import Said, Talk

MOST_WORDS = 12
COUNTED = " ".join(f"word{number}" for number in range(1, MOST_WORDS + 1))
"""The whole answer of the upstream's faults; see tests/fake_upstream/faults.py."""


def ask(talk: Talk, question: str, parent: str) -> str:
    """A turn; returns the answer's name."""
    talk.say(question, "user", parent)
    return answer(talk, question)


def answer(talk: Talk, question: str) -> str:
    """Another answer to the question; returns its name."""
    name = f"{question}#{sum(said.parent == question for said in talk.said.values())}"
    talk.say(name, "assistant", question)
    return name


def talk_of(messages: Sequence[StoredMessage], head: str) -> tuple[Talk, dict[str, StoredMessage]]:
    """The conversation as it is stored, and its messages by name."""
    names = {"": ""}
    count: Counter[str] = Counter()
    for each in messages:
        parent = names[each.parent_id]
        names[each.message_id] = each.content if each.role == "user" else f"{parent}#{count[parent]}"
        count[parent] += each.role == "assistant"
    said = {names[each.message_id]: Said(names[each.parent_id], each.role, names[each.message_id]) for each in messages}
    return Talk("", said, names[head]), {names[each.message_id]: each for each in messages}


def fault_in(message: StoredMessage, question: str, seen: str | None) -> str | None:
    """What is wrong with a stored answer to that question, of which the visitor saw so much; None where nothing is."""
    whole = f"You said: {question}"
    if message.status == "running":
        return "it still runs"
    if seen is not None and message.content != seen:
        return f"its visitor saw {seen!r}"
    if message.model and message.model.startswith("pace") and message.status == "complete" and message.content != whole:
        return "it is complete, but not whole"
    if not any(text.startswith(message.content) for text in (whole, COUNTED, "I can")):
        return "it answers something else"
    return None
