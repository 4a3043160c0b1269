"""ConversationMemory: what is said stays said, in order, whatever is said, and by however many at once."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from chatbot.errors import NotFound
from chatbot.memory import ConversationMemory
from chatbot.memory.conversations import TITLE_LENGTH, cut_title
from chatbot.messages import Fault, StoredMessage, Timing, Usage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.json"


@pytest.fixture
def memory(path: Path) -> ConversationMemory:
    return ConversationMemory(path)


def filled(memory: ConversationMemory, *texts: str) -> str:
    """The id of a new conversation in which the visitor said that."""
    conversation_id = memory.create_conversation()
    for text in texts:
        memory.add_message(conversation_id, "user", text)
    return conversation_id


def contents(memory: ConversationMemory, conversation_id: str, limit: int | None = None) -> list[str]:
    return [message.content for message in memory.get_messages(conversation_id, limit=limit)]


def test_a_new_conversation_is_empty_and_has_the_id_and_title_that_were_asked_for(memory: ConversationMemory) -> None:
    assert memory.create_conversation("Plans", conversation_id="abc") == "abc"
    conversation = memory.get_conversation("abc")
    assert (conversation.title, conversation.message_count) == ("Plans", 0)
    assert conversation.created_at == conversation.updated_at
    assert memory.get_messages("abc") == []
    assert memory.create_conversation() != memory.create_conversation()


def test_messages_come_back_as_they_were_added_also_after_a_restart(memory: ConversationMemory, path: Path) -> None:
    conversation_id = memory.create_conversation()
    added = [
        memory.add_message(conversation_id, "user", "Hello"),
        memory.add_message(
            conversation_id,
            "assistant",
            "Hi!",
            provider="openai",
            model="m",
            reasoning="A greeting.",
            finish_reason="stop",
            usage=Usage(3, 2),
            timing=Timing(120, 400),
        ),
        memory.add_message(
            conversation_id, "assistant", "", status="failed", fault=Fault("provider_timeout", "Too slow.", True, 1.5)
        ),
    ]
    again = ConversationMemory(path)
    assert memory.get_messages(conversation_id) == again.get_messages(conversation_id) == added
    assert memory.list_conversations() == again.list_conversations()
    assert again.get_conversation(conversation_id).message_count == 3


def test_the_newest_messages_are_given_oldest_first(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, *map(str, range(25)))
    assert [message.content for message in memory.get_messages(conversation_id)] == [str(n) for n in range(5, 25)]
    assert contents(memory, conversation_id, 2) == ["23", "24"]
    assert contents(memory, conversation_id, 0) == []
    assert len(contents(memory, conversation_id, 1000)) == len(contents(memory, conversation_id)) == 25


def test_an_updated_message_keeps_its_place(memory: ConversationMemory, path: Path) -> None:
    conversation_id = filled(memory, "A")
    answer = memory.add_message(conversation_id, "assistant", "", status="running")
    memory.add_message(conversation_id, "user", "B")
    memory.update_message(conversation_id, replace(answer, content="a", status="complete"))
    assert contents(ConversationMemory(path), conversation_id) == ["A", "a", "B"]
    assert ConversationMemory(path).get_messages(conversation_id)[1].status == "complete"


def test_a_removed_message_takes_those_after_it_along_and_stays_removed(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A", "B", "C")
    second = memory.get_messages(conversation_id)[1]
    memory.remove_from(conversation_id, second.message_id)
    memory.update_message(conversation_id, second)
    memory.remove_from(conversation_id, second.message_id)
    assert contents(memory, conversation_id) == ["A"]


def test_a_cleared_conversation_stays_and_a_deleted_one_goes(memory: ConversationMemory, path: Path) -> None:
    cleared, deleted, other = filled(memory, "A"), filled(memory, "secret"), filled(memory, "C")
    memory.clear_conversation(cleared)
    memory.delete_conversation(deleted)
    assert {c.conversation_id for c in ConversationMemory(path).list_conversations()} == {cleared, other}
    assert (contents(memory, cleared), contents(memory, other)) == ([], ["C"])
    assert b"secret" not in path.read_bytes()


def test_delete_all_leaves_nothing_and_the_session_can_go_on(memory: ConversationMemory, path: Path) -> None:
    conversation_id = filled(memory, "A")
    memory.delete_all()
    assert list(path.parent.iterdir()) == []
    assert memory.list_conversations() == []
    with pytest.raises(NotFound):
        memory.get_messages(conversation_id)
    assert contents(memory, filled(memory, "B")) == ["B"]


def test_the_last_changed_conversation_is_listed_first(memory: ConversationMemory) -> None:
    ids = []
    for text in "ABC":
        ids.append(filled(memory, text))
        time.sleep(0.002)
    assert [c.title for c in memory.list_conversations()] == ["C", "B", "A"]
    memory.add_message(ids[0], "user", "again")
    memory.rename_conversation(ids[1], "Renamed")
    assert [c.title for c in memory.list_conversations()] == ["A", "C", "Renamed"]


def test_a_clock_that_is_set_back_does_not_move_a_conversation_down(memory: ConversationMemory, path: Path) -> None:
    first, second = filled(memory, "A"), filled(memory, "B")
    tables = orjson.loads(path.read_bytes())
    for document in tables["conversations"].values():
        document["updated_at"] = "2999-01-01T00:00:00.000+00:00"
    path.write_bytes(orjson.dumps(tables))
    again = ConversationMemory(path)
    again.add_message(first, "user", "later")
    assert [c.conversation_id for c in again.list_conversations()] == [second, first]
    assert again.get_conversation(first).updated_at.startswith("2999")


ANYTHING = StoredMessage("id", "assistant", "text", "2026-11-22T10:00:00.000+00:00")


@pytest.mark.parametrize(
    "call",
    [
        lambda memory: memory.add_message("other", "user", "text"),
        lambda memory: memory.update_message("other", ANYTHING),
        lambda memory: memory.get_messages("other"),
        lambda memory: memory.get_conversation("other"),
        lambda memory: memory.rename_conversation("other", "title"),
        lambda memory: memory.remove_from("other", "id"),
        lambda memory: memory.clear_conversation("other"),
        lambda memory: memory.delete_conversation("other"),
    ],
)
def test_an_unknown_conversation_is_not_found_and_nothing_changes(
    memory: ConversationMemory, path: Path, call: Callable[[ConversationMemory], object]
) -> None:
    filled(memory, "A")
    before = path.read_bytes()
    with pytest.raises(NotFound):
        call(memory)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("  several\t  spaces  ", "several spaces"),
        ("\n\nFirst line\r\nsecond line", "First line"),
        ("word " * 12, ("word " * 12).strip()),
        ("word " * 13, "word " * 10 + "word…"),
        ("x" * 61, "x" * 59 + "…"),
        ("漢字" * 30, "漢字" * 30),
        ("漢字" * 31, "漢字" * 29 + "漢…"),
    ],
)
def test_a_title_is_the_first_line_cut_at_a_word(text: str, title: str) -> None:
    assert cut_title(text) == title
    assert len(title) <= TITLE_LENGTH


def test_only_the_visitors_first_message_gives_a_title(memory: ConversationMemory) -> None:
    conversation_id = memory.create_conversation()
    memory.add_message(conversation_id, "assistant", "Welcome")
    assert memory.get_conversation(conversation_id).title == ""
    memory.add_message(conversation_id, "user", "My question")
    memory.add_message(conversation_id, "user", "Another one")
    assert memory.get_conversation(conversation_id).title == "My question"
