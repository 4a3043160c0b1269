"""Models of conversations: the visitor's expectation and the stored conversation, to be compared.

A question is named by its text, which is unique; an answer by its question and its number.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from chatbot.types import StoredMessage
from tests.endurance.model import ConversationModel, MessageModel

COUNTED = " ".join(f"word{number}" for number in range(1, 13))
"""The complete answer of the upstream's faults; see tests/fake_upstream/faults.py."""


def add_turn(model: ConversationModel, question: str, parent: str) -> str:
    """Adds a question and its answer; returns the answer's name."""
    model.add(question, "user", parent)
    return add_answer(model, question)


def add_answer(model: ConversationModel, question: str) -> str:
    """Adds an answer to the question; returns its name."""
    name = f"{question}#{sum(message.parent == question for message in model.messages.values())}"
    model.add(name, "assistant", question)
    return name


def to_model(messages: Sequence[StoredMessage], head: str) -> tuple[ConversationModel, dict[str, StoredMessage]]:
    """Returns the model of a stored conversation, and its messages by name."""
    names = {"": ""}
    count: Counter[str] = Counter()
    for each in messages:
        parent = names[each.parent_id]
        names[each.message_id] = each.content if each.role == "user" else f"{parent}#{count[parent]}"
        count[parent] += each.role == "assistant"
    by_name = {names[each.message_id]: each for each in messages}
    tree = {name: MessageModel(names[each.parent_id], each.role, name) for name, each in by_name.items()}
    return ConversationModel("", tree, names[head]), by_name


def sent_questions(model: ConversationModel, messages: Mapping[str, StoredMessage], question: str) -> list[str]:
    """Returns what may have been sent as the question: questions before it that got no text go along."""
    sent, parent = [question], model.messages[question].parent
    while parent and not messages[parent].content:
        question = model.messages[parent].parent
        sent.append(f"{question}\n\n{sent[-1]}")
        parent = model.messages[question].parent
    return sent


def fault_in(message: StoredMessage, questions: Sequence[str], seen: str | None) -> str | None:
    """Returns the fault of a stored answer to one of the questions, or None. `seen` is the text that its visitor
    received, if known."""
    full = [f"You said: {question}" for question in questions]
    if message.status == "running":
        return "it is still running"
    if seen is not None and message.content != seen:
        return f"its visitor received {seen!r}"
    if (
        message.model
        and message.model.startswith("pace")
        and message.status == "complete"
        and message.content not in full
    ):
        return "its status is complete, but its text is not"
    if not any(text.startswith(message.content) for text in (*full, COUNTED, "I can")):
        return "it is the answer to another question"
    return None
