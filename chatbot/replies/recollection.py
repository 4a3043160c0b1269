"""Reads what of a session's memory matches a question, where it is allowed to go along."""

import logging
from collections.abc import Sequence, Set
from datetime import UTC, datetime

from chatbot.memory.memory_block import NOTHING, Recollection, matching_notes
from chatbot.memory.recall import recall
from chatbot.storage import ConversationMemory
from chatbot.storage.search import fold
from chatbot.types import Conversation, MemorySwitches, Note, Passage, StoredMessage

log = logging.getLogger(__name__)


def recollect(
    memory: ConversationMemory, conversation_id: str, question: StoredMessage, requested: bool | None, tokens: int
) -> Recollection:
    """The conversation's summary, if it has one, and the notes and passages of earlier conversations that match the
    question, for at most so many `tokens`; the note that the question itself made is not among them. `requested` is as
    for `switches_of`. Blocks for some milliseconds. Nothing if reading fails, which must not cost the answer."""
    try:
        with memory.reading():
            conversation = memory.get_conversation(conversation_id)
            summary = memory.summaries.current(conversation_id)
            switches = switches_of(memory, conversation, requested)
            known = memory.notes.list() if switches.memory and tokens else ()
        if not switches.memory or not tokens:
            return Recollection(summary=summary)
        sources = {each.note_id: each.source.message_id for each in known if each.source}
        irrelevant = conversation.irrelevant | {sources.get(each) or "" for each in conversation.irrelevant}
        others = [
            each
            for each in known
            if each.note_id not in irrelevant and sources.get(each.note_id) != question.message_id
        ]
        notes = matching_notes(question.content, others)
        passages = _passages(memory, conversation_id, question.content, notes, irrelevant) if switches.recall else ()
        return Recollection(notes, passages, tokens, summary)
    except Exception as unexpected:
        log.error("memory: not read, %s", type(unexpected).__name__)  # noqa: TRY400 - its text may quote messages
        return NOTHING


def switches_of(memory: ConversationMemory, conversation: Conversation, requested: bool | None) -> MemorySwitches:
    """What may go along in a conversation: what the session allows, unless the conversation or the request turns it
    off; `requested` is None if the request does not say. A temporary chat has to ask for it."""
    switches = memory.notes.get_switches()
    is_wanted = requested if requested is not None else not conversation.temporary
    is_on = switches.memory and conversation.memory and is_wanted
    return MemorySwitches(is_on, is_on and switches.recall)


def _passages(
    memory: ConversationMemory, conversation_id: str, question: str, notes: Sequence[Note], irrelevant: Set[str]
) -> Sequence[Passage]:
    """The passages, without those that only repeat a note. None while a large session's index is still being built:
    the first token does not wait for that."""
    if not memory.index.is_quick:
        memory.index.start_building()
        return ()
    found = recall(memory.index, question, conversation_id, datetime.now(UTC).date(), irrelevant)
    return [each for each in found if not any(fold(note.text) in fold(each.text) for note in notes)]
