"""Message versions: a conversation is a tree, and one branch is shown."""

from dataclasses import replace

import pytest

from chatbot.errors import NotFound
from chatbot.storage import ConversationMemory
from tests.support.places import Place
from tests.support.stored_files import add_conversation, contents


def ids(memory: ConversationMemory, conversation_id: str) -> list[str]:
    return [message.message_id for message in memory.get_messages(conversation_id, limit=None)]


def test_a_message_follows_the_newest_shown_one(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A", "B", "C")
    first, second, third = memory.get_messages(conversation_id)
    assert [first.parent_id, second.parent_id, third.parent_id] == ["", first.message_id, second.message_id]
    assert memory.get_head(conversation_id) == third.message_id
    assert memory.get_versions(conversation_id) == {}


def test_both_branches_of_an_edited_question_can_be_shown(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory, "A", "B", "C")
    first, second, third = memory.get_messages(conversation_id)
    other = memory.add_message(conversation_id, "user", "B2", after=first.message_id)
    last = memory.add_message(conversation_id, "user", "C2")
    assert contents(memory, conversation_id) == ["A", "B2", "C2"]
    assert contents(memory, conversation_id, 2) == ["B2", "C2"]
    same = (second.message_id, other.message_id)
    assert memory.get_versions(conversation_id) == {other.message_id: same}
    assert memory.get_conversation(conversation_id).message_count == 3

    before = memory.get_conversation(conversation_id).updated_at
    memory.show_version(conversation_id, second.message_id)
    again = place.memory()
    assert contents(memory, conversation_id) == contents(again, conversation_id) == ["A", "B", "C"]
    assert again.get_versions(conversation_id) == {second.message_id: same}
    assert again.get_conversation(conversation_id).updated_at == before
    assert again.get_head(conversation_id) == third.message_id
    assert again.all_messages(conversation_id) == [first, second, third, other, last]


def test_a_version_of_the_first_message_starts_a_branch(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A", "B")
    memory.add_message(conversation_id, "user", "A2", after="")
    assert contents(memory, conversation_id) == ["A2"]
    assert [len(same) for same in memory.get_versions(conversation_id).values()] == [2]
    assert memory.get_conversation(conversation_id).title == "A"


def test_a_branch_is_shown_up_to_its_newest_message(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A", "B", "C")
    first, second, _ = memory.get_messages(conversation_id)
    memory.add_message(conversation_id, "user", "C2", after=second.message_id)
    memory.add_message(conversation_id, "user", "A2", after="")
    memory.show_version(conversation_id, first.message_id)
    assert contents(memory, conversation_id) == ["A", "B", "C2"]


def test_an_answer_is_not_a_version_of_a_question(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A")
    memory.add_message(conversation_id, "assistant", "Welcome", after="")
    assert memory.get_versions(conversation_id) == {}


@pytest.mark.parametrize("shown", [False, True])
def test_removing_a_version_shows_the_newest_remaining_one(memory: ConversationMemory, shown: bool) -> None:
    conversation_id = add_conversation(memory, "A", "B", "C")
    first = memory.get_messages(conversation_id)[0]
    for text in ("B2", "B3"):
        memory.add_message(conversation_id, "user", text, after=first.message_id)
        memory.add_message(conversation_id, "user", "after " + text)
    second = memory.get_messages(conversation_id)[1]
    if not shown:
        memory.show_version(conversation_id, first.message_id)
        memory.add_message(conversation_id, "user", "A2", after="")
    memory.remove_from(conversation_id, second.message_id)
    assert contents(memory, conversation_id) == (["A", "B2", "after B2"] if shown else ["A2"])
    assert "after B3" not in [message.content for message in memory.all_messages(conversation_id)]


def test_a_message_of_another_conversation_is_not_found(memory: ConversationMemory, place: Place) -> None:
    conversation_id, other = add_conversation(memory, "A"), add_conversation(memory, "B")
    foreign_id = ids(memory, other)[0]
    before = place.files()
    with pytest.raises(NotFound, match="message"):
        memory.add_message(conversation_id, "user", "B", after=foreign_id)
    with pytest.raises(NotFound, match="message"):
        memory.show_version(conversation_id, foreign_id)
    memory.remove_from(conversation_id, foreign_id)
    assert place.files() == before


def test_an_update_does_not_move_a_message(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A", "B", "C")
    second = memory.get_messages(conversation_id)[1]
    memory.update_message(conversation_id, replace(second, content="b", parent_id=""))
    assert contents(memory, conversation_id) == ["A", "b", "C"]


def test_showing_a_version_leaves_the_order_of_conversations(memory: ConversationMemory) -> None:
    first = add_conversation(memory, "Pears")
    pears = memory.get_head(first)
    memory.add_message(first, "user", "Plums", after="")
    second = add_conversation(memory, "Later")
    before = memory.get_conversation(first)
    memory.show_version(first, pears)
    after = memory.get_conversation(first)
    assert after.touched_at > before.touched_at
    assert after.updated_at == before.updated_at
    assert [each.conversation_id for each in memory.list_conversations()] == [second, first]
