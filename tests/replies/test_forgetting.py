"""Forget means forget: what was deleted or taken back is in no later request, account, index or file."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.memory.recall import recall
from chatbot.storage import ConversationMemory, Store, atomic_json
from chatbot.storage.timestamps import now
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import asked
from tests.support.reply_setup import SESSION, ReplySetup, wait_for_end
from tests.support.stored_files import add_conversation

FACT = "The locker code is GQ4711."
"""With letters that no id in hexadecimal has by chance."""
QUESTION = "What is the locker code?"


def files_with(directory: Path, text: str) -> list[str]:
    return [path.name for path in directory.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.fixture(params=[1 << 16, 100], ids=["rewritten files", "files with lines"])
def recalling(replies_setup: ReplySetup, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ReplySetup:
    """A session with recall, whose files are rewritten at each change, or get lines."""
    monkeypatch.setattr(atomic_json, "REWRITE_MAX_BYTES", request.param)
    replies_setup.memory.notes.set_switches(recall=True)
    return replies_setup


async def ask(setup: ReplySetup, upstream: FakeUpstream, question: str = QUESTION) -> str:
    """Asks in a new conversation; returns the request that the provider received."""
    await wait_for_end(await setup.say(question))
    return str(asked(upstream)[-1].body)


async def test_a_deleted_note_is_nowhere(recalling: ReplySetup, upstream: FakeUpstream) -> None:
    notes = recalling.memory.notes
    note = notes.create(FACT)
    assert FACT in await ask(recalling, upstream)
    assert len(files_with(recalling.path, FACT)) == 2, "the note, and the account of the answer"
    notes.update(note.note_id, pinned=True)
    notes.delete(note.note_id)
    assert files_with(recalling.path, "GQ4711") == []
    assert "GQ4711" not in await ask(recalling, upstream)


async def test_an_edited_notes_old_text_is_not_in_the_notes_file(recalling: ReplySetup) -> None:
    note = recalling.memory.notes.create(FACT)
    recalling.memory.notes.create("Another. " * 30)
    recalling.memory.notes.update(note.note_id, text="The locker code is 1234.")
    assert files_with(recalling.path, "GQ4711") == []


Removal = Callable[[ReplySetup, str, str], object]
REMOVALS: dict[str, Removal] = {
    "deleted": lambda setup, conversation_id, _: setup.replies.delete(SESSION, conversation_id),
    "cleared": lambda setup, conversation_id, _: setup.memory.clear_conversation(conversation_id),
    "removed": lambda setup, conversation_id, message_id: setup.memory.remove_from(conversation_id, message_id),
    "taken back": lambda setup, conversation_id, _: setup.replies.undo(SESSION, conversation_id),
}


@pytest.mark.parametrize("how", REMOVALS)
async def test_what_a_conversation_said_is_nowhere_once_it_is_gone(
    recalling: ReplySetup, upstream: FakeUpstream, how: str
) -> None:
    conversation_id = add_conversation(recalling.memory, FACT)
    message_id = recalling.memory.get_head(conversation_id)
    assert FACT in await ask(recalling, upstream)
    assert len(files_with(recalling.path, FACT)) == 2, "the message, and the account that quotes it"
    done = REMOVALS[how](recalling, conversation_id, message_id)
    if hasattr(done, "__await__"):
        await done
    if how == "deleted":
        assert files_with(recalling.path, "GQ4711") == []
    else:  # the conversation's title was cut from the message, and stays
        recalling.memory.rename_conversation(conversation_id, "Another title")
        recalling.memory.add_message(conversation_id, "user", "x" * 200)
    assert recalling.memory.search("GQ4711") == []
    assert "GQ4711" not in await ask(recalling, upstream)


async def test_the_branch_that_an_edit_left_is_not_recalled(recalling: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id = add_conversation(recalling.memory, FACT)
    message_id = recalling.memory.get_head(conversation_id)
    await wait_for_end(await recalling.say("Something else.", conversation_id, edited=message_id))
    assert "GQ4711" not in await ask(recalling, upstream)
    recalling.memory.show_version(conversation_id, message_id)
    assert "GQ4711" in await ask(recalling, upstream)


async def test_a_message_taken_back_or_put_differently_takes_its_note_along(
    recalling: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await recalling.answer(f"Remember that {FACT}")
    (question, _) = recalling.on_disk(conversation_id)
    await wait_for_end(
        await recalling.say("Remember that the code is 1234.", conversation_id, edited=question.message_id)
    )
    assert [each.text for each in recalling.memory.notes.list()] == ["the code is 1234."]
    await recalling.replies.undo(SESSION, conversation_id)
    assert recalling.memory.notes.list() == []


@pytest.mark.first_case
async def test_a_note_deleted_while_its_answer_runs_is_not_in_the_account(
    recalling: ReplySetup, upstream: FakeUpstream
) -> None:
    note = recalling.memory.notes.create(FACT)
    reply = await recalling.say(QUESTION, model="pace:20x20")
    recalling.memory.notes.delete(note.note_id)
    await wait_for_end(reply)
    assert files_with(recalling.path, "GQ4711") == []


Action = tuple[int, str, str]
ACTIONS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["note", "say", "ask"]), st.sampled_from(["boat", "cat", "code"])),
    min_size=5,
    max_size=20,
)


@given(ACTIONS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sessions_never_cross(tmp_path_factory: pytest.TempPathFactory, actions: list[Action]) -> None:
    store = Store(tmp_path_factory.mktemp("crossing"))
    for number, what, subject in actions:
        memory = store.memory(f"session{number}")
        if what == "note":
            memory.notes.create(f"My {subject} belongs to owner{number}.")
        elif what == "say":
            add_conversation(memory, f"The {subject} belongs to owner{number}.")
        memory.index.update()
        found = recall(memory.index, f"Whose is the {subject}?", "", _today())
        texts = [each.text for each in found] + [each.text for each in memory.notes.list()]
        texts += [each.excerpt for each in memory.search("owner")]
        assert all(f"owner{number}" in text for text in texts)
    store.close()


def _today() -> date:
    return date.fromisoformat(now()[:10])


def test_the_index_has_what_the_files_have(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, FACT)
    assert len(memory.search("GQ4711")) == 2  # in the title too
    memory.rename_conversation(conversation_id, "Other")
    memory.add_message(conversation_id, "user", "GQ4711 again")
    assert len(memory.search("GQ4711")) == 2
    memory.delete_all()
    assert memory.search("GQ4711") == []
