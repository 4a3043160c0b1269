"""Records: any text can be kept, and what another process or another version left can be read."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from chatbot.memory import ConversationMemory
from chatbot.memory.conversations import cut_title
from tests.running import ROOT

OTHER_PROCESS = """
import sys
from pathlib import Path
from chatbot.memory import ConversationMemory

memory = ConversationMemory(Path(sys.argv[1]))
conversation_id = memory.create_conversation()
memory.add_message(conversation_id, "user", "Tell me a story")
answer = memory.add_message(conversation_id, "assistant", "Once upon", status="running", model="m")
assert memory.get_messages(conversation_id)[-1] == answer
print(conversation_id)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.json"


@pytest.fixture
def memory(path: Path) -> ConversationMemory:
    return ConversationMemory(path)


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
    assert again.get_conversation(conversation_id).title == cut_title(kept)
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
    tables = orjson.loads(path.read_bytes())
    tables[f"messages:{conversation_id}"]["1"]["rating"] = 5
    path.write_bytes(orjson.dumps(tables))
    again = ConversationMemory(path)
    assert again.get_messages(conversation_id) == [message]
    again.update_message(conversation_id, replace(message, content="Hello!"))
    record = orjson.loads(path.read_bytes())[f"messages:{conversation_id}"]["1"]
    assert (record["content"], record["rating"]) == ("Hello!", 5)
