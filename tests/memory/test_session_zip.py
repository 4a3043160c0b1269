"""Archive: a whole session as a zip, and nothing but such a zip comes back in."""

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import orjson
import pytest

from chatbot.errors import InvalidFile, ShuttingDown, StorageError, TooLarge
from chatbot.storage import ConversationMemory
from chatbot.storage.quotas import Quotas
from chatbot.transfer import export_markdown, export_zip, import_file
from chatbot.transfer import session_zip as archives
from chatbot.transfer.conversation_json import restore
from tests.stored_files import file, files, filled, whole, with_versions


def test_a_session_comes_back_from_a_zip(memory: ConversationMemory, other: ConversationMemory) -> None:
    ids = [with_versions(memory), filled(memory, "B"), memory.create_conversation(), filled(memory, "D")]
    taken = import_file(other, export_zip(memory))
    assert len(taken) == len(ids)
    assert {c.title for c in other.list_conversations()} == {"Hello 🙂", "B", "", "D"}
    assert [c.updated_at for c in other.list_conversations()] == [c.updated_at for c in memory.list_conversations()]
    (first,) = (c.conversation_id for c in other.list_conversations() if c.title.startswith("Hello"))
    assert whole(other, first) == whole(memory, ids[0])


def zipped(**members: Any) -> bytes:
    """A zip of those JSON files."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.json", member if isinstance(member, bytes) else orjson.dumps(member))
    return content.getvalue()


def test_names_in_a_zip_suit_every_system_and_are_all_different(memory: ConversationMemory) -> None:
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


def test_the_markdown_in_a_zip_is_what_is_on_show(memory: ConversationMemory) -> None:
    conversation_id = with_versions(memory)
    with ZipFile(BytesIO(export_zip(memory))) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".md")]
        text = archive.read(name).decode()
    messages = memory.get_messages(conversation_id)
    assert text == export_markdown(memory.get_conversation(conversation_id), messages)
    assert text == "# Hello 🙂\n\n**You**\n\nHello 🙂\u2028\n\n**m**\n\nHi!\n"


@pytest.mark.parametrize(
    "make",
    [
        zipped,
        lambda: zipped(a=file(), b=file(head="missing")),
        lambda: zipped(a=file(), b=b"{"),
        lambda: zipped(a=file())[:-30],
        lambda: altered(zipped(a=file())),
        lambda: zipped(a=orjson.dumps(file())[:-1] + b" " * 40_000 + b"}", b=file()),
        lambda: zipped(**{str(number): file() for number in range(21)}),
        lambda: compressed(ZIP_BZIP2),
        lambda: encrypted(zipped(a=file())),
    ],
)
def test_a_zip_that_is_spoilt_or_too_large_changes_nothing(
    memory: ConversationMemory, path: Path, make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(memory, "A")
    before = files(path)
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 30_000)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 20)
    import_file(memory, zipped(a=file(), b=file()))
    before = files(path)
    with pytest.raises(InvalidFile, match=r"Nothing was changed\.$"):
        import_file(memory, make())
    assert files(path) == before


def compressed(method: int) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", method) as archive:
        archive.writestr("a.json", orjson.dumps(file()))
    return content.getvalue()


def altered(content: bytes) -> bytes:
    """The zip with a wrong byte in what it holds."""
    return content[:60] + bytes([content[60] ^ 255]) + content[61:]


def encrypted(content: bytes) -> bytes:
    """The zip with the flag of an encrypted member, in both places."""
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + place
        content = content[:at] + b"\x01" + content[at + 1 :]
    return content


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(memory: ConversationMemory, path: Path) -> None:
    content = zipped(a=b" " * 50_000_000 + orjson.dumps(file()))
    real, claimed = (50_000_000 + len(orjson.dumps(file()))).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert content.count(real) == 2
    with pytest.raises(InvalidFile):
        import_file(memory, content.replace(real, claimed))
    assert not path.exists()


def test_a_disk_that_refuses_in_the_middle_leaves_none_of_a_zip(
    memory: ConversationMemory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(memory, "A")
    before = files(path)
    left = iter("two")

    def refuse_after_some(memory: ConversationMemory, file: Any, *_: object) -> str:
        if next(left, None) is None:
            raise StorageError
        return restore(memory, file)

    monkeypatch.setattr("chatbot.transfer.session_zip.restore", refuse_after_some)
    with pytest.raises(StorageError):
        import_file(memory, zipped(**{letter: file() for letter in "abcde"}))
    assert files(path) == before


@pytest.mark.parametrize(("limit", "most"), [("MAX_VALUES", 100), ("MAX_SECONDS", -1.0)])
@pytest.mark.parametrize("make", [lambda each: each, lambda each: zipped(a=file(messages=[]), b=each)])
def test_what_takes_too_much_memory_or_time_changes_nothing(
    limit: str,
    most: float,
    make: Callable[[bytes], bytes],
    memory: ConversationMemory,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled(memory, "A")
    before = files(path)
    content = make(orjson.dumps(file() | {"more": [[]] * 150}))
    monkeypatch.setattr(archives, limit, most)
    with pytest.raises(InvalidFile, match=r"Nothing was changed\."):
        import_file(memory, content)
    assert files(path) == before


def test_an_import_ends_with_the_app_and_changes_nothing(memory: ConversationMemory, path: Path) -> None:
    over = iter([False, True])
    with pytest.raises(ShuttingDown):
        import_file(memory, zipped(a=file(), b=file()), lambda: next(over))
    assert not path.exists() or files(path) == {}


def test_text_has_no_more_room_than_was_set(tmp_path: Path) -> None:
    memory = ConversationMemory(tmp_path / "one", quotas=Quotas(session_bytes=10_000))
    said = file()
    said["messages"][0]["content"] = "x" * 8_000
    (taken,) = import_file(memory, orjson.dumps(said))
    with pytest.raises(TooLarge):
        import_file(memory, orjson.dumps(said))
    memory.delete_conversation(taken)
    import_file(memory, orjson.dumps(said))
