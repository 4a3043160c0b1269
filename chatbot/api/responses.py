"""What the HTTP API gives, as pydantic models, which describe themselves in /docs."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from chatbot.types import (
    PROVIDER_NAMES,
    Attachment,
    Conversation,
    FinishReason,
    MediaType,
    ProviderName,
    Role,
    Status,
    StoredMessage,
    Usage,
)


def _names(schema: dict[str, Any]) -> None:
    schema.clear()
    schema.update({"type": "string", "enum": [*PROVIDER_NAMES]})


Name = Annotated[ProviderName, Field(json_schema_extra=_names)]
"""A provider's, described with those that were added."""


# What an answer's values look like: /docs shows whole answers made of them.
Id = Annotated[str, Field(examples=["9f0c5e1d2b7a4f6c8e3d1a0b5c4f7e62"])]
Token = Annotated[str, Field(examples=["c07b1e5a9d3f4862b1c0e8f7a6d5c4b3.Nn1Wq0…"])]
Title = Annotated[str, Field(examples=["Tell me a joke."])]
Time = Annotated[str, Field(examples=["2026-11-25T12:00:00.000+00:00"])]
Answerer = Annotated[str, Field(examples=["openai"])]
ModelId = Annotated[str, Field(examples=["gpt-6-luna"])]
Said = Annotated[str, Field(examples=["What is brown and sticky? A stick."])]
Tokens = Annotated[int, Field(examples=[21])]
Milliseconds = Annotated[int, Field(examples=[420])]
Code = Annotated[str, Field(examples=["provider_rate_limited"])]
Sentence = Annotated[
    str, Field(examples=["OpenAI is receiving too many requests for this account. Wait a moment, then try again."])
]
A_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
Seconds = Annotated[float, Field(examples=[30])]


class UsageOut(BaseModel):
    """Tokens read and written, as the provider counted them; null where it did not say."""

    input_tokens: Tokens | None
    output_tokens: Tokens | None

    @model_validator(mode="before")
    @classmethod
    def _nothing_estimated(cls, value: Any) -> Any:
        return Usage() if isinstance(value, Usage) and value.estimated else value


class TimingOut(BaseModel):
    """Milliseconds from the beginning of the answer; `first_token_ms` is null where none came."""

    first_token_ms: Milliseconds | None
    total_ms: Milliseconds


class HealthOut(BaseModel):
    """The app is up."""

    status: Literal["healthy"] = "healthy"
    service: Literal["chatbot"] = "chatbot"
    version: Annotated[str, Field(examples=["1.0.0"])]


class SessionOut(BaseModel):
    """The token that opens this session's conversations, and no other's."""

    token: Token


class ModelOut(BaseModel):
    """A model; `context_tokens` is how much it reads, null where that is not known."""

    id: ModelId
    context_tokens: Annotated[int, Field(examples=[400_000])] | None


class ProviderOut(BaseModel):
    """A provider; `available` where it is set up."""

    name: Name
    label: Annotated[str, Field(examples=["OpenAI"])]
    available: bool
    models: list[ModelOut]


class DefaultOut(BaseModel):
    """What a conversation starts with; null where nothing is set up."""

    provider: Name | None
    model: ModelId | None


class ModelsOut(BaseModel):
    """Everything that can answer."""

    providers: list[ProviderOut]
    default: DefaultOut


class ChatOut(BaseModel):
    """A whole answer."""

    response: Said
    conversation_id: Id
    message_id: Id
    session_token: Token
    provider: Answerer
    model: ModelId
    finish_reason: FinishReason | None
    usage: UsageOut


class ConversationOut(BaseModel):
    """A conversation without its messages. Times are ISO 8601 in UTC."""

    conversation_id: Id
    title: Title
    created_at: Time
    updated_at: Time
    message_count: Annotated[int, Field(examples=[2])]

    @classmethod
    def of(cls, conversation: Conversation) -> "ConversationOut":
        """The conversation, without what only the page shows."""
        return cls.model_validate(conversation, from_attributes=True)


class ConversationsOut(BaseModel):
    """The session's conversations, the last changed one first."""

    conversations: list[ConversationOut]


class FaultOut(BaseModel):
    """Why an answer failed."""

    code: Code
    message: Sentence
    retryable: bool
    retry_after: Seconds | None


class UploadOut(BaseModel):
    """A file as it is kept. `width` and `height` are a picture's pixels, `pages` a PDF's, `text_size` the bytes of the
    text in it; 0 where there are none."""

    attachment_id: Annotated[str, Field(examples=[A_HASH])]
    name: Annotated[str, Field(examples=["cat.jpg"])]
    media_type: MediaType
    size: Annotated[int, Field(examples=[180_000])]
    width: Annotated[int, Field(examples=[2000])]
    height: Annotated[int, Field(examples=[1500])]
    pages: Annotated[int, Field(examples=[0])]
    text_size: Annotated[int, Field(examples=[0])]


class AttachmentOut(UploadOut):
    """A file that came with a message. `url` leads to its content, for the session's token."""

    url: Annotated[str, Field(examples=[f"/conversations/9f0c5e1d2b7a4f6c8e3d1a0b5c4f7e62/attachments/{A_HASH}"])]

    @classmethod
    def of(cls, attachment: Attachment, conversation_id: str) -> "AttachmentOut":
        """The file, with its address."""
        url = f"/conversations/{conversation_id}/attachments/{attachment.attachment_id}"
        fields = {name: getattr(attachment, name) for name in UploadOut.model_fields}
        return cls(url=url, **fields)


class MessageOut(BaseModel):
    """A message as it is kept."""

    message_id: Id
    role: Role
    content: Said
    status: Status
    created_at: Time
    provider: Answerer | None
    model: ModelId | None
    reasoning: Said
    finish_reason: FinishReason | None
    usage: UsageOut
    timing: TimingOut | None
    error: FaultOut | None
    attachments: list[AttachmentOut]

    @classmethod
    def of(cls, message: StoredMessage, conversation_id: str) -> "MessageOut":
        """The message, with its fault under the name that the API gives it."""
        fields = {name: getattr(message, name) for name in cls.model_fields if name != "error"}
        fields["attachments"] = [AttachmentOut.of(each, conversation_id) for each in message.attachments]
        return cls.model_validate(fields | {"error": message.fault}, from_attributes=True)


class ConversationWithMessagesOut(BaseModel):
    """A conversation with its messages, oldest first."""

    conversation_id: Id
    title: Title
    created_at: Time
    updated_at: Time
    messages: list[MessageOut]


class StatusOut(BaseModel):
    """What became of it."""

    status: Literal["stopped", "idle", "deleted"]


class ErrorBody(BaseModel):
    """A code for programs, a sentence for people, and how many seconds to wait where that helps."""

    code: Code
    message: Sentence
    retry_after: Seconds | None = None


class ErrorOut(BaseModel):
    """The form of every error."""

    error: ErrorBody
