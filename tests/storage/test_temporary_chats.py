"""Temporary chats are bounded in time, number and size."""

from pathlib import Path

import pytest

from chatbot.errors import NotFound
from chatbot.storage import Store, temporary_chats
from chatbot.storage.conversation_memory import ConversationMemory
from tests.support.stored_files import contents


def start(memory: ConversationMemory, conversation_id: str, text: str = "Hello") -> str:
    memory.start_temporary(conversation_id)
    memory.create_conversation(conversation_id=conversation_id)
    memory.add_message(conversation_id, "user", text)
    return conversation_id


def test_a_chat_outlives_the_sessions_object_and_is_gone_after_minutes_without_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    start(store.memory("visitor"), "a")
    assert contents(store.memory("visitor"), "a") == ["Hello"]
    monkeypatch.setattr(temporary_chats, "TEMPORARY_SECONDS", 0)
    with pytest.raises(NotFound):
        store.memory("visitor").get_conversation("a")
    assert not (tmp_path / "sessions" / "visitor").exists()
    store.close()


def test_the_chat_that_was_used_longest_ago_goes_first(
    memory: ConversationMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary_chats, "MAX_TEMPORARY_CHATS", 30)  # three of a session
    for name in ("a", "b", "c"):
        start(memory, name)
    assert memory.get_conversation("a").temporary
    start(memory, "d")
    assert [memory.is_temporary(name) for name in ("a", "b", "c", "d")] == [True, False, True, True]
    monkeypatch.setattr(temporary_chats, "MAX_TEMPORARY_BYTES", 3000)
    memory.add_message("d", "user", "x" * 2000)
    assert memory.is_temporary("d")
    assert not memory.is_temporary("c") or not memory.is_temporary("a")


def test_a_failed_write_leaves_a_chat_as_it_was(memory: ConversationMemory, path: Path) -> None:
    start(memory, "a")
    with pytest.raises(NotFound), memory.transaction("a"):
        memory.add_message("a", "user", "never")
        memory.add_message("a", "user", "nor this", after="nobody")
    assert contents(memory, "a") == ["Hello"]
    memory.keep_conversation("a")
    assert contents(ConversationMemory(path), "a") == ["Hello"]
    assert not memory.get_conversation("a").temporary
