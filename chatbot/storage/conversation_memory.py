"""ConversationMemory: the conversations of one session, each in a TinyDB file of its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from chatbot.attachments import Prepared
from chatbot.storage.attachment_memory import AttachmentMemory
from chatbot.storage.message_tree import branch, newest_leaf, versions
from chatbot.storage.search import Query, SearchMatch, SearchResult, found, newest_first
from chatbot.storage.serialization import decode, encode_options
from chatbot.storage.timestamps import now
from chatbot.storage.titles import make_title
from chatbot.types import Conversation, Options, Role, StoredMessage, clean


class ConversationMemory(AttachmentMemory):
    """What one session's visitor and the models said to each other; on disk as soon as a method returns.

    Messages form a tree: each follows another, and those that follow the same one are versions of each other. One
    branch is on show. `path` is the session's directory, `changed` is called after each write, `room` says how much
    may be kept. Methods block for about a millisecond of disk work: with an event loop, call them from a thread; any
    number of threads may. They raise NotFound for a conversation or message that this session does not have,
    StorageError when the disk refuses.
    """

    def create_conversation(self, title: str = "", *, conversation_id: str | None = None) -> str:
        """Start an empty conversation; returns its id, a random one where none is given. Raises ValueError for an id
        that is taken, TooManyConversations and Full where there is no room for it."""
        conversation_id = conversation_id or uuid4().hex
        with self.transaction(conversation_id):
            stored = self._session.opened(conversation_id)
            if stored.exists:
                raise ValueError(f"there is a conversation {conversation_id} already")
            self._room.admit(self._session)
            stored.create(clean(title), self._time())
            self._session.changed(conversation_id)
        return conversation_id

    def restore_conversation(
        self,
        title: str,
        created_at: str,
        updated_at: str,
        messages: Sequence[StoredMessage],
        *,
        head: str,
        options: Options | None = None,
        files: Sequence[Prepared] = (),
    ) -> str:
        """Store a conversation that was kept elsewhere under a new id, which is returned. `messages` are those of all
        branches, each after its parent; they get new ids too. An answer that was running there was cut off. `files` are
        those that they came with. Raises TooLarge where there is no room for it."""
        ids = {"": ""} | {message.message_id: uuid4().hex for message in messages}
        conversation_id = uuid4().hex
        said = sum(len(text.encode(errors="replace")) for m in messages for text in (m.content, m.reasoning))
        with self.transaction(conversation_id):
            self._check_room(said + sum(len(each.file.content) for each in files))
            self._put_files(conversation_id, files)
            self.create_conversation(title, conversation_id=conversation_id)
            stored = self._session.existing(conversation_id)
            stored.add(
                *(replace(_ended(m), message_id=ids[m.message_id], parent_id=ids[m.parent_id]) for m in messages)
            )
            known = encode_options(options) if options else None
            stored.change(created_at=created_at, updated_at=updated_at, head=ids[head], options=known)
        return conversation_id

    def add_message(
        self, conversation_id: str, role: Role, content: str, *, after: str | None = None, **details: Any
    ) -> StoredMessage:
        """Add a message and return it as stored; it is the newest on show then. `details` are further fields of
        StoredMessage.

        It follows the newest on show, or the message with the id `after`; with an empty one it begins the
        conversation. A user's first message gives an untitled conversation its title.
        """
        with self._writing(conversation_id) as stored:
            parent_id = stored.head if after is None else after
            if parent_id:
                stored.record(parent_id)
            message = StoredMessage(uuid4().hex, role, content, now(), **details | {"parent_id": parent_id})
            stored.add(message)
            named = content if content.strip() else " ".join(each.name for each in message.attachments)
            title = stored.document["title"] or (make_title(clean(named)) if role == "user" else "")
            self._touch(stored, head=message.message_id, title=title)
            return stored.message(message.message_id)

    def update_message(self, conversation_id: str, message: StoredMessage) -> None:
        """Store `message` in the place of the one with its id; one that was removed stays removed."""
        with self._writing(conversation_id) as stored:
            if message.message_id in stored.records:
                stored.replace(message)
                self._touch(stored)

    def get_messages(self, conversation_id: str, limit: int | None = 20) -> list[StoredMessage]:
        """The newest `limit` messages on show, oldest first; all of them with None."""
        with self._reading(conversation_id) as stored:
            return [stored.message(each) for each in branch(stored.records, stored.head, limit)]

    def all_messages(self, conversation_id: str) -> list[StoredMessage]:
        """The messages of all branches, in the order in which they were added."""
        with self._reading(conversation_id) as stored:
            return [decode(message_id, record) for message_id, record in stored.records.items()]

    def get_head(self, conversation_id: str) -> str:
        """The id of the newest message on show, empty where there is none."""
        with self._reading(conversation_id) as stored:
            return stored.head

    def get_versions(self, conversation_id: str) -> dict[str, tuple[str, ...]]:
        """For each message on show that has versions, the ids of all of them, oldest first."""
        with self._reading(conversation_id) as stored:
            return versions(stored.records, stored.head)

    def show_version(self, conversation_id: str, message_id: str) -> None:
        """Show the branch through that message, and from there on what is newest."""
        with self._writing(conversation_id) as stored:
            stored.record(message_id)
            time = self._time(stored.summary().touched_at)
            stored.change(head=newest_leaf(stored.records, message_id), shown_at=time)

    def remove_from(self, conversation_id: str, message_id: str) -> None:
        """Remove the message and all that followed it in any branch; nothing where it is already gone. If it was on
        show, its youngest version is now, or, where it had none, what came before it."""
        with self._writing(conversation_id) as stored:
            if message_id in stored.records:
                stored.remove_from(message_id)
                self._touch(stored)
        self.delete_unused_files(conversation_id)

    def get_conversation(self, conversation_id: str) -> Conversation:
        """The conversation without its messages."""
        with self._reading(conversation_id) as stored:
            return stored.summary()

    def list_conversations(self) -> list[Conversation]:
        """All conversations, the last changed one first."""
        with self._locked():
            summaries = [self._session.summary(conversation_id) for conversation_id in self._session.ids()]
        return newest_first(summary for summary in summaries if summary)

    def search(self, query: str, limit: int = 50) -> list[SearchResult]:
        """Where each word of `query` occurs in a title, or in a message of any branch, whatever its case and accents:
        at most `limit` places, of the last changed conversation first."""
        asked = Query(query)
        hits: dict[Conversation, list[SearchMatch]] = {}
        for conversation_id in self._ids() if asked else ():
            with self._locked():
                stored = self._session.glimpsed(conversation_id)
                if stored and (of_it := asked.hits(stored.document["title"], stored.records)):
                    hits[stored.summary()] = of_it
        return found(asked, hits, limit)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give the conversation another title."""
        with self._writing(conversation_id) as stored:
            stored.change(title=clean(title))

    def set_options(self, conversation_id: str, options: Options) -> None:
        """Remember how the conversation's last turn was asked for."""
        with self._writing(conversation_id) as stored:
            stored.change(options=encode_options(options))

    def clear_conversation(self, conversation_id: str) -> None:
        """Remove all messages of the conversation and keep it."""
        with self._writing(conversation_id) as stored:
            stored.clear()
            self._touch(stored)
        self.delete_unused_files(conversation_id)

    def delete_conversation(self, conversation_id: str) -> None:
        """Remove the conversation with all its messages, at once and also within `one_write`."""
        with self._reading(conversation_id) as stored:
            stored.delete()
            self._session.changed(conversation_id)
        self.delete_unused_files(conversation_id)
        self._changed()

    def _ids(self) -> list[str]:
        with self._locked():
            return self._session.ids()


def _ended(message: StoredMessage) -> StoredMessage:
    return replace(message, status="interrupted") if message.status == "running" else message
