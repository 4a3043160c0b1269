"""The values that travel between the parts: what is said, by whom, and how an answer went. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, NewType, get_args

from pydantic import BeforeValidator

BuiltIn = Literal["openai", "anthropic", "huggingface", "compatible", "local"]
Added = NewType("Added", str)
"""The name of a provider that `chatbot.providers.register` made known."""

PROVIDER_NAMES: list[BuiltIn | Added] = [*get_args(BuiltIn)]
"""All that there are, in the order in which they are offered."""


def _known(name: object) -> object:
    if name not in PROVIDER_NAMES:
        *others, last = map(repr, PROVIDER_NAMES)
        raise ValueError(f"Input should be {', '.join(others)} or {last}")
    return name


ProviderName = Annotated[BuiltIn | Added, BeforeValidator(_known)]

Role = Literal["user", "assistant"]

FinishReason = Literal["stop", "length", "refusal", "content_filter", "stopped", "interrupted"]
"""How an answer ended: by itself, at the longest answer, declined by the model, withheld by the provider,
stopped by a person, or cut off on the way."""

Status = Literal["running", "complete", "interrupted", "failed"]

Effort = Literal["low", "medium", "high"]
"""How long a model that reasons is to think before it answers."""


MediaType = Literal["image/png", "image/jpeg", "application/pdf", "text/plain"]
"""What files that come with messages are kept as. All text is plain text, in UTF-8."""


def clean(text: str) -> str:
    """`text` with every character whole. JSON can carry half an emoji, which UTF-8, and so the store and the providers,
    cannot: two halves become the character, a lone one U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, without its content. `attachment_id` is the content's SHA-256 and `size` its
    bytes; `width` and `height` are a picture's pixels, `pages` a PDF's, `text_size` the bytes of the text in it, as
    UTF-8."""

    attachment_id: str
    name: str
    media_type: MediaType
    size: int
    width: int = 0
    height: int = 0
    pages: int = 0
    text_size: int = 0

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture."""
        return self.media_type.startswith("image/")

    @property
    def is_document(self) -> bool:
        """Whether it is a PDF."""
        return self.media_type == "application/pdf"


@dataclass(frozen=True, slots=True)
class File:
    """An attachment's content, and the text in it: all of a text file, what a PDF's pages say, none of a picture."""

    content: bytes = field(repr=False)
    text: str = field(default="", repr=False)


Form = Literal["whole", "text", "name"]
"""How a model is sent an attachment: as the file that it is, as the text in it, or, left out, by its name alone."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """An attachment, and how a model is sent it."""

    attachment: Attachment
    form: Form


@dataclass(frozen=True, slots=True)
class Reads:
    """Which files a model reads as they are. Text it always reads. None: nobody knows."""

    pictures: bool | None = None
    documents: bool | None = None


NOBODY_KNOWS = Reads()


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said in a conversation, as a model is sent it."""

    role: Role
    content: str
    enclosed: tuple[Enclosed, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a completion read and wrote, as the provider counted them; None where nobody did. `estimated`: the
    provider did not say, so they were counted here."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """How a provider's stream ended. Without one, the stream was cut off.

    `cache_read` and `cache_write` are those of the input tokens that came from the provider's cache and went into it,
    which have prices of their own.
    """

    reason: FinishReason
    usage: Usage = Usage()
    cache_read: int = 0
    cache_write: int = 0


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
    """What one completion is asked for. None leaves a choice to the provider. `files` has the content of what the
    messages enclose, by attachment id."""

    model: str
    messages: tuple[Message, ...]
    system_prompt: str = ""
    max_tokens: int = 2000
    temperature: float | None = None
    effort: Effort | None = None
    files: Mapping[str, File] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A model of a provider. The model is empty where none is known."""

    provider: ProviderName
    model: str


@dataclass(frozen=True, slots=True)
class Options:
    """A model, and how it is to answer."""

    choice: Choice
    system_prompt: str
    max_tokens: int
    history_limit: int
    temperature: float | None = None
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from the start of an answer; `first_token_ms` is None when no token came. `reasoning_ms` is how long
    the model reasoned before it answered, None where it did not."""

    first_token_ms: int | None
    total_ms: int
    reasoning_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
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
    seen: Seen | None = None
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
