"""Turns: a question and its answer, and how both are stored before the model is asked."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pydantic import SecretStr

from chatbot.attachments import attachment_form
from chatbot.errors import (
    InvalidAttachment,
    InvalidMessage,
    NotFound,
    NotPossible,
    NotTemporary,
    TooLarge,
    TooManyConversations,
    TooManySessions,
)
from chatbot.memory.context_window import is_withheld
from chatbot.memory.message_sizes import MAX_FILE_BYTES
from chatbot.memory.remember import remembered
from chatbot.replies.recollection import switches_of
from chatbot.storage import ConversationMemory
from chatbot.types import Attachment, ModelProfile, NoteSource, Options, StoredMessage

MAX_MESSAGE_LENGTH = 10_000
"""Characters of one message."""

Question = Callable[[ConversationMemory, str], StoredMessage]
"""Stores or finds the question in a conversation, and returns it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn to start; without a `question` the last answer goes on. `key` is the visitor's own for the provider, None
    the operator's; `address` is the visitor's, empty if it does not count. `memory`: whether notes and passages go
    along, None as the session says; `temporary`: a new conversation is in memory only. `text` is that of a question
    which is new: what matches it can be looked for while it is stored."""

    question: Question | None
    options: Options
    key: SecretStr | None = None
    address: str = ""
    memory: bool | None = None
    temporary: bool = False
    text: str | None = None


def new_question(text: str, edited: str | None = None, files: Sequence[str] = (), max_files: int = 10) -> Question:
    """A question that stores `text` as the conversation's next message, or as another version of the message `edited`,
    whose attachments and pin it keeps. `files` are the ids of uploads.

    Raises InvalidMessage for a text that is too long, or empty without a file, and for too many files. The question
    raises NotFound if `edited` is no message of the visitor, or an upload is missing.
    """
    if not text.strip() and not files and not edited:
        raise InvalidMessage
    if len(files) > max_files:
        raise InvalidMessage("too_many_files", number=len(files), most=max_files)
    if len(text) > MAX_MESSAGE_LENGTH:
        raise InvalidMessage("too_long", number=len(text), most=MAX_MESSAGE_LENGTH)

    def store(memory: ConversationMemory, conversation_id: str) -> StoredMessage:
        original = _find_question(memory, conversation_id, edited) if edited else None
        old = original.attachments if original else ()
        if not text.strip() and not old and not files:
            raise InvalidMessage
        if files and memory.is_temporary(conversation_id):
            raise InvalidAttachment("temporary")
        new = memory.attachments.attach_uploads(conversation_id, files) if files else ()
        after = original.parent_id if original else None
        if original:
            take_back_note(memory, original)
        is_pinned = original is not None and original.pinned
        return memory.add_message(
            conversation_id, "user", text, after=after, attachments=(*old, *new), pinned=is_pinned
        )

    return store


def stored_question(message_id: str) -> Question:
    """A question that is stored already, for another answer to it. It raises NotFound if there is none."""
    return lambda memory, conversation_id: _find_question(memory, conversation_id, message_id)


def queued_question(message_id: str, max_files: int = 10) -> Question:
    """A question that waited in the queue of its conversation, which it leaves as it is stored. It raises NotFound if
    it does not wait there any more, or an upload is missing."""

    def store(memory: ConversationMemory, conversation_id: str) -> StoredMessage:
        queued = memory.queued.remove(conversation_id, message_id)
        files = [each.attachment_id for each in queued.attachments]
        return new_question(queued.text, files=files, max_files=max_files)(memory, conversation_id)

    return store


def store_turn(
    memory: ConversationMemory, conversation_id: str, is_new: bool, turn: Turn, profile: ModelProfile
) -> tuple[Sequence[StoredMessage], StoredMessage]:
    """Stores the turn in one transaction; returns the conversation up to the question, and the answer, still empty or
    with what it goes on from. If the question asks to remember something, makes a note of it. Raises InvalidAttachment,
    and stores nothing, if the model is known not to read an attachment of the question."""
    if turn.question is None:
        return _resume(memory, conversation_id, turn)
    choice = turn.options.choice
    question: StoredMessage | None = None
    if turn.temporary and is_new:
        memory.start_temporary(conversation_id)
    elif turn.temporary and not memory.is_temporary(conversation_id):
        memory.get_conversation(conversation_id)
        raise NotTemporary
    try:
        with memory.transaction(conversation_id):
            if is_new:
                memory.create_conversation(conversation_id=conversation_id)
            question = turn.question(memory, conversation_id)
            _check_attachments(question.attachments, profile)
            memory.set_options(conversation_id, turn.options)
            answer = memory.add_message(
                conversation_id,
                "assistant",
                "",
                after=question.message_id,
                status="running",
                provider=choice.provider,
                model=choice.model,
                note=_make_note(memory, conversation_id, question, turn.memory),
            )
            history = memory.get_messages(conversation_id, limit=None)[:-1]
    except BaseException:
        if turn.temporary and is_new:
            memory.drop_temporary(conversation_id)
        if question and question.attachments:
            memory.attachments.delete_unused(conversation_id)
        raise
    if question.attachments:
        memory.attachments.delete_uploads(each.attachment_id for each in question.attachments)
    return history, answer


def _resume(
    memory: ConversationMemory, conversation_id: str, turn: Turn
) -> tuple[Sequence[StoredMessage], StoredMessage]:
    """As `store_turn`, for the last answer, which is running again. Raises NotFound if there is none, or no question
    before it, as in some imported files; NotPossible if the model or a filter refused to give it."""
    choice = turn.options.choice
    with memory.transaction(conversation_id):
        messages = memory.get_messages(conversation_id, limit=None)
        answer = messages.pop() if messages else None
        if answer is None or answer.role != "assistant" or not messages or messages[-1].role != "user":
            raise NotFound("message")
        if is_withheld(answer):
            raise NotPossible("withheld")
        begun = answer if answer.content else replace(answer, reasoning="", timing=None)
        resumed = replace(
            begun, status="running", finish_reason=None, fault=None, provider=choice.provider, model=choice.model
        )
        memory.set_options(conversation_id, turn.options)
        memory.update_message(conversation_id, resumed, takes_lease=True)
    return messages, resumed


def take_back_note(memory: ConversationMemory, question: StoredMessage) -> None:
    """Deletes the note that the question asked for: it is taken back or put differently."""
    fact = remembered(question.content)
    for note in memory.notes.list() if fact else ():
        if note.source and note.source.message_id == question.message_id and note.text == fact:
            memory.notes.delete(note.note_id)


def _make_note(
    memory: ConversationMemory, conversation_id: str, question: StoredMessage, requested: bool | None
) -> str | None:
    """Stores the note that the question asks for; returns its id. None if it asks for none, memory is off here, the
    chat is temporary, or no more notes can be stored: the question is answered all the same."""
    fact = remembered(question.content)
    if (
        fact is None
        or memory.is_temporary(conversation_id)
        or not switches_of(memory, memory.get_conversation(conversation_id), requested).memory
    ):
        return None
    known = (note for note in memory.notes.list() if note.source and note.source.message_id == question.message_id)
    if note := next(known, None):  # the question is answered once more
        return note.note_id
    with suppress(InvalidMessage, TooManyConversations, TooManySessions, TooLarge):
        return memory.notes.create(fact, source=NoteSource(conversation_id, question.message_id)).note_id
    return None


def _check_attachments(attachments: Sequence[Attachment], profile: ModelProfile) -> None:
    """Raises InvalidAttachment if the model is known not to read one of them, or they are too large to be sent."""
    forms = {each: attachment_form(each, profile) for each in attachments}
    for attachment, form in forms.items():
        if form == "name":
            detail = "images_not_read" if attachment.is_image else "no_text"
            raise InvalidAttachment(detail, model=profile.id, name=attachment.name)
    size = sum(each.size for each, form in forms.items() if form == "whole")
    if size > MAX_FILE_BYTES:
        raise InvalidAttachment("too_much", size=round(size / 1e6), most=round(MAX_FILE_BYTES / 1e6))


def _find_question(memory: ConversationMemory, conversation_id: str, message_id: str) -> StoredMessage:
    for message in memory.all_messages(conversation_id):
        if message.message_id == message_id and message.role == "user":
            return message
    raise NotFound
