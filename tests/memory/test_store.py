"""Store: one memory a session, one file a memory, one process a directory."""

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
from tests.running import ROOT
from tests.stored_files import contents, filled

OWNER = """
import sys
from pathlib import Path
from chatbot.storage import Store

store = Store(Path(sys.argv[1]))
print("owned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def test_nothing_is_written_for_a_session_before_something_is_said(store: Store) -> None:
    assert store.memory("anna").list_conversations() == []
    assert not (store.directory / "sessions").exists()
    store.memory("anna").create_conversation()
    assert [path.name for path in (store.directory / "sessions").iterdir()] == ["anna"]


def test_a_session_has_one_memory_however_often_it_is_asked_for(store: Store) -> None:
    held = store.memory("anna")
    assert store.memory("anna") is held
    assert store.memory("ben") is not held


def test_a_memory_that_is_held_stays_the_sessions_own_when_many_others_come(store: Store) -> None:
    held = store.memory("anna")
    for number in range(MAX_OPEN_SESSIONS + 10):
        store.memory(f"visitor{number}")
    gc.collect()
    assert store.memory("anna") is held


@pytest.mark.usefixtures("threads_switch_often")
def test_asked_for_from_many_threads_at_once_it_is_still_one(store: Store) -> None:
    found: list[list[ConversationMemory]] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        found.append([store.memory(f"visitor{number}") for number in range(200)])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for of_one_session in zip(*found, strict=True):
        assert len(set(map(id, of_one_session))) == 1


def test_more_sessions_than_are_kept_open_lose_nothing(store: Store) -> None:
    ids = {}
    for number in range(MAX_OPEN_SESSIONS + 10):
        memory = store.memory(f"visitor{number}")
        ids[f"visitor{number}"] = memory.create_conversation(f"of {number}")
    for session_id, conversation_id in ids.items():
        title = store.memory(session_id).get_conversation(conversation_id).title
        assert title == f"of {session_id.removeprefix('visitor')}"


def test_a_session_cannot_reach_what_another_one_said(store: Store) -> None:
    conversation_id = store.memory("anna").create_conversation("Private")
    ben = store.memory("ben")
    assert ben.list_conversations() == []
    with pytest.raises(NotFound):
        ben.get_messages(conversation_id)
    with pytest.raises(NotFound):
        ben.delete_conversation(conversation_id)
    ben.delete_all()
    assert store.memory("anna").get_conversation(conversation_id).title == "Private"


def test_what_was_said_is_there_for_the_next_store(store: Store) -> None:
    conversation_id = store.memory("anna").create_conversation("Kept")
    store.close()
    again = Store(store.directory)
    assert again.memory("anna").get_conversation(conversation_id).title == "Kept"


def test_a_second_store_on_the_directory_is_refused_until_the_first_is_closed(store: Store) -> None:
    with pytest.raises(SettingsError, match=r"^CHATBOT_DATA_DIR='.*data': another chatbot is using this directory$"):
        Store(store.directory)
    store.close()
    Store(store.directory).close()


def test_a_store_can_be_closed_from_another_thread(store: Store) -> None:
    closing = threading.Thread(target=store.close)
    closing.start()
    closing.join()
    Store(store.directory).close()


def test_a_process_owns_its_directory_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(SettingsError, match="another chatbot"):
            Store(tmp_path)
        owner.kill()
    Store(tmp_path).close()


def test_a_session_whose_removal_was_cut_short_is_gone_as_a_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> None:
        raise OSError

    filled(store.memory("anna"), "secret")
    with monkeypatch.context() as disk, pytest.raises(StorageError):
        disk.setattr(shutil, "rmtree", refused)
        store.memory("anna").delete_all()
    assert store.memory("anna").list_conversations() == []
    conversation_id = filled(store.memory("anna"), "after")
    store.close()
    again = Store(store.directory)
    assert [path.name for path in (store.directory / "sessions").iterdir()] == ["anna"]
    assert contents(again.memory("anna"), conversation_id) == ["after"]
    again.memory("anna").delete_all()
    assert [*(store.directory / "sessions").iterdir()] == []


def test_a_directory_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for directory in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(SettingsError, match=r"^CHATBOT_DATA_DIR='.*': expected a directory to write in$"):
            Store(directory)


@pytest.mark.usefixtures("threads_switch_often")
def test_many_threads_in_many_sessions_lose_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
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
    store.close()
    again = Store(store.directory)
    for session in sessions:
        kept = [message.content for message in again.memory(session).all_messages(ids[session])]
        assert sorted(kept) == sorted(f"{thread} in {session}" for thread in range(16))
        assert again.memory(session).get_messages(ids[session])[0].content == kept[-1]


def test_more_conversations_than_are_kept_parsed_can_be_changed_in_turns(store: Store) -> None:
    memory = store.memory("anna")
    ids = [memory.create_conversation(str(number)) for number in range(MAX_CACHED_CONVERSATIONS + 3)]
    with memory.transaction(ids[0]):
        for _ in range(2):
            for conversation_id in ids:
                memory.add_message(conversation_id, "user", "text")
    store.close()
    again = Store(store.directory).memory("anna")
    assert [again.get_conversation(each).message_count for each in ids] == [2] * len(ids)


def test_a_directory_that_is_gone_keeps_nothing_and_says_so_until_it_is_back(store: Store) -> None:
    memory = store.memory("anna")
    conversation_id = filled(memory, "before")
    away = store.directory.rename(store.directory.with_name("away"))
    for refused in (
        lambda: memory.add_message(conversation_id, "user", "lost"),
        lambda: memory.get_messages(conversation_id),
        lambda: store.memory("ben").create_conversation(),
        memory.delete_all,
    ):
        with pytest.raises(StorageError):
            refused()
    assert not store.directory.exists()
    away.rename(store.directory)
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]


def test_a_directory_that_another_process_made_in_the_place_of_ours_is_left_to_it(store: Store) -> None:
    memory = store.memory("anna")
    conversation_id = filled(memory, "ours")
    shutil.rmtree(store.directory)
    others = Store(store.directory)
    with pytest.raises(StorageError):
        memory.add_message(conversation_id, "user", "into theirs")
    assert others.memory("anna").list_conversations() == []
    others.close()


def test_large_conversations_of_others_do_not_stay_in_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.storage.store.MAX_CACHED_BYTES", 50_000)
    monkeypatch.setattr("chatbot.storage.store.CACHE_CHECK_SECONDS", -1)
    kept = []
    for number in range(5):
        memory = store.memory(f"visitor{number}")
        filled(memory, "x" * 9_000, "x" * 9_000)
        kept.append(weakref.ref(memory))
        del memory
    store.memory("visitor4")
    assert [memory() is not None for memory in kept] == [False, False, False, True, True]
