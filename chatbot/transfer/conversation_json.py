"""A conversation as a JSON file with everything in it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError, model_validator

from chatbot.attachments import PreparedAttachment, prepare
from chatbot.errors import InvalidAttachment, InvalidFile
from chatbot.storage import ConversationMemory
from chatbot.storage.summaries import MAX_SUMMARY_LENGTH
from chatbot.types import Attachment, Options, StoredMessage, Summary

MAX_TITLE_LENGTH = 200


class ExportedConversation(BaseModel):
    """The JSON file. Fields that a later version adds are ignored.

    Version 1 had one branch: its messages follow each other in the order of the file. In version 2, `head` is the
    newest message on display, and each message comes after its parent. `files` has the attachments' contents in base64
    by id.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    format: Literal["chatbot-conversation"]
    version: Literal[1, 2]
    title: str = Field(max_length=MAX_TITLE_LENGTH)
    created_at: str
    updated_at: str
    messages: list[StoredMessage]
    head: str = ""
    options: Options | None = None
    summaries: list[Summary] = []
    files: Annotated[dict[str, Base64Bytes], Field(default_factory=dict, repr=False)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        for time in (self.created_at, self.updated_at, *(message.created_at for message in self.messages)):
            parsed = datetime.fromisoformat(time)
            if parsed.utcoffset() != timedelta(0) or parsed.isoformat(timespec="milliseconds") != time:
                raise ValueError("a time is not in UTC with milliseconds")
        questions = [message for message in self.messages if message.role == "user"]
        if not all(each.content.strip() or each.attachments for each in questions):
            raise ValueError("a question is empty")
        if self.options and not _are_possible(self.options):
            raise ValueError("the options are out of range")
        self._check_tree()
        try:
            orjson.dumps(self.model_dump(exclude={"files"}))
        except orjson.JSONEncodeError:
            raise ValueError("a number or a text cannot be stored") from None
        return self

    def tree(self) -> tuple[list[StoredMessage], str]:
        """The messages, each after its parent, and the id of the head."""
        if self.version == 2:
            return self.messages, self.head
        line = [replace(m, message_id=f"{n + 1}", parent_id=f"{n or ''}") for n, m in enumerate(self.messages)]
        return line, line[-1].message_id if line else ""

    def _check_tree(self) -> None:
        messages, head = self.tree()
        seen = {""}
        for message in messages:
            if message.message_id in seen:
                raise ValueError("two messages have the same id, or one has none")
            if message.parent_id not in seen:
                raise ValueError("a message does not come after its parent")
            seen.add(message.message_id)
        if head not in seen:
            raise ValueError("the head is no message")
        if any(each.until not in seen - {""} for each in self.summaries):
            raise ValueError("a summary is of no message")
        if any(
            not each.text.strip() or len(each.text) > MAX_SUMMARY_LENGTH or each.covers < 1 for each in self.summaries
        ):
            raise ValueError("a summary is empty, too long or of nothing")


def export_json(memory: ConversationMemory, conversation_id: str, *, with_files: bool = True) -> bytes:
    """The whole conversation, for `import_json` and for programs. A running answer is exported as interrupted, with the
    text that is stored. Raises NotFound and StorageError."""
    with memory.transaction(conversation_id):
        conversation = memory.get_conversation(conversation_id)
        messages = memory.all_messages(conversation_id)
        head = memory.get_head(conversation_id)
        summaries = memory.summaries.list(conversation_id)
        files = memory.attachments.get_all(conversation_id, attachments_of(messages)) if with_files else {}
    exported = ExportedConversation.model_construct(  # what is stored was validated before
        format="chatbot-conversation",
        version=2,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        messages=[_ended(message) for message in messages],
        head=head,
        options=conversation.options,
        summaries=summaries,
        files={attachment_id: each.content for attachment_id, each in files.items()},
    )
    return exported.model_dump_json(indent=2).encode()


def attachments_of(messages: Sequence[StoredMessage]) -> list[Attachment]:
    """The attachments of the messages, each once."""
    return list({each.attachment_id: each for message in messages for each in message.attachments}.values())


def parse(content: Any) -> ExportedConversation:
    """Validates a file, given as parsed JSON. Raises InvalidFile for anything that `export_json` did not make."""
    try:
        return ExportedConversation.model_validate(content)
    except ValidationError:
        raise InvalidFile from None


def import_json(memory: ConversationMemory, content: Any) -> str:
    """Stores the conversation of a file, given as parsed JSON; returns its new id. Raises InvalidFile, and changes
    nothing, for anything that `export_json` did not make."""
    return restore(memory, parse(content))


def restore(
    memory: ConversationMemory,
    exported: ExportedConversation,
    find_content: Callable[[str], bytes | None] = lambda _: None,
) -> str:
    """Stores an exported conversation; returns its new id. `find_content` returns the content of an attachment that is
    not in the file itself. Raises StorageError, InvalidFile for a missing or damaged attachment, and TooLarge."""
    messages, head = exported.tree()
    prepared: dict[str, PreparedAttachment] = {}
    for each in attachments_of(messages):
        content = find_content(each.attachment_id) or exported.files.get(each.attachment_id)
        prepared[each.attachment_id] = _prepare(each.name, content)
    as_prepared = [
        replace(message, attachments=tuple(prepared[each.attachment_id].attachment for each in message.attachments))
        for message in messages
    ]
    return memory.restore_conversation(
        exported.title,
        exported.created_at,
        exported.updated_at,
        as_prepared,
        head=head,
        options=exported.options,
        attachments=list(prepared.values()),
        summaries=exported.summaries if exported.version == 2 else (),
    )


def _prepare(name: str, content: bytes | None) -> PreparedAttachment:
    """Prepares an attachment of a file with the same care as an uploaded one."""
    if content is None:
        raise InvalidFile("import_missing_file", name=name)
    try:
        return prepare(name, content, keep_normalized=True)
    except InvalidAttachment as error:
        raise InvalidFile("import_file", sentence=error.text) from None


def _are_possible(options: Options) -> bool:
    return options.max_tokens >= 1 and options.history_limit >= 1 and 0 <= (options.temperature or 0) <= 2


def _ended(message: StoredMessage) -> StoredMessage:
    if message.status != "running":
        return message
    return replace(message, status="interrupted", finish_reason="interrupted")
