"""ConversationMemory: the conversations of one session."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from chatbot.attachments import PreparedAttachment
from chatbot.errors import LostLease, StorageError, TooManyConversations
from chatbot.storage.attachment_files import SessionAttachments
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.folder import DiskFolder, Folder
from chatbot.storage.forgetting import forget, without
from chatbot.storage.message_tree import branch, newest_leaf, subtree, versions
from chatbot.storage.notes import Notes
from chatbot.storage.queued_messages import QueuedMessages
from chatbot.storage.quotas import Quotas
from chatbot.storage.saved_prompts import SavedPrompts
from chatbot.storage.search import SearchQuery, SearchResult, newest_first
from chatbot.storage.search_index import SearchIndex
from chatbot.storage.serialization import encode_options
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.summaries import Summaries, drop_outdated, summaries_of
from chatbot.storage.temporary_chats import TemporaryChats
from chatbot.storage.timestamps import now
from chatbot.storage.titles import make_title
from chatbot.types import Conversation, Options, Role, SentMemory, StoredMessage, Summary, clean

MAX_IRRELEVANT = 1000
"""Ids that a conversation leaves out; the newest of them."""


class ConversationMemory:
    """What the visitor of one session and the models said; on disk as soon as a method returns.

    Messages form a tree: each follows its parent, and those with the same parent are versions of each other. One branch
    is on display. `place` is the session's directory, or another folder; `notify` is called after each write,
    `check` before each access, and `quotas` say how much may be stored. `attachments`, `prompts` and `notes` are stored
    with the conversations.

    What was removed is on disk no more, in the accounts of answers neither.

    Methods block for about a millisecond of disk work; any number of threads may call them. They raise NotFound for a
    conversation or message that this session does not have, and StorageError if the disk refuses.
    """

    def __init__(
        self,
        place: Path | Folder,
        notify: Callable[[], None] = lambda: None,
        check: Callable[[], None] = lambda: None,
        quotas: Quotas | None = None,
        temporary: TemporaryChats | None = None,
    ) -> None:
        chats = TemporaryChats() if temporary is None else temporary
        folder = DiskFolder(place) if isinstance(place, Path) else place
        self._directory = SessionDirectory(folder, notify, check, quotas or Quotas(), chats)
        self.attachments = SessionAttachments(self._directory)
        self.prompts = SavedPrompts(self._directory)
        self.notes = Notes(self._directory, self.attachments.check_size)
        self.summaries = Summaries(self._directory)
        self.queued = QueuedMessages(self._directory)
        self.index = SearchIndex(self._directory)

    def create_conversation(self, title: str = "", *, conversation_id: str | None = None) -> str:
        """Creates an empty conversation; returns its id, a random one unless given. Raises ValueError for an id that is
        taken, TooManyConversations and TooManySessions."""
        conversation_id = conversation_id or uuid4().hex
        with self._directory.transaction(conversation_id) as file:
            if file.exists:
                raise ValueError(f"there is a conversation {conversation_id} already")
            if not file.is_temporary:
                self._check_quotas()
            file.create(clean(title), self._directory.next_time())
        return conversation_id

    def start_temporary(self, conversation_id: str) -> None:
        """Makes the conversation, which is yet to be created, one in memory only."""
        self._directory.temporary.add(self._directory.folder, conversation_id)

    def drop_temporary(self, conversation_id: str) -> None:
        """Drops the temporary chat, if there is one of that id."""
        self._directory.temporary.remove(self._directory.folder, conversation_id)

    def is_temporary(self, conversation_id: str) -> bool:
        """Whether the conversation is in memory only."""
        return self._directory.temporary.get(self._directory.folder, conversation_id) is not None

    def keep_conversation(self, conversation_id: str) -> None:
        """Stores a temporary chat, which is none any more; leaves a stored conversation as it is. Raises
        TooManyConversations and TooManySessions."""
        with self._directory.read(conversation_id) as file:
            tables = file.storage.read()
            if file.is_temporary and tables is not None:
                self._check_quotas()
                ConversationFile(self._directory.folder, conversation_id).storage.write(tables)
                self.drop_temporary(conversation_id)
                self._directory.mark_changed(conversation_id)
                self._directory.notify()

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
        summaries: Sequence[Summary] = (),
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
                    replace(_restored(m), message_id=new_ids[m.message_id], parent_id=new_ids[m.parent_id])
                    for m in messages
                )
            )
            encoded = encode_options(options) if options else None
            file.change(created_at=created_at, updated_at=updated_at, head=new_ids[head], options=encoded)
            if summaries:
                self.summaries.add_imported(conversation_id, [_renamed(each, new_ids) for each in summaries])
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

    def store_answer(self, conversation_id: str, answer: StoredMessage) -> None:
        """Replaces a running answer by what there is of it now; a removed one stays removed. Raises LostLease if it
        is this process's no more."""
        with self._directory.write(conversation_id) as file:
            if answer.message_id in file.records and not file.is_own(answer.message_id):
                raise LostLease
            self.update_message(conversation_id, answer)

    def update_message(self, conversation_id: str, message: StoredMessage, *, takes_lease: bool = False) -> None:
        """Replaces the message that has the same id; a removed one stays removed. A running answer is only replaced by
        the process that holds its lease, or that takes it, because the answer was cut off. It stays pinned if it is.
        Notes and passages of its account that were deleted meanwhile are left out; the other notes count as used
        now."""
        with self._directory.write(conversation_id) as file:
            record = file.records.get(message.message_id)
            if record and (takes_lease or record["status"] != "running" or file.is_own(message.message_id)):
                if message.memory:
                    sent = self._without_deleted(message.memory, summaries_of(file))
                    if not file.is_temporary:
                        self.notes.record_use(each.note_id for each in sent.notes)
                    message = replace(message, memory=sent)
                file.replace(replace(message, pinned=record.get("pinned") is True))  # it may be so only since
                self._touch(file)

    def running_by_others(self) -> Set[str]:
        """The conversations that another process is answering."""
        with self._directory.lock():
            return self._directory.folder.leases.of_others().keys()

    def answer_by_others(self, conversation_id: str) -> StoredMessage | None:
        """The running answer of the conversation, if another process makes it."""
        with self._directory.read(conversation_id) as file:
            token = file.leases.of_others().get(conversation_id)
            running = (key for key, each in file.records.items() if token and each.get("run") == token)
            message_id = next(running, None)
            return file.message(message_id) if message_id else None

    def end_lease(self, conversation_id: str) -> None:
        """Lets the running answer of the conversation count as interrupted, whoever makes it."""
        with self._directory.lock():
            self._directory.folder.leases.release(conversation_id)
        self._directory.notify()

    def get_message(self, conversation_id: str, message_id: str) -> StoredMessage:
        """The message."""
        with self._directory.read(conversation_id) as file:
            return file.message(message_id)

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
                self._forget_passages(subtree(file.records, message_id))
                parent = file.records[message_id]["parent_id"]
                file.remove_from(message_id)
                drop_outdated(file)
                if not shows_versions:
                    file.change(head=parent)
                self._touch(file)
        self.index.forget_changes()
        self.attachments.delete_unused(conversation_id)

    def get_conversation(self, conversation_id: str) -> Conversation:
        """The conversation without its messages."""
        with self._directory.read(conversation_id) as file:
            return file.summary()

    def list_conversations(self) -> list[Conversation]:
        """All conversations, the last changed one first."""
        with self._directory.lock():
            summaries = self._directory.summaries()
        return newest_first(summaries)

    def search(self, query: str, limit: int = 50) -> list[SearchResult]:
        """The titles, and messages of any branch, that contain every word of `query`, whatever its case and accents: at
        most `limit`, in the order of `SearchIndex.search`. Do not call it in a `transaction`."""
        parsed = SearchQuery(clean(query))
        found = self.index.search(parsed, limit) if parsed else []
        with self._directory.lock():
            summaries = {each.conversation_id: self._directory.summary(each.conversation_id) for each in found}
        return [
            SearchResult(summary, each.message_id or None, *parsed.excerpt(each.text), each.created_at)
            for each in found
            if (summary := summaries[each.conversation_id])
        ]

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Gives the conversation another title."""
        with self._directory.write(conversation_id) as file:
            file.change(title=clean(title))

    def set_memory(
        self,
        conversation_id: str,
        *,
        memory: bool | None = None,
        excluded: bool | None = None,
        irrelevant: Mapping[str, bool] | None = None,
        summarized: bool | None = None,
    ) -> None:
        """Sets whether notes and passages go along with the conversation's messages, whether it is excluded from
        recall, and whether it is summarised after its answers; None leaves it. `irrelevant` says of notes, messages
        and conversations, by id, that nothing of them goes along here, or does again."""
        changes: dict[str, Any] = {"memory": memory, "excluded": excluded, "summarized": summarized}
        with self._directory.write(conversation_id) as file:
            if irrelevant:
                ids = dict.fromkeys(file.document.get("irrelevant", ()), True) | dict(irrelevant)
                changes["irrelevant"] = [each for each, is_irrelevant in ids.items() if is_irrelevant][-MAX_IRRELEVANT:]
            file.change(**{name: value for name, value in changes.items() if value is not None})

    def pin_conversation(self, conversation_id: str, pinned: bool) -> None:
        """Pins the conversation, or lets it go."""
        with self._directory.write(conversation_id) as file:
            file.change(pinned=pinned)

    def pin_message(self, conversation_id: str, message_id: str, pinned: bool) -> StoredMessage:
        """Pins a message, or lets it go; returns it."""
        with self._directory.write(conversation_id) as file:
            file.record(message_id)
            file.pin(message_id, pinned)
            file.change(shown_at=self._directory.next_time(file.summary().touched_at))
            return file.message(message_id)

    def set_options(self, conversation_id: str, options: Options) -> None:
        """Stores the options of the conversation's last turn."""
        with self._directory.write(conversation_id) as file:
            file.change(options=encode_options(options))

    def clear_conversation(self, conversation_id: str) -> None:
        """Removes all messages of the conversation."""
        with self._directory.write(conversation_id) as file:
            self._forget_passages([conversation_id])
            file.clear()
            drop_outdated(file)
            self._touch(file)
        self.index.forget_changes()
        self.attachments.delete_unused(conversation_id)

    def delete_conversation(self, conversation_id: str) -> None:
        """Removes the conversation with all its messages, at once, in a `transaction` too."""
        with self._directory.read(conversation_id) as file:
            self._forget_passages([conversation_id])
            file.leases.release(conversation_id)
            file.storage.delete()
            self.drop_temporary(conversation_id)
            self._directory.mark_changed(conversation_id)
        self.index.forget_changes()
        self.attachments.delete_unused(conversation_id)
        self._directory.notify()

    def delete_all(self) -> None:
        """Removes everything that the session has."""
        with self._directory.lock():
            self._directory.delete()
        self.index.forget_changes()
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

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is of one moment, and takes a database one transaction. Do not search inside."""
        with self._directory.lock():
            yield

    def refresh(self) -> None:
        """Drops from the caches and the index what another process has changed."""
        with suppress(StorageError):  # the next use will raise it
            with self._directory.lock():
                pass
            self.index.forget_changes()

    def record_visit(self) -> None:
        """Notes that the session was visited, for `delete_if_inactive`."""
        self._directory.record_visit()

    def cached_size(self) -> int:
        """About how much memory the session takes, in bytes."""
        return self._directory.cached_size()

    def _check_quotas(self) -> None:
        """Raises TooManyConversations or TooManySessions if one more conversation is too many."""
        most = self._directory.quotas.conversations
        if most and self._directory.has_conversations(most):
            raise TooManyConversations
        self._directory.quotas.admit_session(self._directory.folder)

    def _forget_passages(self, deleted: Sequence[str]) -> None:
        """Removes passages of these conversations or messages from the accounts of other conversations' answers. If
        nothing was ever recalled there are none to look for."""
        if self.notes.was_recall_on():
            forget(self._directory, deleted)

    def _without_deleted(self, memory: SentMemory, summaries: Sequence[Summary]) -> SentMemory:
        notes = {each.note_id for each in self.notes.list()}
        files = {each.conversation_id: self._directory.peek(each.conversation_id) for each in memory.passages}
        messages = {message_id for file in files.values() if file for message_id in file.records}
        named = {each.note_id for each in memory.notes} | {each.message_id for each in memory.passages}
        named |= {memory.summary.message_id} if memory.summary else set()
        messages |= {each.message_id for each in summaries}
        return without(memory, named - notes - messages)

    def _touch(self, file: ConversationFile, **changes: str) -> None:
        file.change(updated_at=self._directory.next_time(file.document["updated_at"]), **changes)


def _renamed(summary: Summary, new_ids: Mapping[str, str]) -> Summary:
    skipped = tuple(new_ids[each] for each in summary.skipped if each in new_ids)
    return replace(summary, message_id=uuid4().hex, until=new_ids[summary.until], skipped=skipped)


def _restored(message: StoredMessage) -> StoredMessage:
    """The message as an exported one is stored: nothing runs, and no account quotes what may be deleted here."""
    message = replace(message, memory=None, note=None)
    if message.status != "running":
        return message
    return replace(message, status="interrupted", finish_reason="interrupted")
