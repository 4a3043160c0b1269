"""Notes are taken along: in the zip, as a Markdown list, and from another assistant's memory."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from chatbot.errors import InvalidFile
from chatbot.storage import ConversationMemory
from chatbot.transfer import export_zip, import_file
from chatbot.transfer.notes import candidates, export_notes_markdown, import_notes, parse_notes_markdown
from tests.support.stored_files import add_conversation

TEXTS = ["My dentist is Dr. Example.", "*stars*, _lines_, [links](a) & <b>", "1. first #", "我住在上海。", "a | b \\ c"]


def facts(memory: ConversationMemory) -> list[tuple[str, bool]]:
    return [(each.text, each.pinned) for each in memory.notes.list()]


@pytest.mark.parametrize("with_conversation", [True, False])
def test_a_zip_brings_the_notes_along_once(
    memory: ConversationMemory, other: ConversationMemory, with_conversation: bool
) -> None:
    for text in TEXTS:
        memory.notes.create(text, pinned=text == TEXTS[1])
    if with_conversation:
        add_conversation(memory, "Hello")
    content = export_zip(memory)
    assert {"notes.json", "notes.md"} <= set(ZipFile(BytesIO(content)).namelist())
    assert len(import_file(other, content)) == with_conversation
    assert facts(other) == facts(memory)
    assert [each.created_at for each in other.notes.list()] == [each.created_at for each in memory.notes.list()]
    import_file(other, content)
    assert facts(other) == facts(memory)


def test_a_session_without_notes_has_none_in_its_zip(memory: ConversationMemory) -> None:
    add_conversation(memory, "Hello")
    assert not any("notes" in name for name in ZipFile(BytesIO(export_zip(memory))).namelist())


def test_a_markdown_list_comes_back_whole(memory: ConversationMemory, other: ConversationMemory) -> None:
    for text in TEXTS:
        memory.notes.create(text, pinned=text == TEXTS[0])
    import_notes(other, parse_notes_markdown(export_notes_markdown(memory.notes.list())))
    assert sorted(facts(other)) == sorted(facts(memory))


@pytest.mark.parametrize("text", ["[]", '{"format": "chatbot-notes", "version": 2, "notes": []}', "{", '{"a": 1}'])
def test_damaged_notes_change_nothing(memory: ConversationMemory, tmp_path: Path, text: str) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes.json", text)
    with pytest.raises(InvalidFile):
        import_file(memory, (tmp_path / "a.zip").read_bytes())
    assert facts(memory) == []


def test_another_assistants_memory_is_split_into_its_facts() -> None:
    pasted = """# Memory
Here is what I know about you:

**Personal**:
- Lives in **Oslo**.
* [2025-01-02] - Has two cats
1) Is allergic to nuts.
• (unknown) Prefers short answers
2025-03-04: Works as a nurse
- [x] Speaks German
- Lives in **Oslo**.
---
"""
    assert candidates(pasted) == [
        "Lives in Oslo.",
        "Has two cats",
        "Is allergic to nuts.",
        "Prefers short answers",
        "Works as a nurse",
        "Speaks German",
    ]
