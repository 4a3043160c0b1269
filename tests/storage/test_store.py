"""Store: one memory for each session, and one process for each directory."""

import gc
import shutil
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from chatbot.errors import NotFound, SettingsError, StorageError
from chatbot.storage import ConversationMemory, Store
from chatbot.storage.session_directory import MAX_CACHED_CONVERSATIONS
from chatbot.storage.store import MAX_OPEN_SESSIONS
from tests.storage.conftest import OpenStore
from tests.support.running import ROOT
from tests.support.stored_files import add_conversation, contents

OTHER_PROCESS = """
import sys
from pathlib import Path
from chatbot.storage import Store

store = Store(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """That of `store`."""
    return tmp_path / "data"


def test_a_session_writes_nothing_before_its_first_conversation(store: Store, directory: Path) -> None:
    assert store.memory("anna").list_conversations() == []
    assert not (directory / "sessions").exists()
    store.memory("anna").create_conversation()
    assert [path.name for path in (directory / "sessions").iterdir()] == ["anna"]


def test_a_session_always_has_the_same_memory(store: Store) -> None:
    held = store.memory("anna")
    assert store.memory("anna") is held
    assert store.memory("ben") is not held


def test_a_memory_in_use_survives_eviction(store: Store) -> None:
    held = store.memory("anna")
    for number in range(MAX_OPEN_SESSIONS + 10):
        store.memory(f"visitor{number}")
    gc.collect()
    assert store.memory("anna") is held


@pytest.mark.usefixtures("threads_switch_often")
def test_all_threads_get_the_same_memory(store: Store) -> None:
    found: list[list[ConversationMemory]] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        found.append([store.memory(f"visitor{number}") for number in range(200)])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for memories in zip(*found, strict=True):
        assert len(set(map(id, memories))) == 1


def test_evicted_sessions_lose_nothing(open_store: OpenStore) -> None:
    store = open_store()
    ids = {}
    for number in range(MAX_OPEN_SESSIONS + 10):
        memory = store.memory(f"visitor{number}")
        ids[f"visitor{number}"] = memory.create_conversation(f"of {number}")
    for session_id, conversation_id in ids.items():
        title = store.memory(session_id).get_conversation(conversation_id).title
        assert title == f"of {session_id.removeprefix('visitor')}"


def test_a_session_cannot_reach_another_sessions_conversations(open_store: OpenStore) -> None:
    store = open_store()
    conversation_id = store.memory("anna").create_conversation("Private")
    ben = store.memory("ben")
    assert ben.list_conversations() == []
    with pytest.raises(NotFound):
        ben.get_messages(conversation_id)
    with pytest.raises(NotFound):
        ben.delete_conversation(conversation_id)
    ben.delete_all()
    assert store.memory("anna").get_conversation(conversation_id).title == "Private"


def test_the_next_store_reads_the_conversations(open_store: OpenStore) -> None:
    store = open_store()
    conversation_id = store.memory("anna").create_conversation("Kept")
    again = open_store()
    assert again.memory("anna").get_conversation(conversation_id).title == "Kept"


def test_a_directory_can_be_used_by_only_one_store(store: Store, directory: Path) -> None:
    with pytest.raises(SettingsError, match=r"^CHATBOT_DATA_DIR='.*data': another chatbot is using this directory$"):
        Store(directory)
    store.close()
    Store(directory).close()


def test_a_store_can_be_closed_from_another_thread(store: Store, directory: Path) -> None:
    closing = threading.Thread(target=store.close)
    closing.start()
    closing.join()
    Store(directory).close()


def test_a_killed_process_releases_its_directory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(SettingsError, match="another chatbot"):
            Store(tmp_path)
        process.kill()
    Store(tmp_path).close()


def test_a_session_whose_deletion_failed_half_way_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch, directory: Path
) -> None:
    def fail(_: Path) -> None:
        raise OSError

    add_conversation(store.memory("anna"), "secret")
    with monkeypatch.context() as disk, pytest.raises(StorageError):
        disk.setattr(shutil, "rmtree", fail)
        store.memory("anna").delete_all()
    assert store.memory("anna").list_conversations() == []
    conversation_id = add_conversation(store.memory("anna"), "after")
    store.close()
    again = Store(directory)
    assert [path.name for path in (directory / "sessions").iterdir()] == ["anna"]
    assert contents(again.memory("anna"), conversation_id) == ["after"]
    again.memory("anna").delete_all()
    assert [*(directory / "sessions").iterdir()] == []


def test_a_directory_that_cannot_be_created_raises_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for directory in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(SettingsError, match=r"^CHATBOT_DATA_DIR='.*': expected a directory to write in$"):
            Store(directory)


@pytest.mark.usefixtures("threads_switch_often")
def test_many_threads_in_many_sessions_lose_nothing(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store()
    monkeypatch.setattr("chatbot.storage.store.MAX_OPEN_SESSIONS", 3)
    sessions = [f"visitor{number}" for number in range(50)]
    ids = {session: store.memory(session).create_conversation() for session in sessions}

    def talk(thread: int) -> None:
        for session in sessions[thread:] + sessions[:thread]:
            store.memory(session).add_message(ids[session], "user", f"{thread} in {session}", after="")

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = open_store()
    for session in sessions:
        stored = [message.content for message in again.memory(session).all_messages(ids[session])]
        assert sorted(stored) == sorted(f"{thread} in {session}" for thread in range(16))
        assert again.memory(session).get_messages(ids[session])[0].content == stored[-1]


def test_more_conversations_than_are_cached_can_be_changed_in_turns(open_store: OpenStore) -> None:
    store = open_store()
    memory = store.memory("anna")
    ids = [memory.create_conversation(str(number)) for number in range(MAX_CACHED_CONVERSATIONS + 3)]
    with memory.transaction(ids[0]):
        for _ in range(2):
            for conversation_id in ids:
                memory.add_message(conversation_id, "user", "text")
    again = open_store().memory("anna")
    assert [again.get_conversation(each).message_count for each in ids] == [2] * len(ids)


def test_a_missing_directory_raises_until_it_is_back(store: Store, directory: Path) -> None:
    memory = store.memory("anna")
    conversation_id = add_conversation(memory, "before")
    away = directory.rename(directory.with_name("away"))
    for refused in (
        lambda: memory.add_message(conversation_id, "user", "lost"),
        lambda: memory.get_messages(conversation_id),
        lambda: store.memory("ben").create_conversation(),
        memory.delete_all,
    ):
        with pytest.raises(StorageError):
            refused()
    assert not directory.exists()
    away.rename(directory)
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]


def test_a_directory_replaced_by_another_process_is_not_written_to(store: Store, directory: Path) -> None:
    memory = store.memory("anna")
    conversation_id = add_conversation(memory, "ours")
    shutil.rmtree(directory)
    other = Store(directory)
    with pytest.raises(StorageError):
        memory.add_message(conversation_id, "user", "into theirs")
    assert other.memory("anna").list_conversations() == []
    other.close()


def test_large_sessions_are_evicted_from_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.storage.store.MAX_CACHED_BYTES", 50_000)
    monkeypatch.setattr("chatbot.storage.store.CACHE_CHECK_SECONDS", -1)
    references = []
    for number in range(5):
        memory = store.memory(f"visitor{number}")
        add_conversation(memory, "x" * 9_000, "x" * 9_000)
        references.append(weakref.ref(memory))
        del memory
    store.memory("visitor4")
    assert [memory() is not None for memory in references] == [False, False, False, True, True]
