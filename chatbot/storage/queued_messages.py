"""Messages that visitors sent while an answer was running, and that wait for its end."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import InvalidMessage, NotFound
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.timestamps import now
from chatbot.types import Attachment, QueuedMessage, clean

MAX_QUEUED = 10
"""Messages that wait in one conversation."""

QUEUED = TypeAdapter(QueuedMessage)


class QueuedMessages:
    """The queues of a session's conversations, each in its conversation's file. A queued message leaves the queue in
    the transaction that stores it as a message, so that it is sent once.

    Methods block for about a millisecond. They raise NotFound for a conversation or a message that is not there, and
    StorageError.
    """

    def __init__(self, directory: SessionDirectory) -> None:
        self._directory = directory

    def list(self, conversation_id: str) -> list[QueuedMessage]:
        """The messages that wait, in the order in which they are to be sent."""
        with self._directory.read(conversation_id) as file:
            return _read(file)

    def add(
        self, conversation_id: str, text: str, attachments: Iterable[Attachment] = (), *, first: bool = False
    ) -> QueuedMessage:
        """Adds a message; `attachments` stay uploads until it is sent. Raises InvalidMessage if too many wait."""
        message = QueuedMessage(uuid4().hex, clean(text), now(), tuple(attachments))
        with self._directory.write(conversation_id) as file:
            others = _read(file)
            if len(others) >= MAX_QUEUED:
                raise InvalidMessage("too_many_queued", most=MAX_QUEUED)
            self._store(file, [message, *others] if first else [*others, message])
        return message

    def move_first(self, conversation_id: str, message_id: str) -> None:
        """Lets the message go before the others."""
        with self._directory.write(conversation_id) as file:
            message = _find(file, message_id)
            self._store(file, [message, *(each for each in _read(file) if each != message)])

    def remove(self, conversation_id: str, message_id: str) -> QueuedMessage:
        """Removes the message and returns it; nothing of it is left in the file."""
        with self._directory.write(conversation_id) as file:
            message = _find(file, message_id)
            self._store(file, [each for each in _read(file) if each != message])
        return message

    def _store(self, file: ConversationFile, messages: Sequence[QueuedMessage]) -> None:
        time = self._directory.next_time(file.summary().touched_at)
        file.change_for_good(queued=[asdict(each) for each in messages], shown_at=time)


def _read(file: ConversationFile) -> list[QueuedMessage]:
    stored = file.document.get("queued", [])
    found = (_decode(each) for each in stored) if isinstance(stored, list | tuple) else ()
    return [each for each in found if each]


def _find(file: ConversationFile, message_id: str) -> QueuedMessage:
    for message in _read(file):
        if message.message_id == message_id:
            return message
    raise NotFound("queued")


def _decode(record: Any) -> QueuedMessage | None:
    try:
        return QUEUED.validate_python(record)
    except ValidationError:
        return None
