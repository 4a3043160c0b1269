"""Migration: a session that an earlier version kept in one file becomes a directory, and nothing of it is lost."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from chatbot.errors import NotFound, StorageError
from chatbot.storage import ConversationMemory
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.types import Fault, Timing, Usage
from tests.running import ROOT
from tests.stored_files import contents, files

KILLS = 12

OPENERS = """
import os, random, signal, sys, time
from pathlib import Path
from chatbot.storage import ConversationMemory

for name in sys.argv[1:]:
    listen, begun = os.pipe()
    opener = os.fork()
    if opener == 0:
        os.write(begun, b".")
        ConversationMemory(Path(name)).list_conversations()
        os._exit(0)
    os.close(begun)
    os.read(listen, 1)
    time.sleep(random.uniform(0, 0.04))
    os.kill(opener, signal.SIGKILL)
    os.waitpid(opener, 0)
"""
"""Forks for each session somebody who opens it, and kills them at any moment."""


def message(number: int, role: str, content: str, **details: Any) -> dict[str, Any]:
    """A message as format 1 kept it."""
    usual = {
        "message_id": f"{number:032x}",
        "role": role,
        "content": content,
        "created_at": f"2026-10-01T10:00:{number:02}.000+00:00",
        "status": "complete",
        "provider": None,
        "model": None,
        "reasoning": "",
        "finish_reason": None,
        "usage": {"input_tokens": None, "output_tokens": None},
        "timing": None,
        "fault": None,
    }
    return usual | details


def conversation(conversation_id: str, title: str, day: int) -> dict[str, Any]:
    time = f"2026-10-{day:02}T10:00:00.000+00:00"
    return {"conversation_id": conversation_id, "title": title, "created_at": time, "updated_at": time}


def format_1() -> dict[str, Any]:
    """A session's file as the version before this one wrote it; its second conversation was deleted."""
    answer = message(
        2,
        "assistant",
        "Hi!",
        model="m",
        provider="openai",
        finish_reason="stop",
        usage={"input_tokens": 3, "output_tokens": 2, "estimated": True},
        timing={"first_token_ms": 120, "total_ms": 400},
    )
    fault = {"code": "provider_timeout", "message": "Too slow.", "retryable": True, "retry_after": 1.5}
    cut_off = message(4, "assistant", "Once upon", status="running", run="of another process")
    return {
        "format": {"1": {"version": 1}},
        "conversations": {
            "1": conversation("a" * 32, "Hello", 1),
            "3": conversation("b" * 32, "", 3),
            "4": conversation("c" * 32, "Übrigens", 2),
        },
        f"messages:{'a' * 32}": {
            "1": message(1, "user", "Hello"),
            "2": answer,
            "5": message(3, "user", "A story"),
            "6": cut_off,
        },
        f"messages:{'c' * 32}": {"1": message(7, "assistant", "", status="failed", fault=fault)},
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions" / "the-session"


@pytest.fixture
def old(path: Path) -> Path:
    """The file of format 1, with a session in it."""
    path.parent.mkdir()
    old = path.with_name("the-session.json")
    old.write_bytes(orjson.dumps(format_1()))
    return old


def test_a_session_of_format_1_is_there_unchanged(path: Path, old: Path) -> None:
    memory = ConversationMemory(path)
    listed = [(c.conversation_id[0], c.title, c.message_count, c.updated_at[:10]) for c in memory.list_conversations()]
    assert listed == [("b", "", 0, "2026-10-03"), ("c", "Übrigens", 1, "2026-10-02"), ("a", "Hello", 4, "2026-10-01")]
    messages = memory.get_messages("a" * 32)
    assert [(each.role, each.content, each.status) for each in messages] == [
        ("user", "Hello", "complete"),
        ("assistant", "Hi!", "complete"),
        ("user", "A story", "complete"),
        ("assistant", "Once upon", "interrupted"),
    ]
    assert (messages[1].usage, messages[1].timing) == (Usage(3, 2, True), Timing(120, 400))
    assert memory.get_messages("c" * 32)[0].fault == Fault("provider_timeout", "Too slow.", True, 1.5)
    assert not old.exists()
    assert files(path).keys() == {f"{letter * 32}.json" for letter in "abc"}


def test_it_goes_on_with_versions_after_a_restart(path: Path, old: Path) -> None:
    ConversationMemory(path).add_message("a" * 32, "user", "A joke", after=f"{2:032x}")
    again = ConversationMemory(path)
    assert contents(again, "a" * 32) == ["Hello", "Hi!", "A joke"]
    assert list(again.get_versions("a" * 32).values()) == [(f"{3:032x}", again.get_head("a" * 32))]
    assert not old.exists()


def test_nothing_is_taken_over_before_the_session_is_used(path: Path, old: Path) -> None:
    ConversationMemory(path)
    assert old.exists()
    assert not path.exists()


def test_a_session_that_was_not_taken_over_is_deleted_wholly(path: Path, old: Path) -> None:
    old.with_suffix(".draft").write_text("of a process that was killed")
    old.with_suffix(".damaged-1").write_text("set aside")
    old.with_name("the-session-2.json").write_text("of another session")
    ConversationMemory(path).delete_all()
    assert [each.name for each in path.parent.iterdir()] == ["the-session-2.json"]
    assert ConversationMemory(path).list_conversations() == []


def test_a_damaged_file_is_set_aside_and_the_session_begins_anew(path: Path, old: Path) -> None:
    old.write_bytes(old.read_bytes()[:-20])
    memory = ConversationMemory(path)
    assert memory.list_conversations() == []
    assert [each.name.partition("-1")[0] for each in path.parent.iterdir()] == ["the-session.damaged"]
    memory.create_conversation("New")
    assert len(ConversationMemory(path).list_conversations()) == 1


def test_what_cannot_be_understood_is_kept_aside_and_the_rest_taken_over(path: Path, old: Path) -> None:
    content = format_1()
    del content[f"messages:{'a' * 32}"]["2"]["content"]
    old.write_bytes(orjson.dumps(content))
    memory = ConversationMemory(path)
    assert {c.conversation_id for c in memory.list_conversations()} == {"b" * 32, "c" * 32}
    with pytest.raises(NotFound):
        memory.get_messages("a" * 32)
    (aside,) = path.parent.glob("the-session.damaged-*")
    assert orjson.loads(aside.read_bytes()) == content
    assert not old.exists()


def test_an_id_that_cannot_be_a_files_name_is_replaced(path: Path, old: Path) -> None:
    content = format_1()
    content["conversations"]["1"]["conversation_id"] = "../A"
    content["messages:../A"] = content.pop(f"messages:{'a' * 32}")
    old.write_bytes(orjson.dumps(content))
    memory = ConversationMemory(path)
    (taken,) = [each for each in memory.list_conversations() if each.title == "Hello"]
    assert contents(memory, taken.conversation_id) == ["Hello", "Hi!", "A story", "Once upon"]
    assert {each.parent for each in path.parent.rglob("*.json")} == {path}


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_disk_that_fills_up_on_the_way_loses_nothing(
    path: Path, old: Path, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = AtomicJsonStorage.write, iter(range(writes))

    def write_while_there_is_room(storage: AtomicJsonStorage, data: Any) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        write(storage, data)

    with monkeypatch.context() as full:
        full.setattr(AtomicJsonStorage, "write", write_while_there_is_room)
        memory = ConversationMemory(path)
        for _ in range(2):
            with pytest.raises(StorageError):
                memory.list_conversations()
    assert orjson.loads(old.read_bytes()) == format_1()
    for each in (memory, ConversationMemory(path)):
        assert [c.message_count for c in each.list_conversations()] == [0, 1, 4]
    assert not old.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_killed_on_the_way_loses_nothing(tmp_path: Path) -> None:
    content = {"format": {"1": {"version": 1}}, "conversations": {}}
    for number in range(30):
        content["conversations"][str(number)] = conversation(f"{number:032x}", str(number), 1)
        content[f"messages:{number:032x}"] = {"1": message(number, "user", "x" * 3000)}
    paths = [tmp_path / str(number) for number in range(KILLS)]
    for path in paths:
        path.with_suffix(".json").write_bytes(orjson.dumps(content))
    subprocess.run([sys.executable, "-c", OPENERS, *paths], check=True, cwd=ROOT)
    assert any(path.exists() for path in paths)
    for path in paths:
        memory = ConversationMemory(path)
        assert sorted(int(each.title) for each in memory.list_conversations()) == list(range(30))
        assert all(each.message_count == 1 for each in memory.list_conversations())
        assert not path.with_suffix(".json").exists()
