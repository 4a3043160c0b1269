"""A session exported as a zip, and the import of zips."""

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import orjson
import pytest

from chatbot.attachments import prepare
from chatbot.errors import InvalidFile, ShuttingDown, StorageError, TooLarge
from chatbot.storage import ConversationMemory
from chatbot.storage.quotas import Quotas
from chatbot.transfer import export_markdown, export_zip, import_file, session_zip
from chatbot.transfer.conversation_json import restore
from chatbot.types import Summary
from tests.support.stored_files import add_conversation, add_full_conversation, file, normalized, read_files


def test_a_session_is_exported_and_imported_as_a_zip(memory: ConversationMemory, other: ConversationMemory) -> None:
    ids = [
        add_full_conversation(memory),
        add_conversation(memory, "B"),
        memory.create_conversation(),
        add_conversation(memory, "D"),
    ]
    imported = import_file(other, export_zip(memory))
    assert len(imported) == len(ids)
    assert {c.title for c in other.list_conversations()} == {"Hello 🙂", "B", "", "D"}
    assert [c.updated_at for c in other.list_conversations()] == [c.updated_at for c in memory.list_conversations()]
    (first,) = (c.conversation_id for c in other.list_conversations() if c.title.startswith("Hello"))
    assert normalized(other, first) == normalized(memory, ids[0])


def make_zip(**members: Any) -> bytes:
    """A zip with these JSON files."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.json", member if isinstance(member, bytes) else orjson.dumps(member))
    return content.getvalue()


def test_names_in_a_zip_are_unique_and_valid_everywhere(memory: ConversationMemory) -> None:
    titles = [
        "a/b\\c",
        "..",
        "CON",
        "nul.",
        'x<>:"|?*\0',
        "é\u0301" * 200,
        "漢字" * 100,
        "",
        "same",
        "Same",
        "--x",
        "💥",
    ]
    for number, title in enumerate(titles):
        memory.create_conversation(title, conversation_id=f"00000000{number:024x}")
    with ZipFile(BytesIO(export_zip(memory))) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        year = archive.infolist()[0].date_time[0]
    assert len({name.casefold() for name in names}) == 2 * len(titles)
    assert year == int(time.strftime("%Y", time.gmtime()))
    for name in names:
        stem, _, extension = name.rpartition(".")
        assert extension in ("json", "md")
        assert not set(stem) & set('/\\<>:"|?*.\0')
        assert stem == stem.strip()
        assert " 00000000" in stem
        assert len(name.encode()) < 255


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("می‌خواهم بنویسم", "می‌خواهم بنویسم"),
        ("क्‍ष और हिन्दी", "क्‍ष और हिन्दी"),
        ("นี่คือแฟ้ม", "นี่คือแฟ้ม"),
        ("Fam 👨‍👩‍👧 ily", "Fam ily"),
        ("\u200d\u200c", "Conversation"),
        ("a/b:c", "a b c"),
    ],
)
def test_letters_marks_and_joiners_of_every_script_stay_in_a_files_name(
    title: str, expected: str, memory: ConversationMemory
) -> None:
    conversation_id = memory.create_conversation(title)
    with ZipFile(BytesIO(export_zip(memory))) as archive:
        assert archive.namelist()[0] == f"{expected} {conversation_id[:8]}.json"


def test_the_markdown_in_a_zip_has_the_shown_messages(memory: ConversationMemory) -> None:
    conversation_id = add_full_conversation(memory)
    with ZipFile(BytesIO(export_zip(memory))) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".md")]
        text = archive.read(name).decode()
    messages = memory.get_messages(conversation_id)
    assert text == export_markdown(memory.get_conversation(conversation_id), messages)
    assert text == "# Hello 🙂\n\n**You**\n\nHello 🙂\u2028\n\n**m**\n\nHi!\n"
    until = messages[0].message_id
    memory.summaries.add(conversation_id, Summary("s", "In short.", 1, until, messages[0].created_at, model="m"))
    with ZipFile(BytesIO(export_zip(memory))) as archive:
        assert "> **Summary of 1 earlier message** (m, 2" in archive.read(name).decode()


@pytest.mark.parametrize(
    "make",
    [
        make_zip,
        lambda: make_zip(a=file(), b=file(head="missing")),
        lambda: make_zip(a=file(), b=b"{"),
        lambda: make_zip(a=file())[:-30],
        lambda: altered(make_zip(a=file())),
        lambda: make_zip(a=orjson.dumps(file())[:-1] + b" " * 40_000 + b"}", b=file()),
        lambda: make_zip(**{str(number): file() for number in range(21)}),
        lambda: compressed_with(ZIP_BZIP2),
        lambda: encrypted(make_zip(a=file())),
    ],
)
def test_an_invalid_or_too_large_zip_changes_nothing(
    memory: ConversationMemory, path: Path, make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_conversation(memory, "A")
    before = read_files(path)
    monkeypatch.setattr(session_zip, "MAX_UNPACKED_BYTES", 30_000)
    monkeypatch.setattr(session_zip, "MAX_MEMBERS", 20)
    import_file(memory, make_zip(a=file(), b=file()))
    before = read_files(path)
    with pytest.raises(InvalidFile, match=r"Nothing was changed\.$"):
        import_file(memory, make())
    assert read_files(path) == before


def repacked(content: bytes, folder: str, *added: str) -> bytes:
    """The zip as a file manager packs it again after it was unpacked: in a folder, with files of its own."""
    packed = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for name in added:
            new.writestr(name, b"\0\5\26\7")
        for member in old.infolist():
            new.writestr(folder + member.filename, old.read(member))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("folder", "added"),
    [
        ("", ["__MACOSX/._A 1234.json", "__MACOSX/files/._x.png", ".DS_Store"]),
        ("talks/", ["talks/", "talks/files/", "__MACOSX/talks/._A 1234.json", "talks/.DS_Store", "talks/._B.json"]),
        ("my talks/sub/", ["my talks/desktop.ini", "my talks/Thumbs.db"]),
    ],
)
def test_a_repacked_export_is_imported_with_its_attachments(
    folder: str, added: list[str], memory: ConversationMemory, other: ConversationMemory
) -> None:
    attached = prepare("notes.txt", b"What the file says.")
    conversation_id = memory.create_conversation("With a file")
    memory.attachments.put(conversation_id, [attached])
    memory.add_message(conversation_id, "user", "Read it.", attachments=(attached.attachment,))
    (imported,) = import_file(other, repacked(export_zip(memory), folder, *added))
    (message,) = other.get_messages(imported)
    assert [each.name for each in message.attachments] == ["notes.txt"]


def compressed_with(method: int) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", method) as archive:
        archive.writestr("a.json", orjson.dumps(file()))
    return content.getvalue()


def altered(content: bytes) -> bytes:
    """The zip with a wrong byte in its first file."""
    return content[:60] + bytes([content[60] ^ 255]) + content[61:]


def encrypted(content: bytes) -> bytes:
    """The zip with its only file flagged as encrypted, in both headers."""
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + offset
        content = content[:at] + b"\x01" + content[at + 1 :]
    return content


def test_a_zip_bomb_with_a_false_size_is_not_unpacked(memory: ConversationMemory, path: Path) -> None:
    content = make_zip(a=b" " * 50_000_000 + orjson.dumps(file()))
    real, claimed = (50_000_000 + len(orjson.dumps(file()))).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert content.count(real) == 2
    with pytest.raises(InvalidFile):
        import_file(memory, content.replace(real, claimed))
    assert not path.exists()


def test_a_disk_error_half_way_undoes_the_whole_import(
    memory: ConversationMemory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_conversation(memory, "A")
    before = read_files(path)
    allowed = iter("two")

    def fail_after_three(memory: ConversationMemory, file: Any, *_: object) -> str:
        if next(allowed, None) is None:
            raise StorageError
        return restore(memory, file)

    monkeypatch.setattr("chatbot.transfer.session_zip.restore", fail_after_three)
    with pytest.raises(StorageError):
        import_file(memory, make_zip(**{letter: file() for letter in "abcde"}))
    assert read_files(path) == before


@pytest.mark.parametrize(("limit", "value"), [("MAX_VALUES", 100), ("MAX_SECONDS", -1.0)])
@pytest.mark.parametrize("make", [lambda each: each, lambda each: make_zip(a=file(), b=each)])
def test_an_import_beyond_a_limit_changes_nothing(
    limit: str,
    value: float,
    make: Callable[[bytes], bytes],
    memory: ConversationMemory,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_conversation(memory, "A")
    before = read_files(path)
    content = make(orjson.dumps(file() | {"more": [[]] * 150}))
    monkeypatch.setattr(session_zip, limit, value)
    with pytest.raises(InvalidFile, match=r"Nothing was changed\."):
        import_file(memory, content)
    assert read_files(path) == before


def test_an_import_cancelled_by_the_shutdown_changes_nothing(memory: ConversationMemory, path: Path) -> None:
    is_shutting_down = iter([False, True])
    with pytest.raises(ShuttingDown):
        import_file(memory, make_zip(a=file(), b=file()), lambda: next(is_shutting_down))
    assert not path.exists() or read_files(path) == {}


def test_imported_text_counts_towards_the_quota(tmp_path: Path) -> None:
    memory = ConversationMemory(tmp_path / "one", quotas=Quotas(session_bytes=10_000))
    exported = file()
    exported["messages"][0]["content"] = "x" * 8_000
    (imported,) = import_file(memory, orjson.dumps(exported))
    with pytest.raises(TooLarge):
        import_file(memory, orjson.dumps(exported))
    memory.delete_conversation(imported)
    import_file(memory, orjson.dumps(exported))
