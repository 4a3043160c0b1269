"""Exported conversations are complete, and an invalid file imports nothing."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.errors import InvalidFile, NotFound
from chatbot.storage import ConversationMemory
from chatbot.transfer import export_json, import_file, import_json
from chatbot.types import Role, StoredMessage
from tests.support.stored_files import (
    TIME,
    add_conversation,
    add_full_conversation,
    contents,
    file,
    message,
    normalized,
    read_files,
)

ROLES: tuple[Role, ...] = ("user", "assistant")


def test_an_imported_conversation_is_complete_and_has_new_ids(
    memory: ConversationMemory, other: ConversationMemory
) -> None:
    conversation_id = add_full_conversation(memory)
    imported = import_json(other, orjson.loads(export_json(memory, conversation_id)))
    assert normalized(other, imported) == normalized(memory, conversation_id)
    assert imported != conversation_id
    ids = [
        {message.message_id for message in m.all_messages(c)} for m, c in ((memory, conversation_id), (other, imported))
    ]
    assert not ids[0] & ids[1]
    assert other.get_versions(imported).keys() <= ids[1]
    assert import_file(memory, export_json(other, imported)) != [conversation_id]


def test_a_running_answer_is_exported_as_interrupted(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A story")
    memory.add_message(conversation_id, "assistant", "Once upon", status="running")
    file = orjson.loads(export_json(memory, conversation_id))
    answer = file["messages"][-1]
    assert (answer["status"], answer["finish_reason"]) == ("interrupted", "interrupted")
    assert answer["content"] == "Once upon"
    assert memory.get_messages(conversation_id)[-1].status == "running"
    (imported,) = import_file(
        memory, orjson.dumps(file | {"messages": [file["messages"][0], answer | {"status": "running"}]})
    )
    assert memory.get_messages(imported)[-1].status == "interrupted"


def test_an_unknown_conversation_cannot_be_exported(memory: ConversationMemory) -> None:
    with pytest.raises(NotFound):
        export_json(memory, "other")


def test_a_file_of_version_1_is_one_branch(memory: ConversationMemory) -> None:
    messages = [message("same"), message("same", "nobody", content="two"), message("", content="three")]
    imported = import_json(memory, file(*messages, version=1))
    assert contents(memory, imported) == ["same", "two", "three"]
    assert memory.get_versions(imported) == {}
    empty = import_json(memory, file(version=1, messages=[]))
    assert contents(memory, empty) == []


def test_a_valid_file_is_imported(memory: ConversationMemory) -> None:
    imported = import_json(memory, file())
    assert contents(memory, imported) == ["a", "b"]
    assert len(memory.all_messages(imported)) == 3


OPTIONS = {"choice": {"provider": "openai", "model": "m"}, "system_prompt": "", "max_tokens": 1, "history_limit": 1}
INVALID: list[Any] = [
    *([], "text", None, 1, {}, file(version=3), file(version="2"), file(format="another-app")),
    file(title="x" * 201),
    file(created_at="yesterday"),
    file(updated_at="2026-01-31T12:00:00.000+02:00"),
    file(head="missing"),
    file(head=None),
    file(message("a"), message("b", "missing")),
    file(message("a", "b"), message("b", "a")),
    file(message("a", "a")),
    file(message("b", "a"), message("a")),
    file(message("a"), message("a")),
    file(message("")),
    file(message("a") | {"parent_id": None}),
    file(message("a", role="system")),
    file(message("a", role=["user", "assistant"])),
    file(message("a", content=" ")),
    file(message("a", content="\ud83d")),
    file(message("a", cost="much")),
    file(message("a", cost=float("inf"))),
    file(message("a", seen={"sent": 1})),
    file(message("a", usage={"input_tokens": 2**64})),
    file(options={}),
    file(options=OPTIONS | {"max_tokens": 0}),
    file(options=OPTIONS | {"history_limit": 0}),
    file(options=OPTIONS | {"temperature": 3}),
    file(options=OPTIONS | {"choice": {"provider": "another", "model": "m"}}),
]


@pytest.mark.parametrize("invalid", INVALID)
def test_an_invalid_file_changes_nothing(memory: ConversationMemory, path: Path, invalid: Any) -> None:
    add_conversation(memory, "A")
    before = read_files(path)
    with pytest.raises(InvalidFile, match=r"Nothing was changed\.$"):
        import_json(memory, invalid)
    assert read_files(path) == before


@pytest.mark.parametrize("content", [b"", b"{", b"\x89PNG", b"\xff\xfe", b"[" * 100_000, b"PK", b"PK\x03\x04broken"])
def test_a_file_that_is_neither_json_nor_zip_is_refused(memory: ConversationMemory, path: Path, content: bytes) -> None:
    with pytest.raises(InvalidFile, match=r"Nothing was changed\.$"):
        import_file(memory, content)
    assert not path.exists()


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[StoredMessage], str]:
    """Messages, each after its parent, and the id of the head."""
    messages: list[StoredMessage] = []
    for number in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from(["", *(message.message_id for message in messages)]))
        role: Role = draw(st.sampled_from(ROLES))
        content = draw(st.text(min_size=1).filter(str.strip))
        messages.append(StoredMessage(f"m{number}", role, content, TIME, parent_id=parent))
    return messages, draw(st.sampled_from(["", *(message.message_id for message in messages)]))


@settings(max_examples=40, deadline=None)
@given(trees())
def test_any_message_tree_is_imported_unchanged(tree: tuple[list[StoredMessage], str]) -> None:
    with TemporaryDirectory() as directory:
        memory = ConversationMemory(Path(directory) / "session")
        messages, head = tree
        conversation_id = memory.restore_conversation("", TIME, TIME, messages, head=head)
        (imported,) = import_file(memory, export_json(memory, conversation_id))
        again = ConversationMemory(Path(directory) / "session")
        assert normalized(again, imported) == normalized(memory, conversation_id)
        assert [each.content for each in again.all_messages(imported)] == [each.content for each in messages]


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["a", "b", TIME]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from([*file(), "options", *(f"messages.{name}" for name in StoredMessage.__dataclass_fields__)])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(FIELDS, ANYTHING, min_size=1, max_size=3))
def test_any_file_is_imported_completely_or_refused(changes: dict[str, Any]) -> None:
    messages = [message("a"), message("b", "a")]
    changed = file(*messages)
    for field, value in changes.items():
        name = field.rpartition(".")[2]
        (messages[1] if field.startswith("messages.") else changed)[name] = value
    with TemporaryDirectory() as directory:
        memory = ConversationMemory(Path(directory) / "session")
        try:
            imported = import_json(memory, changed)
        except InvalidFile:
            assert memory.list_conversations() == []
        else:
            again = ConversationMemory(Path(directory) / "session")
            assert normalized(again, imported) == normalized(memory, imported)
            assert import_file(again, export_json(again, imported))
