"""A conversation as a file to take along: JSON with everything in it, or Markdown to read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chatbot.errors import InvalidFile
from chatbot.memory.conversations import ConversationMemory
from chatbot.messages import Conversation, StoredMessage

LONGEST_TITLE = 200


class ConversationFile(BaseModel):
    """The JSON file. Fields that a later version adds are ignored."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    format: Literal["chatbot-conversation"]
    version: Literal[1]
    title: str = Field(max_length=LONGEST_TITLE)
    created_at: str
    updated_at: str
    messages: list[StoredMessage]

    @model_validator(mode="after")
    def _is_as_we_write_it(self) -> Self:
        for time in (self.created_at, self.updated_at, *(message.created_at for message in self.messages)):
            written = datetime.fromisoformat(time)
            if written.utcoffset() != timedelta(0) or written.isoformat(timespec="milliseconds") != time:
                raise ValueError("a time is not in UTC with milliseconds")
        if any(message.role == "user" and not message.content.strip() for message in self.messages):
            raise ValueError("a question is empty")
        try:
            orjson.dumps(self.model_dump())
        except orjson.JSONEncodeError:
            raise ValueError("a number or a text is beyond what can be kept") from None
        return self


def to_json(conversation: Conversation, messages: Sequence[StoredMessage]) -> bytes:
    """The whole conversation, for `from_json` and for programs."""
    file = ConversationFile.model_construct(  # what is stored was checked before
        format="chatbot-conversation",
        version=1,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        messages=list(messages),
    )
    return file.model_dump_json(indent=2).encode()


def to_markdown(conversation: Conversation, messages: Sequence[StoredMessage]) -> str:
    """The conversation for reading: who said what, without settings or times."""
    parts = [f"# {' '.join(conversation.title.split()) or 'Conversation'}"]
    for message in messages:
        speaker = "You" if message.role == "user" else message.model or "Assistant"
        parts.append(f"**{speaker}**\n\n{message.content or '(no answer)'}")
    return "\n\n".join(parts) + "\n"


def from_json(memory: ConversationMemory, content: Any) -> str:
    """Store the conversation of such a file, given as parsed JSON, as a new one; returns its id.

    Raises InvalidFile, and changes nothing, for anything that `to_json` did not make.
    """
    try:
        file = ConversationFile.model_validate(content)
    except ValidationError:
        raise InvalidFile from None
    return memory.restore_conversation(file.title, file.created_at, file.updated_at, file.messages)
