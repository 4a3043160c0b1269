"""The data directory is probed at the start: what its file system cannot do is said, and not relied on."""

import builtins
import errno
import fcntl
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from chatbot.settings import Settings
from chatbot.storage import Store, open_store
from chatbot.storage.disk_backend import DiskBackend
from chatbot.storage.disk_probe import DiskAbilities, file_system, probe
from chatbot.storage.quotas import Quotas
from tests.support.stored_files import add_conversation


@pytest.fixture
def no_appending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files can be written from their start only, as in an object store that is mounted."""
    original = builtins.open

    def refusing(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if "+" in mode or "a" in mode:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return original(file, mode, *rest, **options)

    monkeypatch.setattr(builtins, "open", refusing)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS without its lock service."""

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def probed(data: Path) -> Store:
    return open_store(Settings(chatbot_data_dir=data), Quotas())


def test_a_local_disk_can_do_all_and_nothing_is_left_or_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert probe(tmp_path) == DiskAbilities()
    assert os.listdir(tmp_path) == []
    probed(tmp_path).close()
    assert caplog.records == []


@pytest.mark.usefixtures("no_appending")
def test_without_appending_files_are_written_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = probed(tmp_path)
    memory = store.memory("session")
    conversation_id = add_conversation(memory, "x" * 100_000, "y" * 100_000)
    for text in ("one", "two"):
        memory.add_message(conversation_id, "user", text)
    store.close()
    path = tmp_path / "sessions" / "session" / f"{conversation_id}.json"
    assert path.read_bytes().count(b"\n") == 1
    (said,) = caplog.messages
    assert said.endswith("cannot append to a file: files are written whole")
    assert str(tmp_path) in said
    assert [each.content for each in probed(tmp_path).memory("session").get_messages(conversation_id)][2:] == [
        "one",
        "two",
    ]


@pytest.mark.usefixtures("no_locks")
def test_without_locks_it_starts_and_says_that_nothing_keeps_a_second_process_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = probed(tmp_path)
    add_conversation(store.memory("session"), "Hello")
    store.close()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "cannot lock a file: nothing keeps a second process away" in record.getMessage()


def test_a_second_process_is_still_refused_where_there_are_locks(tmp_path: Path) -> None:
    first = DiskBackend(tmp_path)
    first.probe()
    with pytest.raises(Exception, match="another chatbot is using this directory"):
        DiskBackend(tmp_path)
    first.close()


def test_the_file_system_is_named_by_the_innermost_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    share = tmp_path / "a share"
    mounts.write_text(
        f"disk / ext4 rw 0 0\nbucket {tmp_path} fuse.s3fs rw 0 0\nhost:/x {tmp_path}/a\\040share nfs4 rw 0 0\n"
    )
    assert file_system(share / "data", mounts) == "nfs4"
    assert file_system(tmp_path, mounts) == "fuse.s3fs"
    assert file_system(Path("/"), mounts) == "ext4"
    assert file_system(share, tmp_path / "missing") == "unknown"
