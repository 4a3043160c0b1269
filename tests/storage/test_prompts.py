"""Saved prompts, stored beside the session's conversations."""

import pytest

from chatbot.storage import ConversationMemory
from tests.support.places import Place
from tests.support.stored_files import add_conversation, contents


def test_a_prompt_is_stored_under_its_name(memory: ConversationMemory, place: Place) -> None:
    assert memory.prompts.list() == {}
    memory.prompts.delete("Nobody's")
    assert not place.files()
    memory.prompts.save("Pirate", "Talk like a pirate.")
    memory.prompts.save("Half \ud83d", "x")
    memory.prompts.save("Pirate", "Arr!")
    assert place.memory().prompts.list() == {"Pirate": "Arr!", "Half \ufffd": "x"}
    memory.prompts.delete("Half \ud83d")
    assert memory.prompts.list() == {"Pirate": "Arr!"}
    assert memory.list_conversations() == place.memory().list_conversations() == []
    memory.delete_all()
    assert memory.prompts.list() == {}


@pytest.mark.parametrize("content", ["", "[]", '{"prompts": {"a": {}}}'])
def test_damaged_prompts_are_set_aside_without_the_conversations(
    memory: ConversationMemory, place: Place, content: str
) -> None:
    conversation_id = add_conversation(memory, "A")
    place.write("session.json", content.encode())
    assert memory.prompts.list() == {}
    memory.prompts.save("Name", "Text")
    assert memory.prompts.list() == {"Name": "Text"}
    assert contents(memory, conversation_id) == ["A"]
    assert [name for name in place.files() if name.startswith("session.damaged-")]
