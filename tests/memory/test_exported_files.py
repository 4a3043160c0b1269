"""Files in an export: they leave with their conversation and come back with it, or nothing does."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest

from chatbot.errors import InvalidFile
from chatbot.storage import ConversationMemory
from chatbot.transfer import export_json, export_markdown, export_zip, import_file, import_json
from tests.samples import picture, picture_bomb, prepared
from tests.stored_files import NAMES, attach, file, filled, message, whole


@pytest.mark.parametrize("export", ["json", "zip"])
def test_files_come_back_from_an_export(
    memory: ConversationMemory, other: ConversationMemory, tmp_path: Path, export: str
) -> None:
    conversation_id = filled(memory, "A")
    attach(memory, conversation_id, *NAMES)
    content = export_json(memory, conversation_id) if export == "json" else export_zip(memory)
    (taken,) = import_file(other, content)
    again = ConversationMemory(tmp_path / "another-session")
    assert whole(again, taken) == whole(memory, conversation_id)
    for name in NAMES:
        identity = prepared(name).attachment.attachment_id
        assert again.attachments.get(taken, identity) == memory.attachments.get(conversation_id, identity)


def test_a_zip_has_each_file_once_for_reading_and_the_text_leads_to_it(memory: ConversationMemory) -> None:
    for _ in range(2):
        attach(memory, filled(memory), "a.png", "a.csv")
    with ZipFile(io.BytesIO(export_zip(memory))) as archive:
        names = archive.namelist()
        files = [name for name in names if name.startswith("files/")]
        texts = [archive.read(name).decode() for name in names if name.endswith(".md")]
        assert {archive.read(name) for name in files} == {prepared(name).file.content for name in ("a.png", "a.csv")}
    assert sorted(name.rpartition(".")[2] for name in files) == ["png", "txt"]
    for text in texts:
        assert all(f"({name})" in text for name in files)
        assert "![a.png](" in text


def test_a_text_to_read_names_the_files(memory: ConversationMemory) -> None:
    conversation_id = filled(memory)
    attach(memory, conversation_id, "a.png")
    text = export_markdown(memory.get_conversation(conversation_id), memory.get_messages(conversation_id))
    assert "**You**\n\n*Attached: a.png*\n\nLook" in text


def exported(**changes: object) -> dict[str, object]:
    """An export of one message with a picture."""
    one = prepared("a.png").attachment
    said = message("a", attachments=[{name: getattr(one, name) for name in one.__slots__}])
    return file(said) | changes


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "missing"), (b"MZ\0\0", "neither a picture"), (picture_bomb(), "million pixels"), (b"", "missing|empty")],
)
def test_an_export_whose_file_is_missing_or_spoilt_changes_nothing(
    memory: ConversationMemory, path: Path, content: bytes | None, sentence: str
) -> None:
    from base64 import b64encode  # noqa: PLC0415

    identity = prepared("a.png").attachment.attachment_id
    files = {} if content is None else {identity: b64encode(content).decode()}
    with pytest.raises(InvalidFile, match=rf"({sentence}).*Nothing was changed\.$"):
        import_json(memory, exported(files=files))
    assert not path.exists()


def test_what_an_export_says_of_a_file_does_not_count_but_what_it_is(memory: ConversationMemory) -> None:
    from base64 import b64encode  # noqa: PLC0415

    identity = prepared("a.png").attachment.attachment_id
    smuggled = picture("JPEG")
    taken = import_json(memory, exported(files={identity: b64encode(smuggled).decode()}))
    (attachment,) = memory.get_messages(taken)[0].attachments
    assert attachment.media_type == "image/jpeg"
    assert b"SecretCam" not in memory.attachments.get(taken, attachment.attachment_id)[1].content
