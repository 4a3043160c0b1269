"""StoredConversation: one conversation in its file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot.errors import NotFound
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.message_tree import Records, branch, following, head_without
from chatbot.storage.serialization import decode, decode_options, encode, is_conversation
from chatbot.storage.tinydb_storage import KeyedDB
from chatbot.types import Conversation, StoredMessage

FORMAT = 2
"""Version of the file's layout, for a later one to know what to migrate."""


class ConversationFile:
    """A TinyDB file of two tables: `conversation` with the one document of what concerns all of it, `messages` with
    the messages of all branches by their ids. Methods raise OSError; they rely on a lock held by the caller."""

    def __init__(self, path: Path) -> None:
        self.conversation_id = path.stem
        self._storage = AtomicJsonStorage(path, is_conversation)
        database = KeyedDB(self._storage)
        self._conversation = database.keyed("conversation")
        self._messages = database.keyed("messages")

    @property
    def exists(self) -> bool:
        """Whether there is such a conversation, on disk or in the write under way."""
        return self._storage.read() is not None

    @property
    def size(self) -> int:
        """Bytes of its file, where it has been read or written."""
        return self._storage.size

    @property
    def busy(self) -> bool:
        """Whether a `one_write` is under way."""
        return self._storage.busy

    @property
    def is_damaged(self) -> bool:
        """Whether its file could not be understood, and was set aside."""
        return self._storage.is_damaged

    @property
    def written(self) -> int:
        """How often something was written since it was opened."""
        return self._storage.written

    @property
    def document(self) -> Mapping[str, Any]:
        """What concerns all of the conversation."""
        return next(iter(self._conversation.records.values()))

    @property
    def records(self) -> Records:
        """The messages by id, in the order in which they were added."""
        return self._messages.records

    @property
    def head(self) -> str:
        """The id of the newest message on show, empty where there is none."""
        return str(self.document["head"])

    def create(self, title: str, created_at: str) -> None:
        """Make the file, for a conversation without messages."""
        document = {"format": FORMAT, "conversation_id": self.conversation_id, "title": title}
        times = {"created_at": created_at, "updated_at": created_at}
        self._conversation.put({self.conversation_id: document | times | {"head": "", "options": None}})

    def change(self, **fields: Any) -> None:
        """Set fields of the document."""
        self._conversation.change(next(iter(self._conversation.records)), fields)

    def record(self, message_id: str) -> Mapping[str, Any]:
        """The message as stored. Raises NotFound."""
        try:
            return self.records[message_id]
        except KeyError:
            raise NotFound("There is no such message in this conversation.") from None

    def message(self, message_id: str) -> StoredMessage:
        """The message. Raises NotFound."""
        return decode(message_id, self.record(message_id))

    def add(self, *messages: StoredMessage) -> None:
        """Add messages, whose parents are there already or come before them. The head stays where it is."""
        self._messages.put({message.message_id: encode(message) for message in messages})

    def replace(self, message: StoredMessage) -> None:
        """Store the message in the place of the one with its id, which keeps its parent."""
        fields = encode(message)
        del fields["parent_id"]
        self._messages.change(message.message_id, fields)

    def remove_from(self, message_id: str) -> None:
        """Remove the message and all that followed it, and show what is next to it."""
        self.change(head=head_without(self.records, self.head, message_id))
        self._messages.drop(following(self.records, message_id))

    def clear(self) -> None:
        """Remove all messages."""
        self._messages.truncate()
        self.change(head="")

    def file_ids(self) -> set[str]:
        """The ids of the files that came with any of the messages."""
        lists = (record.get("attachments") for record in self.records.values())
        files = (each for found in lists if isinstance(found, list | tuple) for each in found)
        return {str(each.get("attachment_id")) for each in files if isinstance(each, dict)}

    def summary(self) -> Conversation:
        """The conversation without its messages."""
        document = self.document
        return Conversation(
            conversation_id=self.conversation_id,
            title=document["title"],
            created_at=document["created_at"],
            updated_at=document["updated_at"],
            message_count=len(branch(self.records, document["head"])),
            options=decode_options(document.get("options")),
            touched_at=max(document["updated_at"], document.get("shown_at", "")),
        )

    def delete(self) -> None:
        """Remove the file, at once."""
        self._storage.forget()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Changes made inside reach the disk together, or not at all."""
        with self._storage.transaction():
            yield
