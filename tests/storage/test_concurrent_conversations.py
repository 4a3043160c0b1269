"""ConversationMemory with many threads, transactions and a disk that fails."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.errors import NotFound, StorageError
from chatbot.storage import ConversationMemory
from tests.support.places import Place
from tests.support.stored_files import add_conversation, contents

THREADS, MESSAGES = 16, 50


@pytest.mark.usefixtures("threads_switch_often")
def test_many_threads_lose_no_message(memory: ConversationMemory, place: Place) -> None:
    ids = [memory.create_conversation() for _ in range(2)]

    def talk(thread: int) -> None:
        for number in range(MESSAGES):
            memory.add_message(ids[thread % 2], "user", f"{thread}:{number}")

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = place.memory()
    stored = contents(again, ids[0]) + contents(again, ids[1])
    assert len(stored) == THREADS * MESSAGES
    for thread_number in range(THREADS):
        own = [text for text in stored if text.startswith(f"{thread_number}:")]
        assert own == [f"{thread_number}:{number}" for number in range(MESSAGES)]


def test_a_write_that_fails_leaves_the_conversation_unchanged(memory: ConversationMemory, path: Path) -> None:
    conversation_id = add_conversation(memory, "A")
    obstacle = path / "draft"
    obstacle.mkdir()
    with pytest.raises(StorageError):
        memory.add_message(conversation_id, "user", "B")
    assert contents(memory, conversation_id) == contents(ConversationMemory(path), conversation_id) == ["A"]
    obstacle.rmdir()
    memory.add_message(conversation_id, "user", "C")
    assert contents(ConversationMemory(path), conversation_id) == ["A", "C"]


@pytest.mark.parametrize(
    "change",
    [
        lambda memory, conversation_id, _: memory.clear_conversation(conversation_id),
        lambda memory, conversation_id, second: memory.remove_from(conversation_id, second),
        lambda memory, conversation_id, second: memory.add_message(conversation_id, "user", "X", after=second),
        lambda memory, conversation_id, second: memory.show_version(conversation_id, second),
    ],
)
def test_a_transaction_that_raises_is_undone_as_a_whole(
    place: Place, change: Callable[[ConversationMemory, str, str], object]
) -> None:
    conversation_id = add_conversation(place.memory(), "A", "B", "C")
    before = place.files()
    memory = place.memory()
    second = memory.get_messages(conversation_id)[1].message_id

    def fail() -> None:
        with memory.transaction(conversation_id):
            change(memory, conversation_id, second)
            memory.add_message(conversation_id, "user", "D")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert place.files() == before
    assert contents(memory, conversation_id) == ["A", "B", "C"]
    memory.add_message(conversation_id, "user", "E")
    assert contents(place.memory(), conversation_id) == ["A", "B", "C", "E"]


def test_an_error_caught_inside_a_transaction_undoes_nothing(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory, "A")
    with memory.transaction(conversation_id):
        memory.add_message(conversation_id, "user", "B")
        with pytest.raises(NotFound):
            memory.delete_conversation("other")
        memory.add_message(conversation_id, "user", "C")
    assert contents(memory, conversation_id) == contents(place.memory(), conversation_id) == ["A", "B", "C"]
