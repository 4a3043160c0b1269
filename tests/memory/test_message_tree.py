"""Versions: a conversation is a tree, of which one branch is on show."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import NotFound
from chatbot.storage import ConversationMemory
from tests.stored_files import contents, files, filled


def ids(memory: ConversationMemory, conversation_id: str) -> list[str]:
    return [message.message_id for message in memory.get_messages(conversation_id, limit=None)]


def test_each_message_follows_the_newest_on_show(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A", "B", "C")
    first, second, third = memory.get_messages(conversation_id)
    assert [first.parent_id, second.parent_id, third.parent_id] == ["", first.message_id, second.message_id]
    assert memory.get_head(conversation_id) == third.message_id
    assert memory.get_versions(conversation_id) == {}


def test_an_edited_question_opens_a_branch_and_the_old_one_can_be_shown_again(
    memory: ConversationMemory, path: Path
) -> None:
    conversation_id = filled(memory, "A", "B", "C")
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
    again = ConversationMemory(path)
    assert contents(memory, conversation_id) == contents(again, conversation_id) == ["A", "B", "C"]
    assert again.get_versions(conversation_id) == {second.message_id: same}
    assert again.get_conversation(conversation_id).updated_at == before
    assert again.get_head(conversation_id) == third.message_id
    assert again.all_messages(conversation_id) == [first, second, third, other, last]


def test_a_version_of_the_first_message_begins_the_conversation_anew(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A", "B")
    memory.add_message(conversation_id, "user", "A2", after="")
    assert contents(memory, conversation_id) == ["A2"]
    assert [len(same) for same in memory.get_versions(conversation_id).values()] == [2]
    assert memory.get_conversation(conversation_id).title == "A"


def test_a_branch_is_shown_down_to_what_was_added_last(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A", "B", "C")
    first, second, _ = memory.get_messages(conversation_id)
    memory.add_message(conversation_id, "user", "C2", after=second.message_id)
    memory.add_message(conversation_id, "user", "A2", after="")
    memory.show_version(conversation_id, first.message_id)
    assert contents(memory, conversation_id) == ["A", "B", "C2"]


def test_an_answer_is_no_version_of_a_question(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A")
    memory.add_message(conversation_id, "assistant", "Welcome", after="")
    assert memory.get_versions(conversation_id) == {}


@pytest.mark.parametrize("shown", [False, True])
def test_removing_a_version_shows_the_youngest_that_is_left(memory: ConversationMemory, shown: bool) -> None:
    conversation_id = filled(memory, "A", "B", "C")
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


def test_a_message_that_is_not_there_has_no_versions(memory: ConversationMemory, path: Path) -> None:
    conversation_id, other = filled(memory, "A"), filled(memory, "B")
    elsewhere = ids(memory, other)[0]
    before = files(path)
    with pytest.raises(NotFound, match="message"):
        memory.add_message(conversation_id, "user", "B", after=elsewhere)
    with pytest.raises(NotFound, match="message"):
        memory.show_version(conversation_id, elsewhere)
    memory.remove_from(conversation_id, elsewhere)
    assert files(path) == before


def test_an_update_moves_no_message_to_another_place(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A", "B", "C")
    second = memory.get_messages(conversation_id)[1]
    memory.update_message(conversation_id, replace(second, content="b", parent_id=""))
    assert contents(memory, conversation_id) == ["A", "b", "C"]


def test_choosing_a_version_is_told_and_leaves_the_order_of_conversations(memory: ConversationMemory) -> None:
    first = filled(memory, "Pears")
    pears = memory.get_head(first)
    memory.add_message(first, "user", "Plums", after="")
    second = filled(memory, "Later")
    before = memory.get_conversation(first)
    memory.show_version(first, pears)
    after = memory.get_conversation(first)
    assert after.touched_at > before.touched_at
    assert after.updated_at == before.updated_at
    assert [each.conversation_id for each in memory.list_conversations()] == [second, first]
