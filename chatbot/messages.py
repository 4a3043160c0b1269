"""The values that travel between the parts: what is said, by whom, and how an answer went. All frozen."""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "assistant"]

FinishReason = Literal["stop", "length", "refusal", "content_filter", "stopped", "interrupted"]
"""How an answer ended: by itself, at the longest answer, declined by the model, withheld by the provider,
stopped by a person, or cut off on the way."""

Status = Literal["running", "complete", "interrupted", "failed"]


def clean(text: str) -> str:
    """`text` with every character whole. JSON can carry half an emoji, which UTF-8, and so the store and the providers,
    cannot: two halves become the character, a lone one U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said in a conversation, as a model is sent it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a completion read and wrote, as the provider counted them; None where it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """How a provider's stream ended. Without one, the stream was cut off."""

    reason: FinishReason
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of a streamed completion: some text, some reasoning, or the finish."""

    text: str = ""
    reasoning: str = ""
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer. `str(completion)` is its text."""

    text: str
    reasoning: str
    finish: Finish

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Request:
    """What one completion is asked for. None leaves a choice to the provider."""

    model: str
    messages: tuple[Message, ...]
    system_prompt: str = ""
    max_tokens: int = 2000
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from the start of an answer; `first_token_ms` is None when no token came."""

    first_token_ms: int | None
    total_ms: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer failed, as it is stored and shown: our code and our sentence, never a provider's text."""

    code: str
    message: str
    retryable: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as a conversation keeps it. Times are ISO 8601 in UTC."""

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


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages."""

    conversation_id: str
    title: str
    created_at: str
    updated_at: str
    message_count: int
