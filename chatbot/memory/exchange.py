"""A conversation as a file to take along: JSON with everything in it, or Markdown to read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chatbot.errors import InvalidFile
from chatbot.memory.conversations import ConversationMemory
from chatbot.messages import Conversation, StoredMessage

LONGEST_TITLE = 200


class ConversationFile(BaseModel):
    """The JSON file. Fields that a later version adds are ignored."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["chatbot-conversation"] = "chatbot-conversation"
    version: Literal[1] = 1
    title: str = Field(max_length=LONGEST_TITLE)
    created_at: str
    updated_at: str
    messages: list[StoredMessage]

    @model_validator(mode="after")
    def _times_are_times(self) -> Self:
        for time in (self.created_at, self.updated_at, *(message.created_at for message in self.messages)):
            datetime.fromisoformat(time)
        return self


def to_json(conversation: Conversation, messages: Sequence[StoredMessage]) -> bytes:
    """The whole conversation, for `from_json` and for programs."""
    file = ConversationFile(
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        messages=list(messages),
    )
    return file.model_dump_json(indent=2).encode()


def to_markdown(conversation: Conversation, messages: Sequence[StoredMessage]) -> str:
    """The conversation for reading: who said what, without settings or times."""
    parts = [f"# {conversation.title or 'Conversation'}"]
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
