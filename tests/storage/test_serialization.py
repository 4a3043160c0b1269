"""Serialization of any text, and of what another process or version wrote."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.api.responses import MessageOut
from chatbot.errors import StorageError
from chatbot.page.message_view import lines
from chatbot.storage import ConversationMemory
from chatbot.storage.titles import make_title
from tests.support.places import Place
from tests.support.running import ROOT
from tests.support.stored_files import add_conversation, add_full_conversation, contents, read_tables, write_tables

OTHER_PROCESS = """
import sys
from pathlib import Path
from chatbot.storage import ConversationMemory

memory = ConversationMemory(Path(sys.argv[1]))
conversation_id = memory.create_conversation()
memory.add_message(conversation_id, "user", "Tell me a story")
answer = memory.add_message(conversation_id, "assistant", "Once upon", status="running", model="m")
assert memory.get_messages(conversation_id)[-1] == answer
print(conversation_id)
"""


@pytest.mark.parametrize(
    ("text", "stored_text"),
    [
        ("nul \0 inside", "nul \0 inside"),
        ("two halves \ud83d\ude00 of an emoji", "two halves 😀 of an emoji"),
        ("one half \ud83d of it", "one half \ufffd of it"),
        ("the other \ude00", "the other \ufffd"),
        ("line\u2028separator \u202e and \ufeff", "line\u2028separator \u202e and \ufeff"),
    ],
)
def test_any_text_is_stored_with_lone_surrogates_replaced(
    memory: ConversationMemory, place: Place, text: str, stored_text: str
) -> None:
    conversation_id = memory.create_conversation()
    message = memory.add_message(conversation_id, "user", text)
    answer = memory.add_message(conversation_id, "assistant", "", model=text, status="running")
    memory.update_message(conversation_id, replace(answer, content=text, reasoning=text, status="complete"))
    again = place.memory()
    stored = again.get_messages(conversation_id)
    assert message == stored[0]
    assert [stored[0].content, stored[1].content, stored[1].reasoning, stored[1].model] == [stored_text] * 4
    assert again.get_conversation(conversation_id).title == make_title(stored_text)
    memory.rename_conversation(conversation_id, text)
    memory.create_conversation(text)
    assert {c.title for c in place.memory().list_conversations()} == {stored_text}


def test_an_answer_left_running_by_another_process_is_interrupted(path: Path) -> None:
    command: list[str | Path] = [sys.executable, "-c", OTHER_PROCESS, path]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    answer = ConversationMemory(path).get_messages(ended.stdout.strip())[-1]
    assert (answer.status, answer.finish_reason, answer.content) == ("interrupted", "interrupted", "Once upon")


def test_a_running_answer_of_this_process_stays_running_when_reread(memory: ConversationMemory, place: Place) -> None:
    conversation_id = memory.create_conversation()
    answer = memory.add_message(conversation_id, "assistant", "Once", status="running")
    assert place.memory().get_messages(conversation_id) == [answer]
    assert answer.status == "running"


def test_an_unknown_field_of_a_later_version_is_preserved(memory: ConversationMemory, place: Place) -> None:
    conversation_id = memory.create_conversation()
    message = memory.add_message(conversation_id, "user", "Hello")
    content = place.tables(conversation_id)
    content["messages"][message.message_id]["rating"] = 5
    place.write_tables(conversation_id, content)
    again = place.memory()
    assert again.get_messages(conversation_id) == [message]
    again.update_message(conversation_id, replace(message, content="Hello!"))
    record = place.tables(conversation_id)["messages"][message.message_id]
    assert (record["content"], record["rating"]) == ("Hello!", 5)


def test_fields_missing_from_an_earlier_version_have_defaults(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory, "Hello")
    stored = memory.get_messages(conversation_id)
    content = place.tables(conversation_id)
    for record in content["messages"].values():
        for name in ("cost", "seen", "usage", "timing", "fault", "reasoning"):
            del record[name]
    place.write_tables(conversation_id, content)
    assert place.memory().get_messages(conversation_id) == stored


def with_field(content: Any, table: str, key: str, value: Any) -> Any:
    """The tables with a field set in the only document of a table, or removed if the value is `...`."""
    (document,) = content[table].values()
    document[key] = value
    if value is ...:
        del document[key]
    return content


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: [],
        lambda content: {},
        lambda content: content | {"conversation": {}},
        lambda content: content | {"conversation": content["conversation"] | {"b": {}}},
        lambda content: content | {"messages": []},
        lambda content: content | {"messages": {}},
        lambda content: content | {"messages": {"": next(iter(content["messages"].values()))}},
        lambda content: with_field(content, "conversation", "head", "missing"),
        lambda content: with_field(content, "conversation", "head", None),
        lambda content: with_field(content, "conversation", "title", 1),
        lambda content: with_field(content, "conversation", "updated_at", ...),
        lambda content: with_field(content, "messages", "parent_id", "missing"),
        lambda content: with_field(content, "messages", "parent_id", []),
        lambda content: with_field(content, "messages", "parent_id", next(iter(content["messages"]))),
        lambda content: with_field(content, "messages", "content", None),
        lambda content: with_field(content, "messages", "role", "system"),
        lambda content: with_field(content, "messages", "status", ...),
    ],
)
def test_a_damaged_file_is_set_aside_and_others_stay_usable(
    memory: ConversationMemory, place: Place, damage: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    damaged, other = add_conversation(memory, "secret"), add_conversation(memory, "B")
    place.write_tables(damaged, damage(place.tables(damaged)))
    content = place.files()[f"{damaged}.json"]
    again = place.memory()
    assert [each.conversation_id for each in again.list_conversations()] == [other]
    assert [each.message_id for each in again.search("secret")] == []
    for reader in (again, place.memory()):
        with pytest.raises(StorageError, match="damaged"):
            reader.get_messages(damaged)
    asides = [aside for name, aside in place.files().items() if name.startswith(f"{damaged}.damaged-")]
    assert asides == [content]
    assert damaged in caplog.text
    assert "secret" not in caplog.text
    again.add_message(other, "user", "C")
    again.delete_all()
    assert not place.files()


@pytest.mark.parametrize("value", [None, 5, "x", [], {"a": 1}, {"total_ms": "x", "input_tokens": [], "sent": None}])
def test_an_invalid_detail_is_dropped_and_the_text_is_read(path: Path, value: Any) -> None:
    conversation_id = add_full_conversation(ConversationMemory(path))
    content = read_tables(path, conversation_id)
    needed = {"role", "content", "created_at", "status", "parent_id"}
    for record in content["messages"].values():
        record.update(dict.fromkeys(record.keys() - needed, value))
    write_tables(path, conversation_id, content)
    again = ConversationMemory(path)
    assert contents(again, conversation_id) == ["Hello 🙂\u2028", "Hi!"]
    for message in again.all_messages(conversation_id):
        MessageOut.of(message, "id")
    assert lines(again.get_messages(conversation_id), {}, str)
    assert not [*path.glob("*.damaged-*")]


def test_a_conversation_dated_9999_can_be_changed(memory: ConversationMemory) -> None:
    last = "9999-12-31T23:59:59.999+00:00"
    dated = memory.restore_conversation("Dated", last, last, [], head="")
    for conversation_id in (dated, add_conversation(memory, "A"), dated):
        memory.add_message(conversation_id, "user", "B")
    assert contents(memory, dated) == ["B", "B"]
