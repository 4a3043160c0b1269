"""ConversationMemory: the conversations of one session, in one TinyDB file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tinydb import TinyDB, where
from tinydb.table import Document, Table

from chatbot.errors import NotFound, StorageError
from chatbot.memory.records import decode, encode
from chatbot.memory.storage import AtomicStorage
from chatbot.messages import Conversation, Role, Status, StoredMessage, clean

FORMAT = 1
"""Version of the file's layout, for a later one to know what to migrate."""

TITLE_LENGTH = 60
"""Characters of a title that is cut from the first message."""


class ConversationMemory:
    """What one session's visitor and the models said to each other; on disk as soon as a method returns.

    A conversation is a table of messages, in the order in which they were added. Methods block for about a
    millisecond of disk work: with an event loop, call them from a thread; any number of threads may.
    They raise NotFound for a conversation that this session does not have, StorageError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._storage = AtomicStorage(path)
        self._db = TinyDB(storage=lambda: self._storage)
        self._conversations = self._db.table("conversations")

    def create_conversation(self, title: str = "", *, conversation_id: str | None = None) -> str:
        """Start an empty conversation; returns its id, a random one where none is given."""
        conversation_id = conversation_id or uuid4().hex
        created = now()
        with self.one_write():
            if not len(self._conversations):
                self._db.table("format").upsert(Document({"version": FORMAT}, doc_id=1))
            self._conversations.insert(
                {
                    "conversation_id": conversation_id,
                    "title": clean(title),
                    "created_at": created,
                    "updated_at": created,
                }
            )
        return conversation_id

    def restore_conversation(self, title: str, created_at: str, updated_at: str, messages: list[StoredMessage]) -> str:
        """Store a conversation that was kept elsewhere under a new id, which is returned. The messages get new ids too;
        an answer that was running there was cut off."""
        with self.one_write():
            conversation_id = self.create_conversation(title)
            table = self._messages(conversation_id)
            for message in messages:
                status: Status = "interrupted" if message.status == "running" else message.status
                table.insert(encode(replace(message, message_id=uuid4().hex, status=status)))
            dates = {"created_at": created_at, "updated_at": updated_at}
            self._conversations.update(dates, doc_ids=[self._document(conversation_id).doc_id])
        return conversation_id

    def add_message(self, conversation_id: str, role: Role, content: str, **details: Any) -> StoredMessage:
        """Append a message and return it as stored. `details` are further fields of StoredMessage.

        A user's first message gives an untitled conversation its title.
        """
        record = encode(StoredMessage(uuid4().hex, role, content, now(), **details))
        with self.one_write():
            conversation = self._document(conversation_id)
            self._messages(conversation_id).insert(record)
            title = conversation["title"] or (cut_title(record["content"]) if role == "user" else "")
            self._touch(conversation, title=title)
        return decode(record)

    def update_message(self, conversation_id: str, message: StoredMessage) -> None:
        """Store `message` in the place of the one with its id; one that was removed stays removed."""
        with self.one_write():
            conversation = self._document(conversation_id)
            self._messages(conversation_id).update(encode(message), where("message_id") == message.message_id)
            self._touch(conversation)

    def get_messages(self, conversation_id: str, limit: int | None = 20) -> list[StoredMessage]:
        """The newest `limit` messages, oldest first; all of them with None."""
        with self._reading():
            self._document(conversation_id)
            records = self._messages(conversation_id).all()
        newest = records if limit is None else records[max(len(records) - limit, 0) :]
        return [decode(record) for record in newest]

    def get_conversation(self, conversation_id: str) -> Conversation:
        """The conversation without its messages."""
        with self._reading():
            return self._summary(self._document(conversation_id))

    def list_conversations(self) -> list[Conversation]:
        """All conversations, the last changed one first."""
        with self._reading():
            summaries = [self._summary(document) for document in self._conversations]
        summaries.reverse()
        return sorted(summaries, key=lambda summary: summary.updated_at, reverse=True)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give the conversation another title."""
        with self.one_write():
            self._conversations.update({"title": clean(title)}, doc_ids=[self._document(conversation_id).doc_id])

    def remove_from(self, conversation_id: str, message_id: str) -> None:
        """Remove the message and all that followed it; nothing where it is already gone."""
        with self.one_write():
            conversation, table = self._document(conversation_id), self._messages(conversation_id)
            first = table.get(where("message_id") == message_id)
            if isinstance(first, Document):
                table.remove(doc_ids=[record.doc_id for record in table if record.doc_id >= first.doc_id])
                self._touch(conversation)

    def clear_conversation(self, conversation_id: str) -> None:
        """Remove all messages of the conversation and keep it."""
        with self.one_write():
            conversation = self._document(conversation_id)
            self._messages(conversation_id).truncate()
            self._touch(conversation)

    def delete_conversation(self, conversation_id: str) -> None:
        """Remove the conversation with all its messages."""
        with self.one_write():
            self._conversations.remove(doc_ids=[self._document(conversation_id).doc_id])
            self._db.drop_table(self._messages(conversation_id).name)

    def delete_all(self) -> None:
        """Remove everything that this session has, its file included."""
        with self._reading():
            self._storage.forget()

    @contextmanager
    def one_write(self) -> Iterator[None]:
        """Changes made inside reach the disk together, or not at all."""
        with self._reading(), self._storage.one_write():
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except OSError as error:
                raise StorageError from error

    def _document(self, conversation_id: str) -> Document:
        found = self._conversations.get(where("conversation_id") == conversation_id)
        if not isinstance(found, Document):
            raise NotFound
        return found

    def _messages(self, conversation_id: str) -> Table:
        # a new object each time: a kept one remembers the next id, also from a write that was undone
        return Table(self._storage, f"messages:{conversation_id}", cache_size=0)

    def _touch(self, conversation: Document, **changes: str) -> None:
        changes["updated_at"] = max(now(), conversation["updated_at"])  # a clock set back must not reorder the list
        self._conversations.update(changes, doc_ids=[conversation.doc_id])

    def _summary(self, conversation: Document) -> Conversation:
        return Conversation(**conversation, message_count=len(self._messages(conversation["conversation_id"])))


def now() -> str:
    """The time as the store writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def cut_title(text: str) -> str:
    """The first line of `text`, cut at a word: a title without asking a model for one."""
    line = " ".join(text.strip().partition("\n")[0].split())
    if len(line) <= TITLE_LENGTH:
        return line
    start = line[: TITLE_LENGTH - 1]
    return (start.rpartition(" ")[0] or start) + "…"
