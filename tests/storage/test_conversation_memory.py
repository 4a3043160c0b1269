"""ConversationMemory: conversations, messages, their order and titles."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import NotFound
from chatbot.storage import ConversationMemory
from chatbot.storage.timestamps import from_epoch, now
from chatbot.storage.titles import MAX_TITLE_LENGTH, make_title
from chatbot.types import Fault, ModelChoice, Options, SentContext, StoredMessage, Timing, Usage
from tests.support.places import Place
from tests.support.stored_files import add_conversation, contents, read_files, read_tables, write_tables

FAULT = Fault("provider_timeout", {"key": "failure.provider_timeout", "provider": "OpenAI"}, True, 1.5)


def test_a_new_conversation_is_empty_and_has_the_given_title(memory: ConversationMemory) -> None:
    assert memory.create_conversation("Plans", conversation_id="abc") == "abc"
    conversation = memory.get_conversation("abc")
    assert (conversation.title, conversation.message_count) == ("Plans", 0)
    assert conversation.created_at == conversation.updated_at
    assert memory.get_messages("abc") == []
    assert memory.create_conversation() != memory.create_conversation()


def test_messages_are_returned_as_added_even_after_a_restart(memory: ConversationMemory, place: Place) -> None:
    conversation_id = memory.create_conversation()
    added = [
        memory.add_message(conversation_id, "user", "Hello"),
        memory.add_message(
            conversation_id,
            "assistant",
            "Hi!",
            provider="openai",
            model="m",
            reasoning="A greeting.",
            finish_reason="stop",
            usage=Usage(3, 2),
            timing=Timing(120, 400),
        ),
        memory.add_message(conversation_id, "user", "How much?", cost=0.25, seen=SentContext(3, 5, trimmed=True)),
        memory.add_message(
            conversation_id,
            "assistant",
            "",
            status="failed",
            fault=FAULT,
        ),
    ]
    again = place.memory()
    assert memory.get_messages(conversation_id) == again.get_messages(conversation_id) == added
    assert memory.list_conversations() == again.list_conversations()
    assert again.get_conversation(conversation_id).message_count == 4


def test_the_newest_messages_are_returned_oldest_first(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, *map(str, range(25)))
    assert [message.content for message in memory.get_messages(conversation_id)] == [str(n) for n in range(5, 25)]
    assert contents(memory, conversation_id, 2) == ["23", "24"]
    assert contents(memory, conversation_id, 0) == []
    assert len(contents(memory, conversation_id, 1000)) == len(contents(memory, conversation_id)) == 25


def test_an_updated_message_stays_in_its_place(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory, "A")
    answer = memory.add_message(conversation_id, "assistant", "", status="running")
    memory.add_message(conversation_id, "user", "B")
    memory.update_message(conversation_id, replace(answer, content="a", status="complete"))
    assert contents(place.memory(), conversation_id) == ["A", "a", "B"]
    assert place.memory().get_messages(conversation_id)[1].status == "complete"


def test_removing_a_message_removes_those_after_it(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A", "B", "C")
    second = memory.get_messages(conversation_id)[1]
    memory.remove_from(conversation_id, second.message_id)
    memory.update_message(conversation_id, second)
    memory.remove_from(conversation_id, second.message_id)
    assert contents(memory, conversation_id) == ["A"]


def test_clearing_removes_the_messages_and_deleting_the_conversation(memory: ConversationMemory, place: Place) -> None:
    cleared, deleted, other = (add_conversation(memory, text) for text in ("A", "secret", "C"))
    memory.clear_conversation(cleared)
    memory.delete_conversation(deleted)
    assert {c.conversation_id for c in place.memory().list_conversations()} == {cleared, other}
    assert (contents(memory, cleared), contents(memory, other)) == ([], ["C"])
    assert place.files().keys() == {f"{cleared}.json", f"{other}.json"}
    assert place.tables(cleared)["messages"] == {}


def test_a_session_can_be_used_after_delete_all(memory: ConversationMemory, path: Path) -> None:
    conversation_id = add_conversation(memory, "A")
    memory.delete_all()
    assert list(path.parent.iterdir()) == []
    assert memory.list_conversations() == []
    with pytest.raises(NotFound):
        memory.get_messages(conversation_id)
    assert contents(memory, add_conversation(memory, "B")) == ["B"]


def test_the_last_changed_conversation_is_listed_first(memory: ConversationMemory) -> None:
    ids = []
    for text in "ABC":
        ids.append(add_conversation(memory, text))
        time.sleep(0.002)
    assert [c.title for c in memory.list_conversations()] == ["C", "B", "A"]
    memory.add_message(ids[0], "user", "again")
    memory.rename_conversation(ids[1], "Renamed")
    assert [c.title for c in memory.list_conversations()] == ["A", "C", "Renamed"]


def test_setting_the_clock_back_moves_no_conversation_down(memory: ConversationMemory, place: Place) -> None:
    first, second = add_conversation(memory, "A"), add_conversation(memory, "B")
    content = place.tables(first)
    content["conversation"][first]["updated_at"] = "2999-01-01T00:00:00.000+00:00"
    place.write_tables(first, content)
    again = place.memory()
    again.add_message(first, "user", "later")
    assert [c.conversation_id for c in again.list_conversations()] == [first, second]
    assert again.get_conversation(first).updated_at.startswith("2999")


def test_setting_the_clock_back_before_the_start_changes_no_order(memory: ConversationMemory, path: Path) -> None:
    first, second = add_conversation(memory, "A"), add_conversation(memory, "B")
    future = time.time() + 1000
    content = read_tables(path, second)
    content["conversation"][second]["updated_at"] = from_epoch(future)
    write_tables(path, second, content)
    os.utime(path, (future, future))
    again = ConversationMemory(path)
    again.add_message(first, "user", "now the newest")
    assert [c.conversation_id for c in again.list_conversations()] == [first, second]


def test_the_last_of_changes_within_a_millisecond_is_the_newest(
    memory: ConversationMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = now()
    monkeypatch.setattr("chatbot.storage.session_directory.now", lambda: stopped)
    ids = [add_conversation(memory, text) for text in "ABC"]
    for conversation_id in (*ids, ids[0], ids[2], ids[1]):
        memory.add_message(conversation_id, "user", "again")
        assert memory.list_conversations()[0].conversation_id == conversation_id
    assert [c.conversation_id for c in memory.list_conversations()] == [ids[1], ids[2], ids[0]]


OPTIONS = Options(ModelChoice("anthropic", "model"), "Be brief.", 100, 20, 0.5, "low")
MESSAGE = StoredMessage("id", "assistant", "text", "2026-11-22T10:00:00.000+00:00")


@pytest.mark.parametrize(
    "call",
    [
        lambda memory: memory.add_message("other", "user", "text"),
        lambda memory: memory.all_messages("other"),
        lambda memory: memory.get_head("other"),
        lambda memory: memory.get_versions("other"),
        lambda memory: memory.show_version("other", "id"),
        lambda memory: memory.set_options("other", OPTIONS),
        lambda memory: memory.update_message("other", MESSAGE),
        lambda memory: memory.get_messages("other"),
        lambda memory: memory.get_conversation("other"),
        lambda memory: memory.rename_conversation("other", "title"),
        lambda memory: memory.remove_from("other", "id"),
        lambda memory: memory.clear_conversation("other"),
        lambda memory: memory.delete_conversation("other"),
    ],
)
def test_an_unknown_conversation_is_not_found(
    memory: ConversationMemory, place: Place, call: Callable[[ConversationMemory], object]
) -> None:
    add_conversation(memory, "A")
    before = place.files()
    with pytest.raises(NotFound):
        call(memory)
    assert place.files() == before


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("  several\t  spaces  ", "several spaces"),
        ("\n\nFirst line\r\nsecond line", "First line"),
        ("word " * 12, ("word " * 12).strip()),
        ("word " * 13, "word " * 11 + "word…"),
        ("x" * 61, "x" * 59 + "…"),
        ("漢字" * 30, "漢字" * 30),
        ("漢字" * 31, "漢字" * 29 + "漢…"),
        ("```python\nprint('hi')\n```\nWhat does it do?", "print('hi')"),
        ("~~~\n\n  x = 1\n~~~", "x = 1"),
        ("````md\n```js\nlet a;\n", "let a;"),
        ("```inline code``` is this", "inline code``` is this"),
        ("`sort -u` or `uniq`?", "`sort -u` or `uniq`?"),
        ("~5 or ~6", "~5 or ~6"),
        ('```js title="x.js" {1,3}\nlet a;\n```', "let a;"),
        ("---\n***\nReally?", "Really?"),
        ("```python", "python"),
        ("```", "```"),
        ("???", "???"),
        ("🙂", "🙂"),
        ("y" * 58 + "🇩🇪🇫🇷🇪🇸", "y" * 58 + "…"),
        ("y" * 57 + "🇩🇪🇫🇷🇪🇸", "y" * 57 + "🇩🇪…"),
        ("y" * 58 + "👨‍👩‍👧 and more", "y" * 58 + "…"),
        ("y" * 58 + "e\u0301e\u0301e\u0301", "y" * 58 + "…"),
        ("y" * 58 + "👍🏽👍🏽", "y" * 58 + "…"),
        ("y" * 58 + "नमस्ते", "y" * 58 + "न…"),
        ("a\u0301" * 31, "a\u0301" * 29 + "…"),
    ],
)
def test_a_title_is_the_first_line_cut_at_a_word(text: str, title: str) -> None:
    assert make_title(text) == title
    assert len(title) <= MAX_TITLE_LENGTH


def test_the_title_is_made_from_the_visitors_first_message(memory: ConversationMemory) -> None:
    conversation_id = memory.create_conversation()
    memory.add_message(conversation_id, "assistant", "Welcome")
    assert memory.get_conversation(conversation_id).title == ""
    memory.add_message(conversation_id, "user", "My question")
    memory.add_message(conversation_id, "user", "Another one")
    assert memory.get_conversation(conversation_id).title == "My question"


@pytest.mark.parametrize(
    "conversation_id", ["", "session", "..", "../x", "a/b", "a\\b", "A", "a.b", "é", "a\0", "x" * 65]
)
def test_an_invalid_id_never_becomes_a_path(memory: ConversationMemory, path: Path, conversation_id: str) -> None:
    add_conversation(memory, "A")
    memory.prompts.save("Name", "Text")
    path.with_name("x.json").write_text("of another session")
    before = read_files(path)
    for call in (memory.get_messages, memory.delete_conversation, memory.get_conversation):
        with pytest.raises(NotFound):
            call(conversation_id)
    if conversation_id:
        with pytest.raises(NotFound):
            memory.create_conversation(conversation_id=conversation_id)
    assert read_files(path) == before
    assert path.with_name("x.json").read_text() == "of another session"


def test_an_id_can_be_used_only_once(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "A")
    with pytest.raises(ValueError, match="already"):
        memory.create_conversation(conversation_id=conversation_id)
    assert contents(memory, conversation_id) == ["A"]
