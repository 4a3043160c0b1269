"""The request bodies of the HTTP API, as pydantic models that describe themselves in /docs."""

from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from chatbot.api.response_fields import Provider
from chatbot.replies.options import MAX_HISTORY, MAX_PROMPT_LENGTH, MAX_TEMPERATURE, RequestedOptions
from chatbot.replies.turns import MAX_MESSAGE_LENGTH
from chatbot.storage.notes import MAX_NOTE_LENGTH
from chatbot.storage.summaries import MAX_SUMMARY_LENGTH
from chatbot.types import NoteSource

MAX_NAME_LENGTH = 200
MAX_NOTES_TEXT = 80_000
"""Characters of a list of notes: however they are escaped, the body has less than 1 MiB."""

BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

VISIBLE: dict[str, JsonValue] = {"pattern": r"[^\s\u001c-\u001f\u0085]"}
"""Describes what `_not_blank` requires. Python knows a few more kinds of white space than JSON Schema's patterns."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is only white space")
    return text


def _to_int(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


INTEGRAL = BeforeValidator(_to_int)
"""To JSON 20 and 20.0 are the same."""


class Body(BaseModel):
    """A request's body. Unknown fields are refused, so that a misspelt one is noticed, and values of another type are
    too."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _check_base64(text: str) -> str:
    try:
        b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it is not base64") from None
    return text


class InlineIn(Body):
    """A file in the request itself. It is recognised by its content; the media type is for whoever reads the
    request."""

    name: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] = "file"
    media_type: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
    data: Annotated[
        str,
        Field(min_length=4, json_schema_extra={"contentEncoding": "base64", "pattern": BASE64}),
        AfterValidator(_check_base64),
    ]

    def content(self) -> bytes:
        """The file's bytes."""
        return b64decode(self.data)


class UploadedIn(Body):
    """A file that was uploaded by `POST /attachments`."""

    attachment_id: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class ChatBody(Body):
    """A message, and how it is to be answered. Fields that are left out have the operator's defaults. `memory`: whether
    notes and, if the session allows it, passages of earlier conversations go along; null as the session says.
    `temporary`: a new conversation is in memory only, for some minutes; of notes and passages none go along unless
    `memory` is true."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "Tell me a joke.", "stream": False}]})

    message: Annotated[
        str, Field(min_length=1, max_length=MAX_MESSAGE_LENGTH, json_schema_extra=VISIBLE), AfterValidator(_not_blank)
    ]
    conversation_id: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | None = None
    provider: Provider | None = None
    model: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] | None = None
    system_prompt: Annotated[str, Field(max_length=MAX_PROMPT_LENGTH)] | None = None
    temperature: Annotated[float, Field(ge=0, le=MAX_TEMPERATURE, allow_inf_nan=False)] | None = None
    max_tokens: Annotated[int, Field(ge=1), INTEGRAL] | None = None
    history_limit: Annotated[int, Field(ge=1, le=MAX_HISTORY), INTEGRAL] | None = None
    attachments: list[InlineIn | UploadedIn] = []
    stream: bool = False
    memory: bool | None = None
    temporary: bool = False

    def options(self) -> RequestedOptions:
        """How the message is to be answered."""
        return {
            "provider": self.provider,
            "model": self.model,
            "system_prompt": self.system_prompt,
            "max_tokens": self.max_tokens,
            "history_limit": self.history_limit,
            "temperature": self.temperature,
        }


class ConversationChangesBody(Body):
    """What to change of a conversation: its title, whether notes and passages go along with its messages (`memory`),
    whether it is excluded from recall, whether it is `pinned`, and whether what falls out of the window is `summarized`
    after each answer, for the price of a message. `irrelevant` says of notes, messages and
    conversations, by id, that nothing of them goes along here, or does again. With `temporary` as false, a temporary
    chat is stored from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Jokes", "excluded": True}]})

    title: (
        Annotated[
            str, Field(min_length=1, max_length=MAX_NAME_LENGTH, json_schema_extra=VISIBLE), AfterValidator(_not_blank)
        ]
        | None
    ) = None
    memory: bool | None = None
    excluded: bool | None = None
    irrelevant: (
        Annotated[dict[Annotated[str, Field(max_length=MAX_NAME_LENGTH)], bool], Field(max_length=100)] | None
    ) = None
    pinned: bool | None = None
    summarized: bool | None = None
    temporary: Literal[False] | None = None


class MessageChangesBody(Body):
    """What to change of a message. A pinned one always goes to the model, with the rest of its turn, and is never
    summarised."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"pinned": True}]})

    pinned: bool


NoteText = Annotated[
    str, Field(min_length=1, max_length=MAX_NOTE_LENGTH, json_schema_extra=VISIBLE), AfterValidator(_not_blank)
]


class SourceIn(Body):
    """The conversation that a note comes from, and the message of it if it comes from one."""

    conversation_id: Annotated[str, Field(max_length=MAX_NAME_LENGTH)]
    message_id: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | None = None

    def place(self) -> NoteSource:
        """The source."""
        return NoteSource(self.conversation_id, self.message_id)


class NoteBody(Body):
    """A fact to remember. A pinned note goes along with every message."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "My dentist is Dr. Example, on Tuesdays."}]})

    text: NoteText
    pinned: bool = False
    source: SourceIn | None = None


class NoteChangesBody(Body):
    """What to change of a note."""

    text: NoteText | None = None
    pinned: bool | None = None


class NotesTextBody(Body):
    """A list of facts, a line each."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "- I live in Oslo.\n- I have two cats."}]})

    text: Annotated[str, Field(min_length=1, max_length=MAX_NOTES_TEXT)]


class SuggestBody(Body):
    """The conversation to find facts in, and the model to ask: the operator's default if it is left out."""

    conversation_id: Annotated[str, Field(max_length=MAX_NAME_LENGTH)]
    provider: Provider | None = None
    model: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] | None = None


class SwitchesBody(Body):
    """What may go along with the session's messages: notes (`memory`), and passages of earlier conversations too
    (`recall`)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"recall": True}]})

    memory: bool | None = None
    recall: bool | None = None


class ContinueBody(Body):
    """How the last answer is to go on. What is left out is as it was for the conversation's last message. Without
    `stream` the whole answer comes at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stream": True}]})

    provider: Provider | None = None
    model: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] | None = None
    max_tokens: Annotated[int, Field(ge=1), INTEGRAL] | None = None
    stream: bool = True

    def options(self) -> RequestedOptions:
        """What is to change of how the conversation is answered."""
        return {"provider": self.provider, "model": self.model, "max_tokens": self.max_tokens}


class SummarizeBody(Body):
    """The model that is to make the summary: the conversation's own if it is left out."""

    provider: Provider | None = None
    model: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] | None = None


class SummaryChangesBody(Body):
    """Another text of a summary."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "We plan a trip to Oslo in May."}]})

    text: Annotated[
        str, Field(min_length=1, max_length=MAX_SUMMARY_LENGTH, json_schema_extra=VISIBLE), AfterValidator(_not_blank)
    ]
