"""Attachments in exported files."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest

from chatbot.errors import InvalidFile
from chatbot.storage import ConversationMemory
from chatbot.transfer import export_json, export_markdown, export_zip, import_file, import_json
from tests.support.sample_files import picture, picture_bomb, prepared
from tests.support.stored_files import FILE_NAMES, add_conversation, attach, file, message, normalized


@pytest.mark.parametrize("export", ["json", "zip"])
def test_attachments_are_exported_and_imported(
    memory: ConversationMemory, other: ConversationMemory, tmp_path: Path, export: str
) -> None:
    conversation_id = add_conversation(memory, "A")
    attach(memory, conversation_id, *FILE_NAMES)
    content = export_json(memory, conversation_id) if export == "json" else export_zip(memory)
    (imported,) = import_file(other, content)
    again = ConversationMemory(tmp_path / "another-session")
    assert normalized(again, imported) == normalized(memory, conversation_id)
    for name in FILE_NAMES:
        identity = prepared(name).attachment.attachment_id
        assert again.attachments.get(imported, identity) == memory.attachments.get(conversation_id, identity)


def test_a_zip_has_each_attachment_once_linked_from_the_text(memory: ConversationMemory) -> None:
    for _ in range(2):
        attach(memory, add_conversation(memory), "a.png", "a.csv")
    with ZipFile(io.BytesIO(export_zip(memory))) as archive:
        names = archive.namelist()
        files = [name for name in names if name.startswith("files/")]
        texts = [archive.read(name).decode() for name in names if name.endswith(".md")]
        assert {archive.read(name) for name in files} == {prepared(name).file.content for name in ("a.png", "a.csv")}
    assert sorted(name.rpartition(".")[2] for name in files) == ["png", "txt"]
    for text in texts:
        assert all(f"({name})" in text for name in files)
        assert "![a.png](" in text


def test_the_markdown_names_the_attachments(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory)
    attach(memory, conversation_id, "a.png")
    text = export_markdown(memory.get_conversation(conversation_id), memory.get_messages(conversation_id))
    assert "**You**\n\n*Attached: a.png*\n\nLook" in text


def exported(**changes: object) -> dict[str, object]:
    """An exported file with a picture in its only message."""
    attachment = prepared("a.png").attachment
    only = message("a", attachments=[{name: getattr(attachment, name) for name in attachment.__slots__}])
    return file(only) | changes


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "missing"), (b"MZ\0\0", "neither a picture"), (picture_bomb(), "million pixels"), (b"", "missing|empty")],
)
def test_a_missing_or_invalid_attachment_imports_nothing(
    memory: ConversationMemory, path: Path, content: bytes | None, reason: str
) -> None:
    from base64 import b64encode  # noqa: PLC0415

    identity = prepared("a.png").attachment.attachment_id
    files = {} if content is None else {identity: b64encode(content).decode()}
    with pytest.raises(InvalidFile, match=rf"({reason}).*Nothing was changed\.$"):
        import_json(memory, exported(files=files))
    assert not path.exists()


def test_the_media_type_is_detected_from_the_content(memory: ConversationMemory) -> None:
    from base64 import b64encode  # noqa: PLC0415

    identity = prepared("a.png").attachment.attachment_id
    smuggled = picture("JPEG")
    imported = import_json(memory, exported(files={identity: b64encode(smuggled).decode()}))
    (attachment,) = memory.get_messages(imported)[0].attachments
    assert attachment.media_type == "image/jpeg"
    assert b"SecretCam" not in memory.attachments.get(imported, attachment.attachment_id)[1].content
