"""SessionAttachments: files are stored with their conversation and deleted with their message."""

import os
import stat
from pathlib import Path

import pytest

from chatbot.attachments import prepare
from chatbot.errors import NotFound, TooLarge
from chatbot.storage import ConversationMemory
from chatbot.storage.attachment_files import UPLOAD_SECONDS, UPLOADS
from chatbot.storage.quotas import Quotas
from chatbot.transfer import export_zip, import_file
from chatbot.types import Attachment
from tests.support.places import Place
from tests.support.sample_files import prepared
from tests.support.stored_files import FILE_NAMES, add_conversation, attach


def stored_names(place: Place) -> set[str]:
    """The names under which the stored files were attached."""
    names = {prepared(name).attachment.attachment_id: name for name in FILE_NAMES}
    found = [each.rpartition("/")[2] for each in place.files() if each.startswith("files/")]
    return {names.get(each, each) for each in found if not each.endswith(".txt")}


@pytest.mark.parametrize("name", FILE_NAMES)
def test_an_attachment_is_still_stored_after_a_restart(memory: ConversationMemory, place: Place, name: str) -> None:
    conversation_id = add_conversation(memory)
    attach(memory, conversation_id, name)
    again = place.memory()
    (message,) = again.get_messages(conversation_id)
    assert message.attachments == (prepared(name).attachment,)
    assert again.attachments.get(conversation_id, message.attachments[0].attachment_id) == (
        message.attachments[0],
        prepared(name).file,
    )
    assert again.attachments.get_all(conversation_id, message.attachments) == {
        message.attachments[0].attachment_id: prepared(name).file
    }


def test_only_the_apps_own_user_can_read_an_attachment(memory: ConversationMemory, path: Path) -> None:
    attach(memory, add_conversation(memory), *FILE_NAMES)
    for each in (path / "files").rglob("*"):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)


def test_a_message_without_attachments_stores_nothing_about_them(memory: ConversationMemory, path: Path) -> None:
    conversation_id = add_conversation(memory, "A")
    assert b"attachments" not in (path / f"{conversation_id}.json").read_bytes()
    assert not (path / "files").exists()


def test_an_attachment_is_deleted_with_its_message(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory, "A")
    attach(memory, conversation_id, "a.png")
    last = attach(memory, conversation_id, "a.pdf", "a.csv")
    memory.remove_from(conversation_id, last)
    assert stored_names(place) == {"a.png"}


def test_an_attachment_of_another_version_is_not_deleted(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory)
    first = attach(memory, conversation_id, "a.png", "a.csv", after="")
    second = attach(memory, conversation_id, "a.png", after="")
    memory.remove_from(conversation_id, first)
    assert stored_names(place) == {"a.png"}
    memory.remove_from(conversation_id, second)
    assert stored_names(place) == set()


def test_an_attachment_of_another_conversation_is_not_deleted(memory: ConversationMemory) -> None:
    one, two = add_conversation(memory), add_conversation(memory)
    for conversation_id in (one, two):
        attach(memory, conversation_id, "a.png")
    memory.delete_conversation(one)
    identity = prepared("a.png").attachment.attachment_id
    assert memory.attachments.get(two, identity)[1] == prepared("a.png").file
    with pytest.raises(NotFound):
        memory.attachments.get(one, identity)


def test_attachments_are_deleted_with_their_conversation_or_session(memory: ConversationMemory, place: Place) -> None:
    one, two, three = add_conversation(memory), add_conversation(memory), add_conversation(memory)
    for conversation_id, name in ((one, "a.png"), (two, "a.jpg"), (three, "a.csv")):
        attach(memory, conversation_id, name)
    memory.delete_conversation(one)
    assert stored_names(place) == {"a.jpg", "a.csv"}
    memory.clear_conversation(two)
    assert stored_names(place) == {"a.csv"}
    memory.attachments.upload(prepared("a.png"))
    memory.delete_all()
    assert not place.files()


@pytest.mark.parametrize("attachment_id", ["", "..", "../../secret", "a" * 64, "0" * 63, "A" * 64, "\0"])
def test_an_id_that_no_message_has_finds_nothing(memory: ConversationMemory, attachment_id: str) -> None:
    conversation_id = add_conversation(memory)
    attach(memory, conversation_id, "a.png")
    with pytest.raises(NotFound):
        memory.attachments.get(conversation_id, attachment_id)
    with pytest.raises(NotFound):
        memory.attachments.attach_uploads(conversation_id, [attachment_id])
    forged = Attachment(attachment_id, "a", "text/plain", 1)
    assert memory.attachments.get_all(conversation_id, [forged]) == {}


def test_only_its_session_can_attach_an_upload(memory: ConversationMemory, other: ConversationMemory) -> None:
    memory.attachments.upload(prepared("a.png"))
    identity = prepared("a.png").attachment.attachment_id
    with pytest.raises(NotFound):
        memory.attachments.get(add_conversation(memory), identity)
    with pytest.raises(NotFound, match="no longer here"):
        other.attachments.attach_uploads(add_conversation(other), [identity])


def test_the_next_upload_removes_uploads_older_than_a_day(memory: ConversationMemory, path: Path) -> None:
    memory.attachments.upload(prepared("a.pdf"))
    for each in (path / "files" / UPLOADS).iterdir():
        os.utime(each, (each.stat().st_mtime - UPLOAD_SECONDS - 1,) * 2)
    memory.attachments.upload(prepared("a.csv"))
    assert not (path / "files" / UPLOADS / prepared("a.pdf").attachment.attachment_id).exists()
    assert memory.attachments.attach_uploads(add_conversation(memory), [prepared("a.csv").attachment.attachment_id])


def test_the_next_upload_removes_what_a_killed_process_left(memory: ConversationMemory, path: Path) -> None:
    left = path / "files" / ("0" * 32)
    left.mkdir(parents=True)
    (left / prepared("a.png").attachment.attachment_id).write_bytes(b"x")
    memory.attachments.upload(prepared("a.csv"))
    assert not left.exists()


def test_attachments_count_towards_the_quota_of_the_session(tmp_path: Path) -> None:
    size = prepared("a.pdf").attachment.size
    memory = ConversationMemory(tmp_path / "one", quotas=Quotas(session_bytes=size + 300))
    conversation_id = add_conversation(memory)
    attach(memory, conversation_id, "a.pdf")
    with pytest.raises(TooLarge, match="more than the"):
        memory.attachments.upload(prepared("a.jpg"))
    other = ConversationMemory(tmp_path / "other", quotas=Quotas(session_bytes=size - 1))
    with pytest.raises(TooLarge):
        import_file(other, export_zip(memory))
    assert other.list_conversations() == []
    memory.delete_conversation(conversation_id)
    memory.attachments.upload(prepared("a.csv"))


def test_damaged_attachment_metadata_loses_neither_text_nor_file(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory)
    attach(memory, conversation_id, "a.png")
    tables = place.tables(conversation_id)
    (record,) = tables["messages"].values()
    record["attachments"][0]["size"] = "large"
    place.write_tables(conversation_id, tables)
    again = place.memory()
    assert [each.content for each in again.get_messages(conversation_id)] == ["Look"]
    again.attachments.delete_unused(conversation_id)
    assert stored_names(place) == {"a.png"}


def test_the_same_content_is_stored_once(memory: ConversationMemory) -> None:
    for name in ("a.txt", "b.txt"):
        memory.attachments.upload(prepare(name, b"same"))
    identity = prepare("a.txt", b"same").attachment.attachment_id
    attachments = memory.attachments.attach_uploads(add_conversation(memory), [identity, identity])
    assert [each.name for each in attachments] == ["b.txt"]
