"""Messages and conversations as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbot.i18n import Text
from chatbot.types.attachments import Attachment
from chatbot.types.completions import FinishReason, Options, Role, Usage
from chatbot.types.memory import SentMemory

Status = Literal["running", "complete", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds since the start of an answer; `first_token_ms` is None if no token came. `reasoning_ms` is how long
    the model reasoned before it answered, None if it did not."""

    first_token_ms: int | None
    total_ms: int
    reasoning_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SentContext:
    """How much of a conversation a model was sent: `sent` of the `total` messages that could have been sent.
    `trimmed`: messages were left out after the provider had found more too long.

    Of the `files` of all these messages, `files_left_out` did not fit or belong to a message that was not sent, and
    `files_unread` cannot be read by the model; of `files_as_text` it was sent the text only.

    `pinned` of the messages that were sent were older than the others, and sent because they, or messages of the same
    turn, are pinned. `pinned_left_out` messages are pinned and did not fit.
    """

    sent: int
    total: int
    trimmed: bool = False
    files: int = 0
    files_left_out: int = 0
    files_unread: int = 0
    files_as_text: int = 0
    pinned: int = 0
    pinned_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer failed, as it is stored: our code and text (`i18n.Text.as_json`), never a provider's words. A fault
    without a text, as earlier versions stored it, is worded by its code."""

    code: str
    text: Mapping[str, Any] = field(default_factory=dict)
    retryable: bool = False
    retry_after: float | None = None

    @property
    def words(self) -> Text:
        """The text, to be worded in its reader's language."""
        unknown = {"key": f"failure.{self.code}", "provider": "The provider", "wait": {"key": "wait.moment"}}
        return Text.from_json(self.text) or Text.from_json(unknown) or Text("failure.internal")


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A stored message. Times are ISO 8601 in UTC; `cost` is in US dollars, None if the price is not known. `parent_id`
    is the message before it, empty for the first: messages with the same parent are versions of each other.

    Of an answer, `memory` is what went along with its question, and `note` the id of the note that the question asked
    to make, None if none was made. A `pinned` message is always sent, and never summarised.
    """

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
    memory: SentMemory | None = None
    note: str | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A visitor's message that waits until the running answer has ended. Its attachments are still uploads."""

    message_id: str
    text: str
    created_at: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages. `options` are those of its last turn, None before the first. `touched_at` is
    when what it shows last changed: unlike `updated_at` it also moves when another version is shown.

    `memory`: whether notes and passages go along with its messages; `excluded`: it is never recalled in others;
    `temporary`: it is on no disk; `irrelevant`: ids of notes, messages and conversations of which nothing goes along
    here; `pinned`: it stands before the others in lists that people read; `summarized`: what falls out of the window is
    summarised after each answer; `queued` is the number of messages that wait for the end of an answer.
    """

    conversation_id: str
    title: str
    created_at: str
    updated_at: str
    message_count: int
    options: Options | None = None
    touched_at: str = field(default="", compare=False)
    memory: bool = True
    excluded: bool = False
    temporary: bool = False
    irrelevant: frozenset[str] = frozenset()
    pinned: bool = False
    summarized: bool = False
    queued: int = 0
