"""Records: any text can be kept, and what another process or another version left can be read."""

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
from tests.running import ROOT
from tests.stored_files import contents, filled, put, tables, with_versions

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
    ("text", "kept"),
    [
        ("nul \0 inside", "nul \0 inside"),
        ("two halves \ud83d\ude00 of an emoji", "two halves 😀 of an emoji"),
        ("one half \ud83d of it", "one half \ufffd of it"),
        ("the other \ude00", "the other \ufffd"),
        ("line\u2028separator \u202e and \ufeff", "line\u2028separator \u202e and \ufeff"),
    ],
)
def test_any_text_can_be_kept_and_one_half_of_a_character_becomes_a_mark(
    memory: ConversationMemory, path: Path, text: str, kept: str
) -> None:
    conversation_id = memory.create_conversation()
    said = memory.add_message(conversation_id, "user", text)
    answer = memory.add_message(conversation_id, "assistant", "", model=text, status="running")
    memory.update_message(conversation_id, replace(answer, content=text, reasoning=text, status="complete"))
    again = ConversationMemory(path)
    stored = again.get_messages(conversation_id)
    assert said == stored[0]
    assert [stored[0].content, stored[1].content, stored[1].reasoning, stored[1].model] == [kept] * 4
    assert again.get_conversation(conversation_id).title == make_title(kept)
    memory.rename_conversation(conversation_id, text)
    memory.create_conversation(text)
    assert {c.title for c in ConversationMemory(path).list_conversations()} == {kept}


def test_an_answer_that_another_process_left_running_reads_as_interrupted(path: Path) -> None:
    command: list[str | Path] = [sys.executable, "-c", OTHER_PROCESS, path]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    answer = ConversationMemory(path).get_messages(ended.stdout.strip())[-1]
    assert (answer.status, answer.finish_reason, answer.content) == ("interrupted", "interrupted", "Once upon")


def test_an_answer_of_this_process_is_still_running_also_for_another_memory(
    memory: ConversationMemory, path: Path
) -> None:
    conversation_id = memory.create_conversation()
    answer = memory.add_message(conversation_id, "assistant", "Once", status="running")
    assert ConversationMemory(path).get_messages(conversation_id) == [answer]
    assert answer.status == "running"


def test_a_field_that_a_later_version_wrote_is_left_alone(memory: ConversationMemory, path: Path) -> None:
    conversation_id = memory.create_conversation()
    message = memory.add_message(conversation_id, "user", "Hello")
    content = tables(path, conversation_id)
    content["messages"][message.message_id]["rating"] = 5
    put(path, conversation_id, content)
    again = ConversationMemory(path)
    assert again.get_messages(conversation_id) == [message]
    again.update_message(conversation_id, replace(message, content="Hello!"))
    record = tables(path, conversation_id)["messages"][message.message_id]
    assert (record["content"], record["rating"]) == ("Hello!", 5)


def test_a_message_that_an_earlier_version_wrote_has_what_was_added_since_by_default(
    memory: ConversationMemory, path: Path
) -> None:
    conversation_id = filled(memory, "Hello")
    stored = memory.get_messages(conversation_id)
    content = tables(path, conversation_id)
    for record in content["messages"].values():
        for name in ("cost", "seen", "usage", "timing", "fault", "reasoning"):
            del record[name]
    put(path, conversation_id, content)
    assert ConversationMemory(path).get_messages(conversation_id) == stored


def broken(content: Any, place: str, key: str, value: Any) -> Any:
    """The tables with another value in the only document of a table; without it for `...`."""
    (document,) = content[place].values()
    document[key] = value
    if value is ...:
        del document[key]
    return content


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: [],
        lambda content: {},
        lambda content: content | {"conversation": {}},
        lambda content: content | {"conversation": content["conversation"] | {"b": {}}},
        lambda content: content | {"messages": []},
        lambda content: content | {"messages": {}},
        lambda content: content | {"messages": {"": next(iter(content["messages"].values()))}},
        lambda content: broken(content, "conversation", "head", "missing"),
        lambda content: broken(content, "conversation", "head", None),
        lambda content: broken(content, "conversation", "title", 1),
        lambda content: broken(content, "conversation", "updated_at", ...),
        lambda content: broken(content, "messages", "parent_id", "missing"),
        lambda content: broken(content, "messages", "parent_id", []),
        lambda content: broken(content, "messages", "parent_id", next(iter(content["messages"]))),
        lambda content: broken(content, "messages", "content", None),
        lambda content: broken(content, "messages", "role", "system"),
        lambda content: broken(content, "messages", "status", ...),
    ],
)
def test_a_file_of_another_shape_is_set_aside_and_the_rest_of_the_session_works(
    memory: ConversationMemory, path: Path, spoil: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    damaged, other = filled(memory, "secret"), filled(memory, "B")
    put(path, damaged, spoil(tables(path, damaged)))
    content = (path / f"{damaged}.json").read_bytes()
    again = ConversationMemory(path)
    assert [each.conversation_id for each in again.list_conversations()] == [other]
    assert [each.message_id for each in again.search("secret")] == []
    for memory_of_it in (again, ConversationMemory(path)):
        with pytest.raises(StorageError, match="damaged"):
            memory_of_it.get_messages(damaged)
    assert [aside.read_bytes() for aside in path.glob(f"{damaged}.damaged-*")] == [content]
    assert damaged in caplog.text
    assert "secret" not in caplog.text
    again.add_message(other, "user", "C")
    again.delete_all()
    assert not path.exists()


@pytest.mark.parametrize("value", [None, 5, "x", [], {"a": 1}, {"total_ms": "x", "input_tokens": [], "sent": None}])
def test_a_detail_that_makes_no_sense_counts_as_unknown_and_the_text_is_there(path: Path, value: Any) -> None:
    conversation_id = with_versions(ConversationMemory(path))
    content = tables(path, conversation_id)
    needed = {"role", "content", "created_at", "status", "parent_id"}
    for record in content["messages"].values():
        record.update(dict.fromkeys(record.keys() - needed, value))
    put(path, conversation_id, content)
    again = ConversationMemory(path)
    assert contents(again, conversation_id) == ["Hello 🙂\u2028", "Hi!"]
    for message in again.all_messages(conversation_id):
        MessageOut.of(message, "id")
    assert lines(again.get_messages(conversation_id), {}, str)
    assert not [*path.glob("*.damaged-*")]


def test_a_conversation_dated_to_the_end_of_the_calendar_holds_up_no_other(memory: ConversationMemory) -> None:
    last = "9999-12-31T23:59:59.999+00:00"
    dated = memory.restore_conversation("Dated", last, last, [], head="")
    for conversation_id in (dated, filled(memory, "A"), dated):
        memory.add_message(conversation_id, "user", "B")
    assert contents(memory, dated) == ["B", "B"]
