"""A turn: what is asked for, and how it is put on disk, as what the visitor said and the empty answer to fill."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from chatbot.attachments import attachment_form
from chatbot.errors import InvalidAttachment, InvalidMessage, NotFound
from chatbot.memory.context_window import MOST_FILE_BYTES
from chatbot.storage import ConversationMemory
from chatbot.types import Attachment, FileSupport, Options, StoredMessage

LONGEST_MESSAGE = 10_000
"""Characters of one message, as the API's description promises."""

Question = Callable[[ConversationMemory, str], StoredMessage]
"""Sees to it that a conversation has the message to answer; returns it."""

NO_PICTURES = "{model} does not read pictures, and so not “{name}”. Choose another model, or send without it."
NO_TEXT = "There is no text in “{name}”, and {model} does not see its pages. Choose another model, or send without it."
TOO_MUCH = "The files are {size:.0f} MB together; {most:.0f} MB is the most that can go out at once. Send some of them."


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that is asked for. `key` is the visitor's own for the provider, None the operator's; `address` is where
    the visitor calls from, empty where that does not count."""

    question: Question
    options: Options
    key: SecretStr | None = None
    address: str = ""

    @property
    def paid(self) -> Options | None:
        """The options where the operator's key pays for the answer."""
        return self.options if self.key is None and self.options.choice.provider != "local" else None


def new_message(text: str, edited: str | None = None, files: Sequence[str] = (), most_files: int = 10) -> Question:
    """`text` as the conversation's next message, or as another version of the one with the id `edited`, whose files it
    keeps. It comes with `files`, the ids of what was uploaded for it.

    Raises InvalidMessage for a text that is too long, or empty with no file, and for too many files; NotFound, when it
    is written, for an id that is no message of the visitor's, and InvalidAttachment for one that is no uploaded file.
    """
    if not text.strip() and not files and not edited:
        raise InvalidMessage
    if len(files) > most_files:
        raise InvalidMessage(f"These are {len(files)} files; {most_files} is the most that can come with a message.")
    if len(text) > LONGEST_MESSAGE:
        raise InvalidMessage(f"This message is {len(text):,} characters long; {LONGEST_MESSAGE:,} is the most.")

    def write(memory: ConversationMemory, conversation_id: str) -> StoredMessage:
        before = _found(memory, conversation_id, edited) if edited else None
        kept = before.attachments if before else ()
        if not text.strip() and not kept and not files:
            raise InvalidMessage
        new = memory.attach_uploads(conversation_id, files) if files else ()
        place = before.parent_id if before else None
        return memory.add_message(conversation_id, "user", text, after=place, attachments=(*kept, *new))

    return write


def old_message(message_id: str) -> Question:
    """A message that is there already, for another answer to it. Raises NotFound, when it is looked for, as above."""
    return lambda memory, conversation_id: _found(memory, conversation_id, message_id)


def store_turn(
    memory: ConversationMemory, conversation_id: str, is_new: bool, turn: Turn, reads: FileSupport
) -> tuple[Sequence[StoredMessage], StoredMessage]:
    """Put the turn on disk in one write; returns the conversation up to the question, and the empty answer. Raises
    InvalidAttachment, and writes nothing, where the model is known not to read a file of the question."""
    choice = turn.options.choice
    asked: StoredMessage | None = None
    try:
        with memory.transaction(conversation_id):
            if is_new:
                memory.create_conversation(conversation_id=conversation_id)
            asked = turn.question(memory, conversation_id)
            check_files(asked.attachments, reads, choice.model)
            memory.set_options(conversation_id, turn.options)
            details = {"status": "running", "provider": choice.provider, "model": choice.model}
            answer = memory.add_message(conversation_id, "assistant", "", after=asked.message_id, **details)
            history = memory.get_messages(conversation_id, limit=None)[:-1]
    except BaseException:
        if asked and asked.attachments:
            memory.delete_unused_files(conversation_id)
        raise
    if asked.attachments:
        memory.delete_uploads(each.attachment_id for each in asked.attachments)
    return history, answer


def check_files(attachments: Sequence[Attachment], reads: FileSupport, model: str) -> None:
    """Raises InvalidAttachment where the model is known not to read one of the files of a message, or where they are
    too large to be sent."""
    forms = {each: attachment_form(each, reads) for each in attachments}
    for attachment, form in forms.items():
        if form == "name":
            sentence = NO_PICTURES if attachment.is_image else NO_TEXT
            raise InvalidAttachment(sentence.format(model=model, name=attachment.name))
    size = sum(each.size for each, form in forms.items() if form == "whole")
    if size > MOST_FILE_BYTES:
        raise InvalidAttachment(TOO_MUCH.format(size=size / 1e6, most=MOST_FILE_BYTES / 1e6))


def _found(memory: ConversationMemory, conversation_id: str, message_id: str) -> StoredMessage:
    for message in memory.all_messages(conversation_id):
        if message.message_id == message_id and message.role == "user":
            return message
    raise NotFound
