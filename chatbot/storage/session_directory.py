"""SessionDirectory: the files of one session, and what is known of them without reading them again."""

import os
import shutil
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from chatbot.errors import NotFound, StorageError
from chatbot.storage.atomic_json import AtomicJsonStorage, sync_directory
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.migration import CONVERSATION_ID, migrate
from chatbot.storage.tinydb_storage import KeyedDB, KeyedTable
from chatbot.types import Conversation

MAX_CACHED_CONVERSATIONS = 16
"""Conversations whose messages stay in memory after use."""

REMOVED = ".removed"
"""Added to the name of a session's directory in one step before its files are removed one by one, so that a killed
process leaves all of the session or nothing of it."""


class SessionDirectory:
    """A file for each conversation, and `session.json` for what belongs to all of them.

    The directory is listed once, then what changes it keeps the list: no other process may. Methods raise OSError;
    they rely on a lock held by the caller.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._summaries: dict[str, Conversation | None] | None = None
        """Of all conversations that there are; None of those that have not been read since they changed."""
        self._damaged: set[str] = set()
        self._parsed: OrderedDict[str, ConversationFile] = OrderedDict()

    def size(self) -> int:
        """The bytes of all conversations, without the files that came with their messages."""
        there = os.scandir(self.path) if self.path.is_dir() else ()
        return sum(entry.stat().st_size for entry in there if entry.is_file())

    def parsed_size(self) -> int:
        """The bytes of the files of which messages are kept in memory. Any thread may ask."""
        return sum(stored.size for stored in list(self._parsed.values()))

    def changed_at(self) -> float:
        """When something was last written here, in seconds since the epoch; 0 where nothing ever was."""
        return self.path.stat().st_mtime if self.path.exists() else 0.0

    def touch(self) -> None:
        """Make now the time of `changed_at`, where anything was ever written."""
        with suppress(OSError):
            os.utime(self.path)

    def opened(self, conversation_id: str) -> ConversationFile:
        """The conversation of that id, which may be yet to be made. Raises NotFound where it is no possible id."""
        if not CONVERSATION_ID.fullmatch(conversation_id):
            raise NotFound
        self._listing()
        stored = self._parsed.get(conversation_id) or self._file(conversation_id)
        self._parsed[conversation_id] = stored
        self._parsed.move_to_end(conversation_id)
        if len(self._parsed) > MAX_CACHED_CONVERSATIONS:
            idle = [key for key, other in self._parsed.items() if not other.busy and other is not stored]
            for key in idle[: len(self._parsed) - MAX_CACHED_CONVERSATIONS]:
                del self._parsed[key]
        return stored

    def existing(self, conversation_id: str) -> ConversationFile:
        """The conversation of that id. Raises NotFound where there is none, StorageError where its file is damaged."""
        if conversation_id in self._listing():
            stored = self.opened(conversation_id)
            if self._is_there(stored):
                return stored
        if conversation_id in self._damaged:
            raise StorageError("The file of this conversation is damaged. It was set aside on the server's disk.")
        raise NotFound

    def glimpsed(self, conversation_id: str) -> ConversationFile | None:
        """The conversation for one look at it, after which it takes no memory; None where there is none any more."""
        stored = self._parsed.get(conversation_id) or self._file(conversation_id)
        return stored if self._is_there(stored) else None

    def changed(self, conversation_id: str) -> None:
        """The conversation may be another now, or be there only now, or not any more."""
        self._listing()[conversation_id] = None

    def ids(self) -> list[str]:
        """The ids of all conversations."""
        return list(self._listing())

    def holds(self, most: int) -> bool:
        """Whether there are so many conversations. Those in the list that are gone are looked for only then."""
        return len(self.ids()) >= most and sum(self.summary(each) is not None for each in self.ids()) >= most

    def summary(self, conversation_id: str) -> Conversation | None:
        """The conversation without its messages; None where there is none any more."""
        listing = self._listing()
        known = listing.get(conversation_id)
        if known is None and conversation_id in listing and (stored := self.glimpsed(conversation_id)):
            known = listing[conversation_id] = stored.summary()
        return known

    def prompts(self) -> KeyedTable:
        """The saved system prompts by their names."""
        return KeyedDB(AtomicJsonStorage(self.path / "session.json", _holds_prompts)).keyed("prompts")

    def remove_all(self) -> None:
        """Remove the directory with whatever is in it, and what an earlier version left beside it."""
        self._parsed.clear()
        self._summaries = None
        removed = self.path.with_name(f"{self.path.name}{REMOVED}")
        remove_leftover(removed)
        for path in self.path.parent.glob(f"{self.path.name}.*"):
            path.unlink(missing_ok=True)
        if self.path.exists():
            self.path.rename(removed)
            sync_directory(self.path.parent)
            remove_leftover(removed)

    def _is_there(self, stored: ConversationFile) -> bool:
        if stored.exists:
            return True
        self._listing().pop(stored.conversation_id, None)
        if stored.is_damaged:
            self._damaged.add(stored.conversation_id)
        return False

    def _file(self, conversation_id: str) -> ConversationFile:
        return ConversationFile(self.path / f"{conversation_id}.json")

    def _listing(self) -> dict[str, Conversation | None]:
        if self._summaries is None:
            old = self.path.with_name(f"{self.path.name}.json")
            if old.exists():
                migrate(old, self.path)
            names = [name.split(".", 1) for name in os.listdir(self.path)] if self.path.is_dir() else []
            files = [(stem, kind) for stem, *kind in names if CONVERSATION_ID.fullmatch(stem)]
            self._summaries = {stem: None for stem, kind in files if kind == ["json"]}
            self._damaged = {stem for stem, kind in files if kind and kind[0].startswith("damaged-")}
        return self._summaries


def remove_leftovers(sessions: Path) -> None:
    """Finish what a process that was killed had begun to remove. Raises OSError."""
    for path in sessions.glob(f"*{REMOVED}"):
        remove_leftover(path)


def remove_leftover(removed: Path) -> None:
    """Remove a session's directory that has its last name already, if there is one."""
    if removed.exists():
        shutil.rmtree(removed)


def _holds_prompts(content: object) -> bool:
    match content:
        case {"prompts": dict() as prompts}:
            return all(isinstance(each, dict) and isinstance(each.get("text"), str) for each in prompts.values())
    return content == {}
