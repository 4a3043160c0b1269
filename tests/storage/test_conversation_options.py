"""The stored options of a conversation's last turn."""

from dataclasses import replace

import pytest

from chatbot.storage import ConversationMemory
from chatbot.types import ModelChoice, Options
from tests.support.places import Place
from tests.support.stored_files import add_conversation

OPTIONS = Options(ModelChoice("anthropic", "model"), "Be brief.", 100, 20, 0.5, "low")


def test_the_options_of_the_last_turn_are_stored(memory: ConversationMemory, place: Place) -> None:
    conversation_id = add_conversation(memory, "A")
    before = memory.get_conversation(conversation_id)
    assert before.options is None
    memory.set_options(conversation_id, replace(OPTIONS, choice=ModelChoice("openai", "half \ud83d")))
    memory.set_options(conversation_id, OPTIONS)
    for each in (memory, place.memory()):
        assert each.get_conversation(conversation_id) == replace(before, options=OPTIONS)
        assert each.list_conversations() == [replace(before, options=OPTIONS)]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"choice": {"provider": "openai", "model": ""}}, Options(ModelChoice("openai", ""), "", 2000, 20)),
        (
            {"choice": {"provider": "openai", "model": "m"}, "later": 1},
            Options(ModelChoice("openai", "m"), "", 2000, 20),
        ),
        ({"choice": {"provider": "another", "model": "m"}}, None),
        ({}, None),
        ("text", None),
        (None, None),
    ],
)
def test_known_fields_of_another_versions_options_are_read(
    memory: ConversationMemory, place: Place, stored: object, expected: Options | None
) -> None:
    conversation_id = add_conversation(memory, "A")
    content = place.tables(conversation_id)
    content["conversation"][conversation_id]["options"] = stored
    place.write_tables(conversation_id, content)
    assert place.memory().get_conversation(conversation_id).options == expected
