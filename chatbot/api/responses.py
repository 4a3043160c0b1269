"""The responses of the HTTP API, as pydantic models that describe themselves in /docs."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from chatbot.api.memory_responses import MemoryAccountOut, MemoryOut
from chatbot.api.response_fields import (
    EXAMPLE_HASH,
    Code,
    Content,
    Id,
    ModelId,
    Provider,
    ProviderLabel,
    Seconds,
    Sentence,
    Time,
    TimingOut,
    Title,
    Token,
    UsageOut,
)
from chatbot.types import (
    Attachment,
    Conversation,
    Fault,
    FinishReason,
    MediaType,
    Role,
    Status,
    StoredMessage,
)


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
    only, `pinned` true if the page lists it first, `summarized` true if what falls out of the window is summarised
    after each answer. What is as usual is left out, unless the call has just set it."""

    conversation_id: Id
    title: Title
    created_at: Time
    updated_at: Time
    message_count: Annotated[int, Field(examples=[2])]
    memory: bool = True
    excluded: bool = False
    temporary: bool = False
    pinned: bool = False
    summarized: bool = False

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
    the question asked to make. A `pinned` message always goes to the model, with the rest of its turn."""

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
    pinned: bool = False

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


class StatusOut(BaseModel):
    """What was done."""

    status: Literal["stopped", "idle", "deleted", "downloading", "paused"]


class ErrorBody(BaseModel):
    """A code for programs, a sentence for people, and how many seconds to wait if that helps."""

    code: Code
    message: Sentence
    retry_after: Seconds | None = None


class ErrorOut(BaseModel):
    """The shape of every error."""

    error: ErrorBody
