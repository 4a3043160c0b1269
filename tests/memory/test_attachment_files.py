"""The files of a session: beside their conversation, and gone with their message."""

import os
import stat
from pathlib import Path

import orjson
import pytest

from chatbot.attachments import prepare
from chatbot.errors import NotFound, TooLarge
from chatbot.storage import ConversationMemory
from chatbot.storage.attachment_files import UPLOAD_SECONDS, UPLOADS
from chatbot.storage.quotas import Quotas
from chatbot.transfer import export_zip, import_file
from chatbot.types import Attachment
from tests.samples import prepared
from tests.stored_files import NAMES, attach, filled


def on_disk(path: Path) -> set[str]:
    """The files that are kept, by the names under which they were attached."""
    names = {prepared(name).attachment.attachment_id: name for name in NAMES}
    found = [each for each in (path / "files").rglob("*") if each.is_file() and not each.name.endswith(".txt")]
    return {names.get(each.name, each.name) for each in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_there_again_after_a_restart(memory: ConversationMemory, path: Path, name: str) -> None:
    conversation_id = filled(memory)
    attach(memory, conversation_id, name)
    again = ConversationMemory(path)
    (said,) = again.get_messages(conversation_id)
    assert said.attachments == (prepared(name).attachment,)
    assert again.attachments.get(conversation_id, said.attachments[0].attachment_id) == (
        said.attachments[0],
        prepared(name).file,
    )
    assert again.attachments.get_all(conversation_id, said.attachments) == {
        said.attachments[0].attachment_id: prepared(name).file
    }


def test_only_the_apps_own_user_can_read_a_file(memory: ConversationMemory, path: Path) -> None:
    attach(memory, filled(memory), *NAMES)
    for each in (path / "files").rglob("*"):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)


def test_a_message_without_files_is_stored_as_it_was_before_there_were_any(
    memory: ConversationMemory, path: Path
) -> None:
    conversation_id = filled(memory, "A")
    assert b"attachments" not in (path / f"{conversation_id}.json").read_bytes()
    assert not (path / "files").exists()


def test_a_file_goes_with_its_message(memory: ConversationMemory, path: Path) -> None:
    conversation_id = filled(memory, "A")
    attach(memory, conversation_id, "a.png")
    last = attach(memory, conversation_id, "a.pdf", "a.csv")
    memory.remove_from(conversation_id, last)
    assert on_disk(path) == {"a.png"}


def test_a_file_stays_while_another_version_of_its_message_has_it(memory: ConversationMemory, path: Path) -> None:
    conversation_id = filled(memory)
    first = attach(memory, conversation_id, "a.png", "a.csv", after="")
    second = attach(memory, conversation_id, "a.png", after="")
    memory.remove_from(conversation_id, first)
    assert on_disk(path) == {"a.png"}
    memory.remove_from(conversation_id, second)
    assert on_disk(path) == set()


def test_a_file_stays_while_another_conversation_has_it(memory: ConversationMemory) -> None:
    one, two = filled(memory), filled(memory)
    for conversation_id in (one, two):
        attach(memory, conversation_id, "a.png")
    memory.delete_conversation(one)
    identity = prepared("a.png").attachment.attachment_id
    assert memory.attachments.get(two, identity)[1] == prepared("a.png").file
    with pytest.raises(NotFound):
        memory.attachments.get(one, identity)


def test_files_go_with_their_conversation_and_with_the_session(memory: ConversationMemory, path: Path) -> None:
    one, two, three = filled(memory), filled(memory), filled(memory)
    for conversation_id, name in ((one, "a.png"), (two, "a.jpg"), (three, "a.csv")):
        attach(memory, conversation_id, name)
    memory.delete_conversation(one)
    assert on_disk(path) == {"a.jpg", "a.csv"}
    memory.clear_conversation(two)
    assert on_disk(path) == {"a.csv"}
    memory.attachments.upload(prepared("a.png"))
    memory.delete_all()
    assert not path.exists()


@pytest.mark.parametrize("attachment_id", ["", "..", "../../secret", "a" * 64, "0" * 63, "A" * 64, "\0"])
def test_no_id_but_that_of_a_files_message_leads_anywhere(memory: ConversationMemory, attachment_id: str) -> None:
    conversation_id = filled(memory)
    attach(memory, conversation_id, "a.png")
    with pytest.raises(NotFound):
        memory.attachments.get(conversation_id, attachment_id)
    with pytest.raises(NotFound):
        memory.attachments.attach_uploads(conversation_id, [attachment_id])
    forged = Attachment(attachment_id, "a", "text/plain", 1)
    assert memory.attachments.get_all(conversation_id, [forged]) == {}


def test_what_waits_is_nobodys_file_yet(memory: ConversationMemory, other: ConversationMemory) -> None:
    memory.attachments.upload(prepared("a.png"))
    identity = prepared("a.png").attachment.attachment_id
    with pytest.raises(NotFound):
        memory.attachments.get(filled(memory), identity)
    with pytest.raises(NotFound, match="not there any more"):
        other.attachments.attach_uploads(filled(other), [identity])


def test_what_no_message_came_with_in_a_day_is_removed_with_the_next_upload(
    memory: ConversationMemory, path: Path
) -> None:
    memory.attachments.upload(prepared("a.pdf"))
    for each in (path / "files" / UPLOADS).iterdir():
        os.utime(each, (each.stat().st_mtime - UPLOAD_SECONDS - 1,) * 2)
    memory.attachments.upload(prepared("a.csv"))
    assert not (path / "files" / UPLOADS / prepared("a.pdf").attachment.attachment_id).exists()
    assert memory.attachments.attach_uploads(filled(memory), [prepared("a.csv").attachment.attachment_id])


def test_what_a_killed_process_left_is_removed_with_the_next_upload(memory: ConversationMemory, path: Path) -> None:
    left = path / "files" / ("0" * 32)
    left.mkdir(parents=True)
    (left / prepared("a.png").attachment.attachment_id).write_bytes(b"x")
    memory.attachments.upload(prepared("a.csv"))
    assert not left.exists()


def test_the_files_of_a_session_have_no_more_room_than_was_set(tmp_path: Path) -> None:
    size = prepared("a.pdf").attachment.size
    memory = ConversationMemory(tmp_path / "one", quotas=Quotas(session_bytes=size + 300))
    conversation_id = filled(memory)
    attach(memory, conversation_id, "a.pdf")
    with pytest.raises(TooLarge, match="more than the"):
        memory.attachments.upload(prepared("a.jpg"))
    other = ConversationMemory(tmp_path / "other", quotas=Quotas(session_bytes=size - 1))
    with pytest.raises(TooLarge):
        import_file(other, export_zip(memory))
    assert other.list_conversations() == []
    memory.delete_conversation(conversation_id)
    memory.attachments.upload(prepared("a.csv"))


def test_a_damaged_detail_of_a_file_costs_neither_the_text_nor_the_file(memory: ConversationMemory, path: Path) -> None:
    conversation_id = filled(memory)
    attach(memory, conversation_id, "a.png")
    document = path / f"{conversation_id}.json"
    tables = orjson.loads(document.read_bytes())
    (record,) = tables["messages"].values()
    record["attachments"][0]["size"] = "large"
    document.write_bytes(orjson.dumps(tables))
    again = ConversationMemory(path)
    assert [said.content for said in again.get_messages(conversation_id)] == ["Look"]
    again.attachments.delete_unused(conversation_id)
    assert on_disk(path) == {"a.png"}


def test_a_text_that_is_prepared_twice_is_kept_once(memory: ConversationMemory) -> None:
    for name in ("a.txt", "b.txt"):
        memory.attachments.upload(prepare(name, b"same"))
    identity = prepare("a.txt", b"same").attachment.attachment_id
    assert [each.name for each in memory.attachments.attach_uploads(filled(memory), [identity, identity])] == ["b.txt"]
