"""Exchange: what is taken along is complete, and what comes in is a conversation or changes nothing."""

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
from tests.stored_files import TIME, contents, file, files, filled, message, whole, with_versions

ROLES: tuple[Role, ...] = ("user", "assistant")


def test_a_conversation_comes_back_with_everything_under_new_ids(
    memory: ConversationMemory, other: ConversationMemory
) -> None:
    conversation_id = with_versions(memory)
    taken = import_json(other, orjson.loads(export_json(memory, conversation_id)))
    assert whole(other, taken) == whole(memory, conversation_id)
    assert taken != conversation_id
    ids = [
        {message.message_id for message in m.all_messages(c)} for m, c in ((memory, conversation_id), (other, taken))
    ]
    assert not ids[0] & ids[1]
    assert other.get_versions(taken).keys() <= ids[1]
    assert import_file(memory, export_json(other, taken)) != [conversation_id]


def test_an_answer_that_is_being_written_is_taken_along_as_an_interrupted_one(memory: ConversationMemory) -> None:
    conversation_id = filled(memory, "A story")
    memory.add_message(conversation_id, "assistant", "Once upon", status="running")
    file = orjson.loads(export_json(memory, conversation_id))
    answer = file["messages"][-1]
    assert (answer["status"], answer["finish_reason"]) == ("interrupted", "interrupted")
    assert answer["content"] == "Once upon"
    assert memory.get_messages(conversation_id)[-1].status == "running"
    (taken,) = import_file(
        memory, orjson.dumps(file | {"messages": [file["messages"][0], answer | {"status": "running"}]})
    )
    assert memory.get_messages(taken)[-1].status == "interrupted"


def test_what_is_not_there_cannot_be_taken_along(memory: ConversationMemory) -> None:
    with pytest.raises(NotFound):
        export_json(memory, "other")


def test_a_file_of_version_1_is_one_branch_whatever_its_messages_say_of_parents(memory: ConversationMemory) -> None:
    messages = [message("same"), message("same", "nobody", content="two"), message("", content="three")]
    taken = import_json(memory, file(*messages, version=1))
    assert contents(memory, taken) == ["same", "two", "three"]
    assert memory.get_versions(taken) == {}
    empty = import_json(memory, file(version=1, messages=[]))
    assert contents(memory, empty) == []


def test_a_file_that_is_not_spoilt_is_taken(memory: ConversationMemory) -> None:
    taken = import_json(memory, file())
    assert contents(memory, taken) == ["a", "b"]
    assert len(memory.all_messages(taken)) == 3


OPTIONS = {"choice": {"provider": "openai", "model": "m"}, "system_prompt": "", "max_tokens": 1, "history_limit": 1}
SPOILT: list[Any] = [
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


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_spoilt_file_changes_nothing(memory: ConversationMemory, path: Path, spoilt: Any) -> None:
    filled(memory, "A")
    before = files(path)
    with pytest.raises(InvalidFile, match=r"Nothing was changed\.$"):
        import_json(memory, spoilt)
    assert files(path) == before


@pytest.mark.parametrize("content", [b"", b"{", b"\x89PNG", b"\xff\xfe", b"[" * 100_000, b"PK", b"PK\x03\x04broken"])
def test_a_file_that_is_neither_is_refused(memory: ConversationMemory, path: Path, content: bytes) -> None:
    with pytest.raises(InvalidFile, match=r"Nothing was changed\.$"):
        import_file(memory, content)
    assert not path.exists()


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[StoredMessage], str]:
    """Messages, each after its parent, and one of them for the head."""
    messages: list[StoredMessage] = []
    for number in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from(["", *(message.message_id for message in messages)]))
        role: Role = draw(st.sampled_from(ROLES))
        content = draw(st.text(min_size=1).filter(str.strip))
        messages.append(StoredMessage(f"m{number}", role, content, TIME, parent_id=parent))
    return messages, draw(st.sampled_from(["", *(message.message_id for message in messages)]))


@settings(max_examples=40, deadline=None)
@given(trees())
def test_any_tree_comes_back_as_it_was(tree: tuple[list[StoredMessage], str]) -> None:
    with TemporaryDirectory() as directory:
        memory = ConversationMemory(Path(directory) / "session")
        messages, head = tree
        conversation_id = memory.restore_conversation("", TIME, TIME, messages, head=head)
        (taken,) = import_file(memory, export_json(memory, conversation_id))
        again = ConversationMemory(Path(directory) / "session")
        assert whole(again, taken) == whole(memory, conversation_id)
        assert [each.content for each in again.all_messages(taken)] == [each.content for each in messages]


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["a", "b", TIME]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = st.sampled_from([*file(), "options", *(f"messages.{name}" for name in StoredMessage.__dataclass_fields__)])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(PLACES, ANYTHING, min_size=1, max_size=3))
def test_whatever_a_file_says_it_is_taken_whole_or_refused(changes: dict[str, Any]) -> None:
    messages = [message("a"), message("b", "a")]
    spoilt = file(*messages)
    for place, value in changes.items():
        name = place.rpartition(".")[2]
        (messages[1] if place.startswith("messages.") else spoilt)[name] = value
    with TemporaryDirectory() as directory:
        memory = ConversationMemory(Path(directory) / "session")
        try:
            taken = import_json(memory, spoilt)
        except InvalidFile:
            assert memory.list_conversations() == []
        else:
            again = ConversationMemory(Path(directory) / "session")
            assert whole(again, taken) == whole(memory, taken)
            assert import_file(again, export_json(again, taken))
