"""The responses of the HTTP API, as pydantic models that describe themselves in /docs."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from chatbot.memory.memory_block import block
from chatbot.replies.suggestions import SuggestedNotes
from chatbot.storage import SearchResult
from chatbot.types import (
    PROVIDER_NAMES,
    Attachment,
    Conversation,
    Fault,
    FinishReason,
    MediaType,
    MemorySwitches,
    Note,
    ProviderName,
    Role,
    SentMemory,
    Status,
    StoredMessage,
    Usage,
)


def _describe_names(schema: dict[str, Any]) -> None:
    schema.clear()
    schema.update({"type": "string", "enum": [*PROVIDER_NAMES]})


Provider = Annotated[ProviderName, Field(json_schema_extra=_describe_names)]
"""A provider's name; the description lists registered ones too."""


# The values of examples: /docs shows whole responses made of them.
Id = Annotated[str, Field(examples=["9f0c5e1d2b7a4f6c8e3d1a0b5c4f7e62"])]
Token = Annotated[str, Field(examples=["c07b1e5a9d3f4862b1c0e8f7a6d5c4b3.Nn1Wq0…"])]
Title = Annotated[str, Field(examples=["Tell me a joke."])]
Time = Annotated[str, Field(examples=["2026-11-25T12:00:00.000+00:00"])]
ProviderLabel = Annotated[str, Field(examples=["openai"])]
ModelId = Annotated[str, Field(examples=["gpt-6-luna"])]
Content = Annotated[str, Field(examples=["What is brown and sticky? A stick."])]
Tokens = Annotated[int, Field(examples=[21])]
Milliseconds = Annotated[int, Field(examples=[420])]
Code = Annotated[str, Field(examples=["provider_rate_limited"])]
Sentence = Annotated[
    str, Field(examples=["OpenAI is receiving too many requests for this account. Wait a moment, then try again."])
]
EXAMPLE_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
Seconds = Annotated[float, Field(examples=[30])]


class UsageOut(BaseModel):
    """Tokens read and written, as the provider counted them; null if it did not."""

    input_tokens: Tokens | None
    output_tokens: Tokens | None

    @model_validator(mode="before")
    @classmethod
    def _drop_estimates(cls, value: Any) -> Any:
        return Usage() if isinstance(value, Usage) and value.estimated else value


class TimingOut(BaseModel):
    """Milliseconds since the start of the answer; `first_token_ms` is null if no token came."""

    first_token_ms: Milliseconds | None
    total_ms: Milliseconds


class HealthOut(BaseModel):
    """Whether the app is up, or about to end."""

    status: Literal["healthy", "draining"] = "healthy"
    service: Literal["chatbot"] = "chatbot"
    version: Annotated[str, Field(examples=["1.0.0"])]


class SessionOut(BaseModel):
    """The token that opens this session's conversations, and no other's."""

    token: Token


class ModelOut(BaseModel):
    """A model; `context_tokens` is the most that it reads, null if that is not known."""

    id: ModelId
    context_tokens: Annotated[int, Field(examples=[400_000])] | None


class ProviderOut(BaseModel):
    """A provider; `available` if it is set up."""

    name: Provider
    label: Annotated[str, Field(examples=["OpenAI"])]
    available: bool
    models: list[ModelOut]


class DefaultOut(BaseModel):
    """What a conversation starts with; null if nothing is set up."""

    provider: Provider | None
    model: ModelId | None


class ModelsOut(BaseModel):
    """All providers, and the default."""

    providers: list[ProviderOut]
    default: DefaultOut


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
    did not fit, and how many of the conversation's messages were sent."""

    text: Annotated[str, Field(examples=["<memory>\nNotes by the user:\n- I live in Oslo.\n</memory>\n…"])]
    notes_left_out: Annotated[int, Field(examples=[0])]
    recalled_left_out: Annotated[int, Field(examples=[0])]
    messages_sent: Annotated[int, Field(examples=[20])]
    messages_in_all: Annotated[int, Field(examples=[48])]

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
        )


def _memory_values(memory: SentMemory) -> dict[str, Any]:
    recalled = [RecalledOut.model_validate(each, from_attributes=True) for each in memory.passages]
    return {"notes": [each.note_id for each in memory.notes], "recalled": recalled}


class ChatOut(BaseModel):
    """A whole answer."""

    response: Content
    conversation_id: Id
    message_id: Id
    session_token: Token
    provider: ProviderLabel
    model: ModelId
    finish_reason: FinishReason | None
    usage: UsageOut
    memory: MemoryOut


class ConversationOut(BaseModel):
    """A conversation without its messages. Times are ISO 8601 in UTC. `memory` is false if no notes and passages go
    along with its messages, `excluded` true if it is never recalled in others, `temporary` true if it is in memory
    only, `pinned` true if the page lists it first. What is as usual is left out, unless the call has just set it."""

    conversation_id: Id
    title: Title
    created_at: Time
    updated_at: Time
    message_count: Annotated[int, Field(examples=[2])]
    memory: bool = True
    excluded: bool = False
    temporary: bool = False
    pinned: bool = False

    @classmethod
    def of(cls, conversation: Conversation, *said: str) -> Self:
        """The conversation, with the switches that are not as usual, and those in `said`. For a route with
        `response_model_exclude_unset`."""
        values = {name: getattr(conversation, name) for name in cls.model_fields}
        usual = {name: each.default for name, each in cls.model_fields.items() if not each.is_required()}
        return cls(**{name: value for name, value in values.items() if name in said or usual.get(name) is not value})


class ConversationsOut(BaseModel):
    """The session's conversations, the last changed one first."""

    conversations: list[ConversationOut]


class FaultOut(BaseModel):
    """Why an answer failed."""

    code: Code
    message: Sentence
    retryable: bool
    retry_after: Seconds | None

    @classmethod
    def of(cls, fault: Fault) -> "FaultOut":
        """The fault, worded in English."""
        return cls(code=fault.code, message=str(fault.words), retryable=fault.retryable, retry_after=fault.retry_after)


class UploadOut(BaseModel):
    """A stored file. `width` and `height` are an image's pixels, `pages` a PDF's, `text_size` the bytes of the text in
    it; 0 if there are none."""

    attachment_id: Annotated[str, Field(examples=[EXAMPLE_HASH])]
    name: Annotated[str, Field(examples=["cat.jpg"])]
    media_type: MediaType
    size: Annotated[int, Field(examples=[180_000])]
    width: Annotated[int, Field(examples=[2000])]
    height: Annotated[int, Field(examples=[1500])]
    pages: Annotated[int, Field(examples=[0])]
    text_size: Annotated[int, Field(examples=[0])]


class AttachmentOut(UploadOut):
    """A message's attachment. `url` is the path of its content, which needs the session's token."""

    url: Annotated[str, Field(examples=[f"/conversations/9f0c5e1d2b7a4f6c8e3d1a0b5c4f7e62/attachments/{EXAMPLE_HASH}"])]

    @classmethod
    def of(cls, attachment: Attachment, conversation_id: str) -> "AttachmentOut":
        """The attachment with its path."""
        url = f"/conversations/{conversation_id}/attachments/{attachment.attachment_id}"
        fields = {name: getattr(attachment, name) for name in UploadOut.model_fields}
        return cls(url=url, **fields)


class MessageOut(BaseModel):
    """A stored message. Of an answer, `memory` is what went along with the question, and `note` the id of the note that
    the question asked to make."""

    message_id: Id
    role: Role
    content: Content
    status: Status
    created_at: Time
    provider: ProviderLabel | None
    model: ModelId | None
    reasoning: Content
    finish_reason: FinishReason | None
    usage: UsageOut
    timing: TimingOut | None
    error: FaultOut | None
    attachments: list[AttachmentOut]
    memory: MemoryAccountOut | None
    note: Id | None

    @classmethod
    def of(cls, message: StoredMessage, conversation_id: str) -> "MessageOut":
        """The message, with its fault as `error`."""
        fields = {name: getattr(message, name) for name in cls.model_fields if name != "error"}
        fields["memory"] = MemoryAccountOut.of_answer(message)
        fields["attachments"] = [AttachmentOut.of(each, conversation_id) for each in message.attachments]
        error = FaultOut.of(message.fault) if message.fault else None
        return cls.model_validate(fields | {"error": error}, from_attributes=True)


class ConversationWithMessagesOut(BaseModel):
    """A conversation with its messages, oldest first."""

    conversation_id: Id
    title: Title
    created_at: Time
    updated_at: Time
    messages: list[MessageOut]


class SourceOut(BaseModel):
    """The conversation that a note comes from, and the message; null if it comes from no message."""

    conversation_id: Id
    message_id: Id | None


class NoteOut(BaseModel):
    """A note. `last_used_at` is when a model was last sent it, null if never. `source` is null for a note that comes
    from no conversation, or from a deleted one."""

    note_id: Id
    text: Annotated[str, Field(examples=["My dentist is Dr. Example, on Tuesdays."])]
    pinned: bool
    created_at: Time
    last_used_at: Time | None
    source: SourceOut | None

    @classmethod
    def of(cls, note: Note) -> "NoteOut":
        """The note."""
        return cls.model_validate(note, from_attributes=True)


class NotesOut(BaseModel):
    """The session's notes: pinned ones first, then the newest first."""

    notes: list[NoteOut]

    @classmethod
    def of(cls, notes: Iterable[Note]) -> "NotesOut":
        """The notes, in their order."""
        return cls(notes=[NoteOut.of(each) for each in notes])


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


class SwitchesOut(BaseModel):
    """What may go along with the session's messages: notes, and passages of earlier conversations too."""

    memory: bool
    recall: bool

    @classmethod
    def of(cls, switches: MemorySwitches) -> "SwitchesOut":
        """The switches."""
        return cls(memory=switches.memory, recall=switches.recall)


class StatusOut(BaseModel):
    """What was done."""

    status: Literal["stopped", "idle", "deleted"]


class ErrorBody(BaseModel):
    """A code for programs, a sentence for people, and how many seconds to wait if that helps."""

    code: Code
    message: Sentence
    retry_after: Seconds | None = None


class ErrorOut(BaseModel):
    """The shape of every error."""

    error: ErrorBody
