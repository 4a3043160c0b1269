"""ConversationFile: one conversation in its TinyDB file."""

from collections.abc import Mapping
from typing import Any

from chatbot.errors import NotFound
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.folder import Folder
from chatbot.storage.leases import Leases
from chatbot.storage.message_tree import Records, branch, head_without, subtree
from chatbot.storage.serialization import FORMAT, check_conversation, decode, decode_options, encode
from chatbot.storage.tinydb_storage import KeyedDB
from chatbot.types import Conversation, StoredMessage


class ConversationFile:
    """Two tables: `conversation` has one document about the whole of it, `messages` the messages of all branches by id.

    Methods raise OSError, and StorageError for a file of another format. The caller holds the session's lock.
    """

    def __init__(
        self, folder: Folder, conversation_id: str, storage: type[AtomicJsonStorage] = AtomicJsonStorage
    ) -> None:
        self.conversation_id = conversation_id
        self.storage = storage((folder, f"{conversation_id}.json"), check_conversation)
        self.is_temporary = storage is not AtomicJsonStorage
        self.leases = Leases() if self.is_temporary else folder.leases
        database = KeyedDB(self.storage)
        self._conversation = database.keyed("conversation")
        self._messages = database.keyed("messages")

    @property
    def exists(self) -> bool:
        """Whether there is such a conversation, on disk or in the current transaction."""
        return self.storage.read() is not None

    @property
    def document(self) -> Mapping[str, Any]:
        return next(iter(self._conversation.records.values()))

    @property
    def records(self) -> Records:
        """The messages by id, in the order in which they were added."""
        return self._messages.records

    @property
    def head(self) -> str:
        """The id of the newest message on display, empty if there is none."""
        return str(self.document["head"])

    def create(self, title: str, created_at: str) -> None:
        """Creates the file, without messages."""
        document = {"format": FORMAT, "conversation_id": self.conversation_id, "title": title}
        times = {"created_at": created_at, "updated_at": created_at}
        self._conversation.put({self.conversation_id: document | times | {"head": "", "options": None}})

    def change(self, **fields: Any) -> None:
        """Sets fields of the document."""
        self._conversation.change(next(iter(self._conversation.records)), fields)

    def change_for_good(self, **fields: Any) -> None:
        """Sets fields of the document, and leaves nothing of the old ones in the file."""
        key, document = next(iter(self._conversation.records.items()))
        self._conversation.replace_for_good(key, document | fields)

    def record(self, message_id: str) -> Mapping[str, Any]:
        """The message's record. Raises NotFound."""
        try:
            return self.records[message_id]
        except KeyError:
            raise NotFound("message") from None

    def message(self, message_id: str) -> StoredMessage:
        """The message. Raises NotFound."""
        return decode(message_id, self.record(message_id), self.leases)

    def messages(self) -> list[StoredMessage]:
        """The messages of all branches, in the order in which they were added."""
        return [decode(message_id, record, self.leases) for message_id, record in self.records.items()]

    def add(self, *messages: StoredMessage) -> None:
        """Adds messages after their parents. The head stays where it is."""
        self._messages.put({message.message_id: encode(message) | self._run(message) for message in messages})

    def replace(self, message: StoredMessage) -> None:
        """Replaces the message that has the same id; its parent stays."""
        is_own = self.is_own(message.message_id)
        if is_own and message.status != "running":
            self.leases.release(self.conversation_id)
        fields = encode(message) | ({} if is_own else self._run(message))
        del fields["parent_id"]
        self._messages.change(message.message_id, fields)

    def pin(self, message_id: str, pinned: bool) -> None:
        """Pins a message, or lets it go."""
        self._messages.change(message_id, {"pinned": pinned})

    def replace_for_good(self, *messages: StoredMessage) -> None:
        """Replaces messages, and leaves nothing of the old ones in the file."""
        for message in messages:
            self._messages.replace_for_good(message.message_id, self.records[message.message_id] | encode(message))

    def is_own(self, message_id: str) -> bool:
        """Whether the message is a running answer that this process may write."""
        record = self.records[message_id]
        return record["status"] == "running" and self.leases.holds(record.get("run"))

    def _run(self, message: StoredMessage) -> dict[str, str]:
        return {"run": self.leases.take(self.conversation_id)} if message.status == "running" else {}

    def remove_from(self, message_id: str) -> None:
        """Removes the message and its subtree."""
        self.change(head=head_without(self.records, self.head, message_id))
        removed = subtree(self.records, message_id)
        if any(self.records[each]["status"] == "running" for each in removed):
            self.leases.release(self.conversation_id)
        self._messages.drop(removed)

    def clear(self) -> None:
        """Removes all messages, those that wait to be sent too."""
        self.leases.release(self.conversation_id)
        self._messages.truncate()
        self.change(head="", queued=[])

    def attachment_ids(self) -> set[str]:
        """The ids of the attachments of all messages."""
        lists = (record.get("attachments") for record in self.records.values())
        entries = (each for found in lists if isinstance(found, list | tuple) for each in found)
        return {str(each.get("attachment_id")) for each in entries if isinstance(each, dict)}

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
            memory=document.get("memory") is not False,
            excluded=document.get("excluded") is True,
            temporary=self.is_temporary,
            irrelevant=frozenset(document.get("irrelevant", ())),
            pinned=document.get("pinned") is True,
            summarized=document.get("summarized") is True,
            queued=len(waiting) if isinstance(waiting := document.get("queued"), list | tuple) else 0,
        )
