"""A conversation as a file to take along: JSON with everything in it, or Markdown to read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError, model_validator

from chatbot.attachments import Prepared, prepare
from chatbot.errors import InvalidAttachment, InvalidFile
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.types import Attachment, Conversation, Options, StoredMessage

LONGEST_TITLE = 200


class ExportedConversation(BaseModel):
    """The JSON file. Fields that a later version adds are ignored.

    Version 1 had one branch: its messages follow each other in the order of the file, whatever else they say.
    In version 2, `head` is the newest message on show, and each message comes after its parent. `files` has the
    contents of the messages' attachments, in base64 by their ids.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    format: Literal["chatbot-conversation"]
    version: Literal[1, 2]
    title: str = Field(max_length=LONGEST_TITLE)
    created_at: str
    updated_at: str
    messages: list[StoredMessage]
    head: str = ""
    options: Options | None = None
    files: Annotated[dict[str, Base64Bytes], Field(default_factory=dict, repr=False)]

    @model_validator(mode="after")
    def _is_as_we_write_it(self) -> Self:
        for time in (self.created_at, self.updated_at, *(message.created_at for message in self.messages)):
            written = datetime.fromisoformat(time)
            if written.utcoffset() != timedelta(0) or written.isoformat(timespec="milliseconds") != time:
                raise ValueError("a time is not in UTC with milliseconds")
        said = (message.content.strip() or message.attachments for message in self.messages if message.role == "user")
        if not all(said):
            raise ValueError("a question is empty")
        if self.options and not _are_possible(self.options):
            raise ValueError("the options are beyond what can be asked for")
        self._check_tree()
        try:
            orjson.dumps(self.model_dump(exclude={"files"}))
        except orjson.JSONEncodeError:
            raise ValueError("a number or a text is beyond what can be kept") from None
        return self

    def tree(self) -> tuple[list[StoredMessage], str]:
        """The messages, each after its parent, and which of them is the newest on show."""
        if self.version == 2:
            return self.messages, self.head
        line = [replace(m, message_id=f"{n + 1}", parent_id=f"{n or ''}") for n, m in enumerate(self.messages)]
        return line, line[-1].message_id if line else ""

    def _check_tree(self) -> None:
        messages, head = self.tree()
        known = {""}
        for message in messages:
            if message.message_id in known:
                raise ValueError("two messages have the same id, or one has none")
            if message.parent_id not in known:
                raise ValueError("a message does not come after the one that it follows")
            known.add(message.message_id)
        if head not in known:
            raise ValueError("the head is none of the messages")


def export_json(memory: ConversationMemory, conversation_id: str, *, with_files: bool = True) -> bytes:
    """The whole conversation, for `from_json` and for programs. An answer that is being written is in it as one that
    was interrupted, with its text as far as it is stored. Raises NotFound and StorageError."""
    with memory.transaction(conversation_id):
        conversation = memory.get_conversation(conversation_id)
        messages = memory.all_messages(conversation_id)
        head = memory.get_head(conversation_id)
        files = memory.get_files(conversation_id, attachments_of(messages)) if with_files else {}
    file = ExportedConversation.model_construct(  # what is stored was checked before
        format="chatbot-conversation",
        version=2,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        messages=[_ended(message) for message in messages],
        head=head,
        options=conversation.options,
        files={attachment_id: each.content for attachment_id, each in files.items()},
    )
    return file.model_dump_json(indent=2).encode()


def attachments_of(messages: Sequence[StoredMessage]) -> list[Attachment]:
    """The files that the messages came with, each once."""
    return list({each.attachment_id: each for message in messages for each in message.attachments}.values())


def export_markdown(
    conversation: Conversation, messages: Sequence[StoredMessage], link: Callable[[Attachment], str] | None = None
) -> str:
    """The conversation for reading: who said what in `messages`, without settings or times. `link` tells where beside
    it a file is."""
    parts = [f"# {' '.join(conversation.title.split()) or 'Conversation'}"]
    for message in messages:
        speaker = "You" if message.role == "user" else message.model or "Assistant"
        named = [_named(each, link(each) if link else "") for each in message.attachments]
        said = [message.content] if message.content else [] if named else ["(no answer)"]
        parts.append("\n\n".join([f"**{speaker}**", *named, *said]))
    return "\n\n".join(parts) + "\n"


def parse(content: Any) -> ExportedConversation:
    """The file, given as parsed JSON, checked. Raises InvalidFile for anything that `to_json` did not make."""
    try:
        return ExportedConversation.model_validate(content)
    except ValidationError:
        raise InvalidFile from None


def import_json(memory: ConversationMemory, content: Any) -> str:
    """Store the conversation of such a file, given as parsed JSON, as a new one; returns its id.

    Raises InvalidFile, and changes nothing, for anything that `to_json` did not make.
    """
    return restore(memory, parse(content))


def restore(
    memory: ConversationMemory, file: ExportedConversation, find: Callable[[str], bytes | None] = lambda _: None
) -> str:
    """Store the conversation of a file as a new one; returns its id. `find` finds attachments' contents that are not in
    the file itself. Raises StorageError; InvalidFile where one is missing or spoilt, TooLarge without room for them."""
    messages, head = file.tree()
    files = {}
    for each in attachments_of(messages):
        content = find(each.attachment_id) or file.files.get(each.attachment_id)
        files[each.attachment_id] = _checked(each.name, content)
    known = [
        replace(message, attachments=tuple(files[each.attachment_id].attachment for each in message.attachments))
        for message in messages
    ]
    return memory.restore_conversation(
        file.title,
        file.created_at,
        file.updated_at,
        known,
        head=head,
        options=file.options,
        files=list(files.values()),
    )


def _checked(name: str, content: bytes | None) -> Prepared:
    """An attachment of an imported file, looked at as closely as one that is just being sent."""
    if content is None:
        raise InvalidFile(f"“{name}”, which came with a message, is missing in this file. Nothing was changed.")
    try:
        return prepare(name, content, as_kept=True)
    except InvalidAttachment as error:
        raise InvalidFile(f"{error} Nothing was changed.") from None


def _named(attachment: Attachment, link: str) -> str:
    name = attachment.name.translate({ord(bracket): f"\\{bracket}" for bracket in "[]"})
    if not link:
        return f"*Attached: {name}*"
    return f"{'!' * attachment.is_image}[{name}]({link})"


def _are_possible(options: Options) -> bool:
    return options.max_tokens >= 1 and options.history_limit >= 1 and 0 <= (options.temperature or 0) <= 2


def _ended(message: StoredMessage) -> StoredMessage:
    if message.status != "running":
        return message
    return replace(message, status="interrupted", finish_reason="interrupted")
