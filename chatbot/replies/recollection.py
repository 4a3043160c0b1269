"""Finds what of a session's memory matches a question, where it is allowed to go along."""

import logging
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from chatbot.errors import NotFound
from chatbot.memory.memory_block import NOTHING, Recollection, matching_notes
from chatbot.memory.recall import recall
from chatbot.storage import ConversationMemory
from chatbot.storage.search import fold
from chatbot.storage.search_index import SearchIndex
from chatbot.types import Conversation, MemorySwitches, Note, Passage, StoredMessage, Summary

log = logging.getLogger(__name__)

_threads = ThreadPoolExecutor(thread_name_prefix="recollection")


def recollect(
    memory: ConversationMemory, conversation_id: str, question: StoredMessage, requested: bool | None, tokens: int
) -> Recollection:
    """The conversation's summary, if it has one, and the notes and passages of earlier conversations that match the
    question, for at most so many `tokens`; a note that was made of the question is not among them. `requested` is as
    for `switches_of`. Blocks for some milliseconds. Nothing if reading fails, which must not cost the answer."""
    return _Search(memory, conversation_id, requested, tokens, question.message_id).find(question.content)


def begin_recollecting(
    memory: ConversationMemory, conversation_id: str, question: str, requested: bool | None, tokens: int
) -> Callable[[], Recollection]:
    """As `recollect`, for a question that is not stored yet, perhaps nor its conversation. Reads the memory, then looks
    for what matches in a thread of its own, so that the question can be stored meanwhile; what it returns waits for
    the end."""
    search = _Search(memory, conversation_id, requested, tokens)
    return _threads.submit(search.find, question).result if search.may_find else partial(search.find, question)


def switches_of(memory: ConversationMemory, conversation: Conversation, requested: bool | None) -> MemorySwitches:
    """What may go along in a conversation: what the session allows, unless the conversation or the request turns it
    off; `requested` is None if the request does not say. A temporary chat has to ask for it."""
    switches = memory.notes.get_switches()
    is_wanted = requested if requested is not None else not conversation.temporary
    is_on = switches.memory and conversation.memory and is_wanted
    return MemorySwitches(is_on, is_on and switches.recall)


class _Search:
    """Reads what a session remembers when it is made. To `find` what matches does not take the session's lock. Neither
    raises."""

    def __init__(
        self,
        memory: ConversationMemory,
        conversation_id: str,
        requested: bool | None,
        tokens: int,
        question_id: str = "",
    ) -> None:
        self._conversation_id = conversation_id
        self._tokens = tokens
        self._summary: Summary | None = None
        self._notes: Sequence[Note] = ()
        self._irrelevant: Set[str] = frozenset()
        self._index: SearchIndex | None = None
        try:
            self._read(memory, requested if tokens else False, question_id)
        except Exception as unexpected:
            _log(unexpected)

    def _read(self, memory: ConversationMemory, requested: bool | None, question_id: str) -> None:
        with memory.reading():
            conversation = _conversation(memory, self._conversation_id)
            switches = switches_of(memory, conversation, requested)
            known = memory.notes.list() if switches.memory else ()
            if conversation.message_count:
                self._summary = memory.summaries.current(self._conversation_id)
        sources = {each.note_id: each.source.message_id for each in known if each.source}
        self._irrelevant = conversation.irrelevant | {sources.get(each) or "" for each in conversation.irrelevant}
        left_out = {each for each, source in sources.items() if source == question_id} | self._irrelevant
        self._notes = [each for each in known if each.note_id not in left_out]
        if switches.recall:
            self._index = _index(memory, self._conversation_id)

    @property
    def may_find(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._notes or self._index)

    def find(self, question: str) -> Recollection:
        """What matches the question."""
        try:
            return Recollection(*self._matching(question), self._tokens, self._summary)
        except Exception as unexpected:
            _log(unexpected)
            return NOTHING

    def _matching(self, question: str) -> tuple[Sequence[Note], Sequence[Passage]]:
        """The notes, and the passages without those that only repeat a note."""
        today = datetime.now(UTC).date()
        found = recall(self._index, question, self._conversation_id, today, self._irrelevant) if self._index else []
        notes = matching_notes(question, self._notes) if self._notes else []
        return notes, [each for each in found if not any(fold(note.text) in fold(each.text) for note in notes)]


def _conversation(memory: ConversationMemory, conversation_id: str) -> Conversation:
    """The conversation; an empty one if it is not stored yet."""
    try:
        return memory.get_conversation(conversation_id)
    except NotFound:
        return Conversation(conversation_id, title="", created_at="", updated_at="", message_count=0)


def _index(memory: ConversationMemory, conversation_id: str) -> SearchIndex | None:
    """The index as it is now. None while that of a large session is still being built: the first token does not wait
    for it."""
    if not memory.index.is_quick:
        memory.index.start_building()
        return None
    memory.index.update(conversation_id)
    return memory.index


def _log(unexpected: Exception) -> None:
    log.error("memory: not read, %s", type(unexpected).__name__)  # without its text, which may quote messages
