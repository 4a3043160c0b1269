"""SavedPrompts: the system prompts that a session has saved."""

from chatbot.errors import TooManyConversations
from chatbot.storage.atomic_json import AtomicJsonStorage, check_tables
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.tinydb_storage import KeyedDB, KeyedTable
from chatbot.types import clean

MAX_SAVED_PROMPTS = 100


class SavedPrompts:
    """The saved prompts by name. Methods block for about a millisecond, and raise StorageError."""

    def __init__(self, directory: SessionDirectory) -> None:
        self._directory = directory

    def list(self) -> dict[str, str]:
        """The prompts by name, in the order in which they were first saved."""
        with self._directory.lock():
            return {name: str(record["text"]) for name, record in self._table().records.items()}

    def save(self, name: str, text: str) -> None:
        """Saves a prompt, or replaces the one of that name. Raises TooManyConversations and TooManySessions."""
        with self._directory.lock():
            table = self._table()
            if clean(name) not in table.records and len(table.records) >= MAX_SAVED_PROMPTS:
                raise TooManyConversations("prompts", number=MAX_SAVED_PROMPTS)
            self._directory.quotas.admit_session(self._directory.path)
            table.put({clean(name): {"text": clean(text)}})
        self._directory.notify()

    def delete(self, name: str) -> None:
        """Removes a prompt, if there is one of that name."""
        with self._directory.lock():
            table = self._table()
            if clean(name) not in table.records:
                return
            table.drop([clean(name)])
        self._directory.notify()

    def _table(self) -> KeyedTable:
        return KeyedDB(AtomicJsonStorage(self._directory.path / "session.json", _check)).keyed("prompts")


def _check(content: object) -> None:
    """Raises ValueError unless the content is a table of prompts."""
    check_tables(content)
    prompts = content.get("prompts", {}) if isinstance(content, dict) else {}
    if not all(isinstance(each.get("text"), str) for each in prompts.values()):
        raise ValueError("a prompt has no text")
