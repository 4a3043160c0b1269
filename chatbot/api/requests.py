"""What the HTTP API takes, as pydantic models: they validate, and they describe themselves in /docs."""

from base64 import b64decode
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from chatbot.api.responses import Name
from chatbot.replies.options import HOTTEST, LONGEST_PROMPT, MOST_HISTORY
from chatbot.replies.turns import LONGEST_MESSAGE

LONGEST_NAME = 200

BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

VISIBLE: dict[str, JsonValue] = {"pattern": r"[^\s\u001c-\u001f\u0085]"}
"""For the description: what `_not_blank` asks for. Python knows a few white spaces more than JSON Schema's patterns."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is only white space")
    return text


def _whole(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = BeforeValidator(_whole)
"""To JSON 20 and 20.0 are the same."""


class Body(BaseModel):
    """A request's body. Unknown fields are refused, so that a misspelt one is not silently without effect; and so are
    values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _base64(text: str) -> str:
    try:
        b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it is not base64") from None
    return text


class InlineIn(Body):
    """A file in the request itself. What it is its content tells; the media type is for whoever reads the request."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)] = "file"
    media_type: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    data: Annotated[
        str,
        Field(min_length=4, json_schema_extra={"contentEncoding": "base64", "pattern": BASE64}),
        AfterValidator(_base64),
    ]

    def content(self) -> bytes:
        """The file's bytes."""
        return b64decode(self.data)


class UploadedIn(Body):
    """A file that `POST /attachments` took."""

    attachment_id: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class ChatBody(Body):
    """A message, and how it is to be answered. What is left out is the operator's setting."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "Tell me a joke.", "stream": False}]})

    message: Annotated[
        str, Field(min_length=1, max_length=LONGEST_MESSAGE, json_schema_extra=VISIBLE), AfterValidator(_not_blank)
    ]
    conversation_id: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None
    provider: Name | None = None
    model: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = None
    system_prompt: Annotated[str, Field(max_length=LONGEST_PROMPT)] | None = None
    temperature: Annotated[float, Field(ge=0, le=HOTTEST, allow_inf_nan=False)] | None = None
    max_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    history_limit: Annotated[int, Field(ge=1, le=MOST_HISTORY), WHOLE] | None = None
    attachments: list[InlineIn | UploadedIn] = []
    stream: bool = False


class TitleBody(Body):
    """A conversation's new title."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Jokes"}]})

    title: Annotated[
        str, Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra=VISIBLE), AfterValidator(_not_blank)
    ]
