"""Reads what of a session's memory matches a question, where it is allowed to go along."""

from chatbot.memory.memory_block import NOTHING, Recollection, matching_notes
from chatbot.storage import ConversationMemory
from chatbot.types import MemorySwitches


def recollect(
    memory: ConversationMemory, conversation_id: str, question: str, requested: bool | None, tokens: int
) -> Recollection:
    """The notes that match the question of a conversation, for at most so many `tokens`. `requested` is as for
    `switches_of`. Blocks for some milliseconds. Raises NotFound and StorageError."""
    switches = switches_of(memory, conversation_id, requested)
    if not switches.memory or not tokens:
        return NOTHING
    return Recollection(matching_notes(question, memory.notes.list()), (), tokens)


def switches_of(memory: ConversationMemory, conversation_id: str, requested: bool | None) -> MemorySwitches:
    """What may go along in a conversation: what the session allows, unless the conversation or the request turns it
    off; `requested` is None if the request does not say. A temporary chat has to ask for it."""
    switches = memory.notes.get_switches()
    conversation = memory.get_conversation(conversation_id)
    is_wanted = requested if requested is not None else not conversation.temporary
    is_on = switches.memory and conversation.memory and is_wanted
    return MemorySwitches(is_on, is_on and switches.recall)
