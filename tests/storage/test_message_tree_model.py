"""Compares random changes of a message tree with a simple model, and kills processes that make them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.storage import ConversationMemory
from chatbot.types import Role
from tests.endurance.model import ConversationModel
from tests.support.running import ROOT
from tests.support.stored_files import add_conversation, contents

KILLS = 12

WRITERS = """
import os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from chatbot.storage import ConversationMemory

def write_forever(directory, log):
    memory = ConversationMemory(directory)
    conversations = [memory.create_conversation(str(number)) for number in range(3)]
    followers = {"": []}

    def all_after(message_id):
        return [message_id, *(each for follower in followers[message_id] for each in all_after(follower))]

    while True:
        conversation_id = random.choice(conversations)
        messages = memory.all_messages(conversation_id)
        chosen = random.choice(messages) if messages else None
        what = random.choice(["say", "say", "say", "version", "edit", "show", "remove", "delete"])
        if what == "say" or chosen is None:
            after, role = None, "user"
        elif what == "version":
            after, role = chosen.parent_id, chosen.role
        elif what == "edit":
            memory.update_message(conversation_id, replace(chosen, content=chosen.content + " edited"))
            continue
        elif what == "show":
            memory.show_version(conversation_id, chosen.message_id)
            continue
        elif what == "remove":
            os.write(log, "".join(f"-{gone}\\n" for gone in all_after(chosen.message_id)).encode())
            memory.remove_from(conversation_id, chosen.message_id)
            continue
        else:
            os.write(log, "".join(f"-{message.message_id}\\n" for message in messages).encode())
            memory.delete_conversation(conversation_id)
            conversations[conversations.index(conversation_id)] = memory.create_conversation()
            continue
        message = memory.add_message(conversation_id, role, "x" * 300, after=after)
        followers[message.message_id] = []
        followers[message.parent_id].append(message.message_id)
        os.write(log, f"+{message.message_id}\\n".encode())

for name in sys.argv[1:]:
    writer = os.fork()
    if writer == 0:
        write_forever(Path(name), os.open(name + ".log", os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    while not Path(name + ".log").exists():
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.2))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
"""
"""Forks a writer for each directory and kills it at a random moment. The writer logs the id of a message with a plus
after adding it, and with a minus before removing it."""


def ids(memory: ConversationMemory, conversation_id: str) -> list[str]:
    return [message.message_id for message in memory.get_messages(conversation_id, limit=None)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "answer", "after", "first", "show", "remove", "update", "restart"]),
        st.integers(0, 30),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_changes_have_the_same_result_as_in_the_model(steps: Sequence[tuple[str, int]]) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "session"
        memory, model = ConversationMemory(path), ConversationModel("")
        conversation_id = memory.create_conversation()
        for what, number in steps:
            if what == "restart":
                memory = ConversationMemory(path)
            else:
                _apply(memory, conversation_id, model, what, number)
            assert ids(memory, conversation_id) == model.shown()
        for each in (memory, ConversationMemory(path)):
            assert [message.message_id for message in each.all_messages(conversation_id)] == [*model.messages]
            assert each.get_head(conversation_id) == model.head
            assert each.get_conversation(conversation_id).message_count == len(model.shown())
            assert each.get_versions(conversation_id) == {
                shown: tuple(model.versions(shown)) for shown in model.shown() if len(model.versions(shown)) > 1
            }


def _apply(memory: ConversationMemory, conversation_id: str, model: ConversationModel, what: str, number: int) -> None:
    known = [*model.messages]
    chosen = known[number % len(known)] if known else ""
    role: Role = "assistant" if what == "answer" or number % 3 == 0 else "user"
    if what in ("say", "answer", "first") or not chosen:
        after = "" if what == "first" else None
    elif what == "after":
        after = chosen
    else:
        if what == "show":
            memory.show_version(conversation_id, chosen)
            model.head = model.end(chosen)
        elif what == "remove":
            memory.remove_from(conversation_id, chosen)
            model.remove(chosen)
        else:
            message = memory.all_messages(conversation_id)[known.index(chosen)]
            memory.update_message(conversation_id, replace(message, content="other"))
        return
    message = memory.add_message(conversation_id, role, "text", after=after)
    model.add(message.message_id, role, model.head if after is None else after)


@pytest.mark.tier2
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_killed_while_changing_versions_loses_no_acknowledged_message(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(KILLS)]
    subprocess.run([sys.executable, "-c", WRITERS, *paths], check=True, cwd=ROOT)
    added = 0
    for path in paths:
        log = path.with_suffix(".log").read_text().split()
        added += len([line for line in log if line.startswith("+")])
        memory = ConversationMemory(path)
        stored = {
            message.message_id
            for conversation in memory.list_conversations()
            for message in memory.all_messages(conversation.conversation_id)
        }
        added_ids, removed_ids = ({line[1:] for line in log if line.startswith(sign)} for sign in "+-")
        assert added_ids - removed_ids <= stored
        assert len(stored - added_ids) <= 1  # stored, but not logged before the kill
        assert not [*path.glob("*.damaged-*")]
        assert contents(memory, add_conversation(memory, "go on")) == ["go on"]
        assert not (path / "draft").exists()
    assert added > KILLS
