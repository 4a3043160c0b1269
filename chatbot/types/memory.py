"""What is remembered beyond a conversation: notes, passages of earlier conversations, and what of both was sent."""

from dataclasses import dataclass, field

from chatbot.types.completions import Role, Usage


@dataclass(frozen=True, slots=True)
class NoteSource:
    """Where a note comes from: a conversation, and a message of it if it comes from one."""

    conversation_id: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A short fact in the visitor's words, on one line. Times are ISO 8601 in UTC; `last_used_at` is when a model was
    last sent it, None if never. `source` is None for a note that comes from no conversation, or from a deleted one."""

    note_id: str
    text: str
    created_at: str
    last_used_at: str | None = None
    pinned: bool = False
    source: NoteSource | None = None


@dataclass(frozen=True, slots=True)
class MemorySwitches:
    """What may go along with the messages of a session: notes, and passages of earlier conversations too (`recall`).
    Without `memory` neither does."""

    memory: bool = True
    recall: bool = False


@dataclass(frozen=True, slots=True)
class SentNote:
    """A note as a model was sent it."""

    note_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a message of an earlier conversation. `date` is the day of the message, such as 2026-11-20."""

    conversation_id: str
    message_id: str
    role: Role
    date: str
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a model said of the first messages of a conversation, `covers` in number and `until` the id of the last;
    `text` may have been changed since. `cost` is in US dollars, None if unknown. `skipped` are the ids of messages
    before that one that it leaves out, because they were pinned."""

    message_id: str
    text: str
    covers: int
    until: str
    created_at: str
    provider: str | None = None
    model: str | None = None
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentSummary:
    """A summary as a model was sent it."""

    message_id: str
    covers: int
    text: str


@dataclass(frozen=True, slots=True)
class SentMemory:
    """The notes, passages and summary that went along with a question, and how many notes and passages that matched it
    did not fit."""

    notes: tuple[SentNote, ...] = ()
    passages: tuple[Passage, ...] = ()
    notes_left_out: int = 0
    passages_left_out: int = 0
    summary: SentSummary | None = None

    def __bool__(self) -> bool:
        return bool(self.notes or self.passages or self.summary)

    @property
    def has_notes(self) -> bool:
        """Whether notes or passages matched."""
        return bool(self.notes or self.passages or self.notes_left_out or self.passages_left_out)

    def or_none(self) -> "SentMemory | None":
        """None if nothing matched. An account that was emptied later still says that there was one."""
        return None if self == SentMemory() else self
