"""The responses about memory: notes, what went along with a question, suggestions and search results."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from chatbot.api.response_fields import Content, Id, ModelId, ProviderLabel, Time, Title, UsageOut
from chatbot.memory.memory_block import block
from chatbot.memory.same_subject import newer_notes
from chatbot.replies.suggestions import SuggestedNotes
from chatbot.storage import SearchResult
from chatbot.types import MemorySwitches, Note, SentMemory, StoredMessage, Summary


class RecalledOut(BaseModel):
    """A message of an earlier conversation."""

    conversation_id: Id
    message_id: Id


class MemoryOut(BaseModel):
    """What of the visitor's memory went along with a question: the notes' ids, and the messages of which passages
    did."""

    notes: list[Id]
    recalled: list[RecalledOut]
    summary: bool = False

    @classmethod
    def of(cls, memory: SentMemory | None) -> Self:
        """The account; of None that nothing went along."""
        return cls(**_memory_values(memory or SentMemory()))


class MemoryAccountOut(MemoryOut):
    """What went along, and `text`, the block exactly as the model was sent it. How many notes and passages matched but
    did not fit, and how many of the conversation's messages were sent: `messages_pinned` of them because of pins, while
    `pinned_left_out` pinned ones did not fit."""

    text: Annotated[str, Field(examples=["<memory>\nNotes by the user:\n- I live in Oslo.\n</memory>\n…"])]
    notes_left_out: Annotated[int, Field(examples=[0])]
    recalled_left_out: Annotated[int, Field(examples=[0])]
    messages_sent: Annotated[int, Field(examples=[20])]
    messages_in_all: Annotated[int, Field(examples=[48])]
    messages_pinned: Annotated[int, Field(examples=[0])]
    pinned_left_out: Annotated[int, Field(examples=[0])]

    @classmethod
    def of_answer(cls, answer: StoredMessage) -> Self | None:
        """The account of an answer; None if no model was asked."""
        if answer.seen is None:
            return None
        memory = answer.memory or SentMemory()
        return cls(
            **_memory_values(memory),
            text=block(memory),
            notes_left_out=memory.notes_left_out,
            recalled_left_out=memory.passages_left_out,
            messages_sent=answer.seen.sent,
            messages_in_all=answer.seen.total,
            messages_pinned=answer.seen.pinned,
            pinned_left_out=answer.seen.pinned_left_out,
        )


def _memory_values(memory: SentMemory) -> dict[str, Any]:
    recalled = [RecalledOut.model_validate(each, from_attributes=True) for each in memory.passages]
    notes = [each.note_id for each in memory.notes]
    return {"notes": notes, "recalled": recalled, "summary": memory.summary is not None}


class SourceOut(BaseModel):
    """The conversation that a note comes from, and the message; null if it comes from no message."""

    conversation_id: Id
    message_id: Id | None


class NoteOut(BaseModel):
    """A note. `last_used_at` is when a model was last sent it, null if never. `source` is null for a note that comes
    from no conversation, or from a deleted one. `newer_note_id` is a newer note about the same, which goes first;
    it is left out if there is none, or a call returns this note alone."""

    note_id: Id
    text: Annotated[str, Field(examples=["My dentist is Dr. Example, on Tuesdays."])]
    pinned: bool
    created_at: Time
    last_used_at: Time | None
    source: SourceOut | None
    newer_note_id: Id | None = None

    @classmethod
    def of(cls, note: Note) -> "NoteOut":
        """The note."""
        return cls.model_validate(note, from_attributes=True)


class NotesOut(BaseModel):
    """The session's notes: pinned ones first, then the newest first."""

    notes: list[NoteOut]

    @classmethod
    def of(cls, notes: Sequence[Note]) -> "NotesOut":
        """The notes, in their order."""
        newer = newer_notes(notes)
        shown = [NoteOut.of(each) for each in notes]
        for note in shown:
            if note.note_id in newer:
                note.newer_note_id = newer[note.note_id]
        return cls(notes=shown)


class SearchResultOut(BaseModel):
    """A match: the text around it, in a message or, if there is no `message_id`, in the conversation's title."""

    conversation_id: Id
    title: Title
    message_id: Id | None
    excerpt: Content
    created_at: Time


class SearchOut(BaseModel):
    """What was found, the best first."""

    results: list[SearchResultOut]

    @classmethod
    def of(cls, found: Iterable[SearchResult]) -> Self:
        """The results, in their order."""
        return cls(
            results=[
                SearchResultOut(
                    conversation_id=each.conversation.conversation_id,
                    title=each.conversation.title,
                    message_id=each.message_id,
                    excerpt=each.excerpt,
                    created_at=each.created_at,
                )
                for each in found
            ]
        )


class CandidatesOut(BaseModel):
    """Lines that could be notes. Nothing is stored of them."""

    candidates: list[str]


class SuggestionsOut(BaseModel):
    """Facts that a model suggests to remember, and what the call used; `cost` is in US dollars, null if unknown."""

    suggestions: list[str]
    provider: ProviderLabel
    model: ModelId
    usage: UsageOut
    cost: Annotated[float, Field(examples=[0.0004])] | None

    @classmethod
    def of(cls, suggested: SuggestedNotes) -> Self:
        """The suggestions."""
        return cls(
            suggestions=list(suggested.texts),
            provider=suggested.choice.provider,
            model=suggested.choice.model,
            usage=UsageOut.model_validate(suggested.usage, from_attributes=True),
            cost=suggested.cost,
        )


class SummaryOut(BaseModel):
    """What a model said of the first messages of a conversation, `covers` in number; its text may have been changed
    since. It goes along with each message in place of those that do not. `cost` is in US dollars, null if unknown."""

    message_id: Id
    text: Annotated[str, Field(examples=["You are planning a trip to Oslo in May; the hotel is booked."])]
    covers: Annotated[int, Field(examples=[28])]
    created_at: Time
    provider: ProviderLabel | None
    model: ModelId | None
    usage: UsageOut
    cost: Annotated[float, Field(examples=[0.002])] | None


class MadeSummaryOut(BaseModel):
    """A conversation's summary."""

    summary: SummaryOut

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """The summary."""
        return cls(summary=SummaryOut.model_validate(summary, from_attributes=True))


class SwitchesOut(BaseModel):
    """What may go along with the session's messages: notes, and passages of earlier conversations too."""

    memory: bool
    recall: bool

    @classmethod
    def of(cls, switches: MemorySwitches) -> "SwitchesOut":
        """The switches."""
        return cls(memory=switches.memory, recall=switches.recall)
