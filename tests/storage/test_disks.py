"""Tests on a mounted disk that is full or read-only. They are skipped if this user may not mount one."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from chatbot.errors import SettingsError, StorageError
from chatbot.storage import Store
from tests.conftest import CreateReplies
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import SESSION, until, wait_for_end
from tests.support.stored_files import add_conversation, contents


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 256 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a disk")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Makes the directory read-only. Files that are open already stay writable, such as the store's lock."""
    subprocess.run(["mount", "--bind", directory, directory], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


@contextmanager
def full(directory: Path) -> Iterator[None]:
    """Fills the disk of the directory."""
    ballast = fill(directory.parent)
    try:
        yield
    finally:
        ballast.unlink()


def fill(disk: Path) -> Path:
    """Fills the disk to its last byte with one file, which is returned."""
    ballast = disk / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(1024)):
            pass
    return ballast


def test_a_full_disk_loses_no_acknowledged_write(disk: Path) -> None:
    store = Store(disk / "data")
    memory = store.memory("anna")
    conversation_id = add_conversation(memory, "before")
    with full(disk / "data"):
        for refused in (
            lambda: memory.add_message(conversation_id, "user", "lost " * 2000),
            memory.create_conversation,
            lambda: store.memory("ben").create_conversation(),
            lambda: memory.prompts.save("Name", "Text"),
        ):
            with pytest.raises(StorageError):
                refused()
        assert contents(memory, conversation_id) == ["before"]
    memory.add_message(conversation_id, "user", "after")
    store.close()
    again = Store(disk / "data").memory("anna")
    assert contents(again, conversation_id) == ["before", "after"]
    assert (len(again.list_conversations()), again.prompts.list()) == (1, {})
    assert not [*disk.rglob("draft"), *disk.rglob("*damaged*")]


def test_deleting_a_conversation_frees_space_on_a_full_disk(disk: Path) -> None:
    memory = Store(disk / "data").memory("anna")
    conversation_id = add_conversation(memory, "word " * 8000)
    fill(disk)
    memory.delete_conversation(conversation_id)
    assert contents(memory, add_conversation(memory, "There is space again")) == ["There is space again"]


def test_a_disk_that_became_read_only_can_be_read(disk: Path) -> None:
    store = Store(disk / "data")
    memory = store.memory("anna")
    conversation_id = add_conversation(memory, "before")
    with read_only(disk / "data"):
        for refused in (lambda: memory.add_message(conversation_id, "user", "lost"), memory.delete_all):
            with pytest.raises(StorageError):
                refused()
        assert contents(memory, conversation_id) == ["before"]
    store.close()
    memory = Store(disk / "data").memory("anna")
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]


def test_a_read_only_directory_raises_a_settings_error(disk: Path) -> None:
    with (
        read_only(disk),
        pytest.raises(SettingsError, match=r"^CHATBOT_DATA_DIR='.*data': expected a directory to write in$"),
    ):
        Store(disk / "data")


@pytest.mark.parametrize("failure", [full, read_only])
async def test_a_reply_fails_on_a_broken_disk_but_not_afterwards(
    failure: Callable[[Path], AbstractContextManager[None]],
    disk: Path,
    create_replies: CreateReplies,
    upstream: FakeUpstream,
) -> None:
    replies_setup = create_replies(chatbot_data_dir=disk / "data")
    upstream.scenario = Scenario(tokens=400, tokens_per_second=400)
    reply = await replies_setup.say("Hello")
    await until(lambda: reply.snapshot().content)
    with failure(disk / "data"):
        await wait_for_end(reply)
        assert isinstance(reply.error, StorageError)
        with pytest.raises(StorageError):
            await replies_setup.say("Not now")
        assert not replies_setup.replies.running(SESSION, reply.conversation_id)
    upstream.scenario = Scenario()
    _, answer = await replies_setup.answer("And now?", reply.conversation_id)
    assert answer.content.endswith("And now?")  # behind "Hello", if nothing of its answer was stored
