"""What a model is asked for, and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chatbot.types.attachments import FileContent, SentAttachment
from chatbot.types.provider_names import ProviderName

Role = Literal["user", "assistant"]

FinishReason = Literal["stop", "length", "paused", "refusal", "content_filter", "stopped", "interrupted"]
"""How an answer ended: normally, at the longest answer, paused by the model until it is asked to go on, declined by the
model, withheld by the provider, stopped by the visitor, or cut off."""

Effort = Literal["low", "medium", "high"]
"""How long a reasoning model thinks before it answers."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a model is sent it."""

    role: Role
    content: str
    attachments: tuple[SentAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a completion read and wrote, as the provider counted them; None if it did not. `estimated`: the
    provider did not count, so the numbers are estimates."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """Both together; what only one of them counted as that."""
        return Usage(
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            self.estimated or other.estimated,
        )


def _sum(number: int | None, other: int | None) -> int | None:
    return None if number is None and other is None else (number or 0) + (other or 0)


@dataclass(frozen=True, slots=True)
class Finish:
    """How a provider's stream ended. A stream without one was cut off.

    `cache_read` and `cache_write` are the input tokens that came from the provider's cache and went into it. They have
    prices of their own.
    """

    reason: FinishReason
    usage: Usage = Usage()
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of a streamed completion: text, reasoning, or the finish."""

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
    """One completion to ask a provider for. None leaves a choice to the provider. `files` has the contents of the
    messages' attachments by attachment id."""

    model: str
    messages: tuple[Message, ...]
    system_prompt: str = ""
    max_tokens: int = 2000
    temperature: float | None = None
    effort: Effort | None = None
    files: Mapping[str, FileContent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model of a provider. `model` is empty if none is known."""

    provider: ProviderName
    model: str


@dataclass(frozen=True, slots=True)
class Options:
    """A model, and how it is to answer. `history_limit` is in messages, `max_tokens` the longest answer."""

    choice: ModelChoice
    system_prompt: str
    max_tokens: int
    history_limit: int
    temperature: float | None = None
    effort: Effort | None = None
