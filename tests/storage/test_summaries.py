"""Stored summaries: the newest whose messages are all on display counts, and nothing is left of a removed one."""

import pytest

from chatbot.errors import NotFound
from chatbot.storage import ConversationMemory
from chatbot.types import StoredMessage, Summary
from tests.support.places import Place

SECRET = "the-heron-nests-in-april"


@pytest.fixture
def conversation_id(memory: ConversationMemory) -> str:
    return memory.create_conversation()


def add_turn(memory: ConversationMemory, conversation_id: str, text: str, after: str | None = None) -> StoredMessage:
    question = memory.add_message(conversation_id, "user", text, after=after)
    return memory.add_message(conversation_id, "assistant", "Yes.", after=question.message_id)


def add_summary(memory: ConversationMemory, conversation_id: str, name: str, until: StoredMessage) -> None:
    summary = Summary(name, f"{SECRET} {name}", 2, until.message_id, until.created_at)
    memory.summaries.add(conversation_id, summary, memory.summaries.current(conversation_id))


def test_another_version_of_a_covered_message_brings_the_older_one_back(
    memory: ConversationMemory, conversation_id: str
) -> None:
    first = add_turn(memory, conversation_id, "One")
    second = add_turn(memory, conversation_id, "Two")
    add_summary(memory, conversation_id, "older", first)
    add_summary(memory, conversation_id, "newer", second)
    assert memory.summaries.current(conversation_id) == memory.summaries.list(conversation_id)[1]
    add_turn(memory, conversation_id, "Two, edited", after=first.message_id)
    assert memory.summaries.current(conversation_id) == memory.summaries.list(conversation_id)[0]
    memory.show_version(conversation_id, second.message_id)
    assert memory.summaries.current(conversation_id) == memory.summaries.list(conversation_id)[1]


def test_nothing_is_left_of_summaries_of_removed_messages(
    memory: ConversationMemory, conversation_id: str, place: Place
) -> None:
    turn = add_turn(memory, conversation_id, "One")
    add_summary(memory, conversation_id, "only", turn)
    memory.remove_from(conversation_id, turn.parent_id)
    assert memory.summaries.current(conversation_id) is None
    assert SECRET.encode() not in place.content()


def test_nothing_is_left_of_an_undone_or_changed_summary(
    memory: ConversationMemory, conversation_id: str, place: Place
) -> None:
    add_summary(memory, conversation_id, "only", add_turn(memory, conversation_id, "One"))
    memory.summaries.edit(conversation_id, "Another text")
    assert SECRET.encode() not in place.content()
    memory.summaries.remove(conversation_id)
    assert b"Another text" not in place.content()
    with pytest.raises(NotFound):
        memory.summaries.edit(conversation_id, "More")


def test_a_summary_of_a_message_that_is_gone_is_not_stored(memory: ConversationMemory, conversation_id: str) -> None:
    turn = add_turn(memory, conversation_id, "One")
    memory.remove_from(conversation_id, turn.message_id)
    with pytest.raises(NotFound):
        add_summary(memory, conversation_id, "late", turn)


def test_what_makes_no_sense_is_left_out(memory: ConversationMemory, conversation_id: str) -> None:
    with memory.transaction(conversation_id), memory._directory.write(conversation_id) as file:
        file.change(summaries=[{"text": 3}, None])
    assert memory.summaries.list(conversation_id) == []
