"""Messages and conversations as they are kept."""

from dataclasses import dataclass, field
from typing import Literal

from chatbot.types.attachments import Attachment
from chatbot.types.completions import FinishReason, Options, Role, Usage

Status = Literal["running", "complete", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from the start of an answer; `first_token_ms` is None when no token came. `reasoning_ms` is how long
    the model reasoned before it answered, None where it did not."""

    first_token_ms: int | None
    total_ms: int
    reasoning_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SentContext:
    """What of a conversation a model was sent: `sent` of the `total` messages that could have been. `trimmed`: it was
    sent fewer after the provider had found more too long.

    Of the `files` of all these messages it was not sent `files_left_out`, for want of room or since their message was
    not sent either, nor `files_unread`, which it cannot read; of `files_as_text` it was sent the text alone.
    """

    sent: int
    total: int
    trimmed: bool = False
    files: int = 0
    files_left_out: int = 0
    files_unread: int = 0
    files_as_text: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer failed, as it is stored and shown: our code and our sentence, never a provider's text."""

    code: str
    message: str
    retryable: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as a conversation keeps it. Times are ISO 8601 in UTC, `cost` is in US dollars, None where the price is
    not known. `parent_id` is the message that it followed, empty at a conversation's beginning: messages with the same
    parent are versions of each other."""

    message_id: str
    role: Role
    content: str
    created_at: str
    status: Status = "complete"
    provider: str | None = None
    model: str | None = None
    reasoning: str = ""
    finish_reason: FinishReason | None = None
    usage: Usage = field(default_factory=Usage)
    timing: Timing | None = None
    fault: Fault | None = None
    cost: float | None = None
    seen: SentContext | None = None
    parent_id: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages. `options` are those of its last turn, None before the first. `touched_at` is
    when what is on show of it last changed; choosing another version changes that, and nothing else."""

    conversation_id: str
    title: str
    created_at: str
    updated_at: str
    message_count: int
    options: Options | None = None
    touched_at: str = field(default="", compare=False)
