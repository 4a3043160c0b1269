"""ConversationMemory: the conversations of one session."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from chatbot.attachments import PreparedAttachment
from chatbot.errors import TooManyConversations
from chatbot.storage.attachment_files import SessionAttachments
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.message_tree import branch, newest_leaf, versions
from chatbot.storage.quotas import Quotas
from chatbot.storage.saved_prompts import SavedPrompts
from chatbot.storage.search import SearchMatch, SearchQuery, SearchResult, newest_first, search_results
from chatbot.storage.serialization import encode_options, is_leased
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.timestamps import now
from chatbot.storage.titles import make_title
from chatbot.types import Conversation, Options, Role, StoredMessage, clean


class ConversationMemory:
    """What the visitor of one session and the models said; on disk as soon as a method returns.

    Messages form a tree: each follows its parent, and those with the same parent are versions of each other. One branch
    is on display. `path` is the session's directory, `notify` is called after each write, `check` before each access,
    and `quotas` say how much may be stored. `attachments` and `prompts` are stored with the conversations.

    Methods block for about a millisecond of disk work; any number of threads may call them. They raise NotFound for a
    conversation or message that this session does not have, and StorageError if the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        notify: Callable[[], None] = lambda: None,
        check: Callable[[], None] = lambda: None,
        quotas: Quotas | None = None,
    ) -> None:
        self._directory = SessionDirectory(path, notify, check, quotas or Quotas())
        self.attachments = SessionAttachments(self._directory)
        self.prompts = SavedPrompts(self._directory)

    def create_conversation(self, title: str = "", *, conversation_id: str | None = None) -> str:
        """Creates an empty conversation; returns its id, a random one unless given. Raises ValueError for an id that is
        taken, TooManyConversations and TooManySessions."""
        conversation_id = conversation_id or uuid4().hex
        with self._directory.transaction(conversation_id) as file:
            if file.exists:
                raise ValueError(f"there is a conversation {conversation_id} already")
            most = self._directory.quotas.conversations
            if most and self._directory.has_conversations(most):
                raise TooManyConversations
            self._directory.quotas.admit_session(self._directory.path)
            file.create(clean(title), self._directory.next_time())
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
        attachments: Sequence[PreparedAttachment] = (),
    ) -> str:
        """Stores an exported conversation under a new id, which is returned. `messages` are those of all branches, each
        after its parent, and get new ids too. A running answer counts as interrupted. Raises TooLarge."""
        new_ids = {"": ""} | {message.message_id: uuid4().hex for message in messages}
        conversation_id = uuid4().hex
        text_size = sum(len(text.encode(errors="replace")) for m in messages for text in (m.content, m.reasoning))
        with self._directory.transaction(conversation_id) as file:
            self.attachments.check_size(text_size + sum(len(each.file.content) for each in attachments))
            self.attachments.put(conversation_id, attachments)
            self.create_conversation(title, conversation_id=conversation_id)
            file.add(
                *(
                    replace(_ended(m), message_id=new_ids[m.message_id], parent_id=new_ids[m.parent_id])
                    for m in messages
                )
            )
            encoded = encode_options(options) if options else None
            file.change(created_at=created_at, updated_at=updated_at, head=new_ids[head], options=encoded)
        return conversation_id

    def add_message(
        self, conversation_id: str, role: Role, content: str, *, after: str | None = None, **details: Any
    ) -> StoredMessage:
        """Adds a message, which becomes the head, and returns it as stored. `details` are further fields of
        StoredMessage.

        It follows the head, or the message with the id `after`; an empty `after` makes it a version of the first. The
        first message of a user gives an untitled conversation its title.
        """
        with self._directory.write(conversation_id) as file:
            parent_id = file.head if after is None else after
            if parent_id:
                file.record(parent_id)
            message = StoredMessage(uuid4().hex, role, content, now(), **details | {"parent_id": parent_id})
            file.add(message)
            named_after = content if content.strip() else " ".join(each.name for each in message.attachments)
            title = file.document["title"] or (make_title(clean(named_after)) if role == "user" else "")
            self._touch(file, head=message.message_id, title=title)
            return file.message(message.message_id)

    def update_message(self, conversation_id: str, message: StoredMessage) -> None:
        """Replaces the message that has the same id; a removed one stays removed. A running answer is only replaced by
        the process that holds its lease."""
        with self._directory.write(conversation_id) as file:
            record = file.records.get(message.message_id)
            if record and (record["status"] != "running" or is_leased(record)):
                file.replace(message)
                self._touch(file)

    def get_messages(self, conversation_id: str, limit: int | None = 20) -> list[StoredMessage]:
        """The newest `limit` messages on display, oldest first; all of them if None."""
        with self._directory.read(conversation_id) as file:
            return [file.message(each) for each in branch(file.records, file.head, limit)]

    def all_messages(self, conversation_id: str) -> list[StoredMessage]:
        """The messages of all branches, in the order in which they were added."""
        with self._directory.read(conversation_id) as file:
            return file.messages()

    def get_head(self, conversation_id: str) -> str:
        """The id of the newest message on display, empty if there is none."""
        with self._directory.read(conversation_id) as file:
            return file.head

    def get_versions(self, conversation_id: str) -> dict[str, tuple[str, ...]]:
        """For each message on display that has versions, the ids of all of them, oldest first."""
        with self._directory.read(conversation_id) as file:
            return versions(file.records, file.head)

    def show_version(self, conversation_id: str, message_id: str) -> None:
        """Displays the branch through that message, and from there on the newest."""
        with self._directory.write(conversation_id) as file:
            file.record(message_id)
            time = self._directory.next_time(file.summary().touched_at)
            file.change(head=newest_leaf(file.records, message_id), shown_at=time)

    def remove_from(self, conversation_id: str, message_id: str, *, shows_versions: bool = True) -> None:
        """Removes the message and all that follow it in any branch, if it is there. If it was on display, its youngest
        version is now, or the message before it; without `shows_versions` always the message before it."""
        with self._directory.write(conversation_id) as file:
            if message_id in file.records:
                parent = file.records[message_id]["parent_id"]
                file.remove_from(message_id)
                if not shows_versions:
                    file.change(head=parent)
                self._touch(file)
        self.attachments.delete_unused(conversation_id)

    def get_conversation(self, conversation_id: str) -> Conversation:
        """The conversation without its messages."""
        with self._directory.read(conversation_id) as file:
            return file.summary()

    def list_conversations(self) -> list[Conversation]:
        """All conversations, the last changed one first."""
        with self._directory.lock():
            summaries = [self._directory.summary(conversation_id) for conversation_id in self._directory.ids()]
        return newest_first(summary for summary in summaries if summary)

    def search(self, query: str, limit: int = 50) -> list[SearchResult]:
        """The titles, and messages of any branch, that contain every word of `query`, whatever its case and accents: at
        most `limit`, those of the last changed conversation first."""
        parsed = SearchQuery(query)
        matches: dict[Conversation, list[SearchMatch]] = {}
        for conversation_id in self._ids() if parsed else ():
            with self._directory.lock():  # for one conversation at a time: writers do not wait for the whole search
                file = self._directory.peek(conversation_id)
                if file and (found := parsed.matches(file.document["title"], file.records)):
                    matches[file.summary()] = found
        return search_results(parsed, matches, limit)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Gives the conversation another title."""
        with self._directory.write(conversation_id) as file:
            file.change(title=clean(title))

    def set_options(self, conversation_id: str, options: Options) -> None:
        """Stores the options of the conversation's last turn."""
        with self._directory.write(conversation_id) as file:
            file.change(options=encode_options(options))

    def clear_conversation(self, conversation_id: str) -> None:
        """Removes all messages of the conversation."""
        with self._directory.write(conversation_id) as file:
            file.clear()
            self._touch(file)
        self.attachments.delete_unused(conversation_id)

    def delete_conversation(self, conversation_id: str) -> None:
        """Removes the conversation with all its messages, at once, in a `transaction` too."""
        with self._directory.read(conversation_id) as file:
            file.storage.delete()
            self._directory.mark_changed(conversation_id)
        self.attachments.delete_unused(conversation_id)
        self._directory.notify()

    def delete_all(self) -> None:
        """Removes everything that the session has."""
        with self._directory.lock():
            self._directory.delete()
        self._directory.notify()

    def delete_if_inactive(self, since: float) -> bool:
        """Removes everything if nobody visited since then, in seconds since the epoch; returns whether it did."""
        with self._directory.lock():
            is_inactive = 0 < self._directory.changed_at() < since
            if is_inactive:
                self._directory.delete()
            return is_inactive

    @contextmanager
    def transaction(self, conversation_id: str) -> Iterator[None]:
        """Changes of the conversation made inside reach the disk together, or not at all; reads inside are consistent.
        The conversation may be created inside."""
        with self._directory.transaction(conversation_id):
            yield

    def record_visit(self) -> None:
        """Notes that the session was visited, for `delete_if_inactive`."""
        self._directory.record_visit()

    def cached_size(self) -> int:
        """About how much memory the session takes, in bytes."""
        return self._directory.cached_size()

    def _ids(self) -> list[str]:
        with self._directory.lock():
            return self._directory.ids()

    def _touch(self, file: ConversationFile, **changes: str) -> None:
        file.change(updated_at=self._directory.next_time(file.document["updated_at"]), **changes)


def _ended(message: StoredMessage) -> StoredMessage:
    if message.status != "running":
        return message
    return replace(message, status="interrupted", finish_reason="interrupted")
