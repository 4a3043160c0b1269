"""Places of a session: a directory or a database, for tests that hold of both."""

from pathlib import Path
from typing import Any

import orjson

from chatbot.storage import ConversationMemory
from chatbot.storage.backend import Backend
from chatbot.storage.folder import DiskFolder, Folder
from chatbot.storage.quotas import Quotas


class Place:
    """Where the session `session_id` is kept: in a directory of that name in `keeper`, or in a database."""

    def __init__(self, keeper: Path | Backend, session_id: str) -> None:
        self._keeper = keeper
        self._session_id = session_id

    def memory(self, quotas: Quotas | None = None) -> ConversationMemory:
        """The session's memory with empty caches, as after a restart."""
        return ConversationMemory(self._folder(), quotas=quotas)

    def files(self) -> dict[str, bytes]:
        """The content of each file by name, those of subfolders too."""
        folder = self._folder()
        with folder.lock():
            names = folder.names()
            names = [each for each in names if each != "files"] + [each.name for each in folder.entries("files")]
            return dict(folder.read_all(names))

    def content(self) -> bytes:
        """Everything that is stored."""
        return b"".join(self.files().values())

    def tables(self, conversation_id: str) -> dict[str, dict[str, Any]]:
        """Reads the tables in a conversation's file."""
        content: dict[str, dict[str, Any]] = orjson.loads(self.files()[f"{conversation_id}.json"])
        return content

    def write(self, name: str, content: bytes) -> None:
        """Overwrites a file."""
        folder = self._folder()
        with folder.lock():
            folder.replace(name, content)

    def write_tables(self, conversation_id: str, content: object) -> None:
        """Overwrites a conversation's file."""
        self.write(f"{conversation_id}.json", orjson.dumps(content))

    def _folder(self) -> Folder:
        if isinstance(self._keeper, Path):
            return DiskFolder(self._keeper / self._session_id)
        return self._keeper.folder(self._session_id)
