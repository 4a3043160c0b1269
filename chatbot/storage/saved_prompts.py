"""SavedPrompts: the system prompts that a session has saved."""

from chatbot.errors import TooManyConversations
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.session_file import open_table
from chatbot.types import clean

MAX_SAVED_PROMPTS = 100


class SavedPrompts:
    """The saved prompts by name. Methods block for about a millisecond, and raise StorageError."""

    def __init__(self, directory: SessionDirectory) -> None:
        self._directory = directory

    def list(self) -> dict[str, str]:
        """The prompts by name, in the order in which they were first saved."""
        with self._directory.lock():
            return {
                name: str(record["text"]) for name, record in open_table(self._directory, "prompts").records.items()
            }

    def save(self, name: str, text: str) -> None:
        """Saves a prompt, or replaces the one of that name. Raises TooManyConversations and TooManySessions."""
        with self._directory.lock():
            table = open_table(self._directory, "prompts")
            if clean(name) not in table.records and len(table.records) >= MAX_SAVED_PROMPTS:
                raise TooManyConversations("prompts", number=MAX_SAVED_PROMPTS)
            self._directory.quotas.admit_session(self._directory.folder)
            table.put({clean(name): {"text": clean(text)}})
        self._directory.notify()

    def delete(self, name: str) -> None:
        """Removes a prompt, if there is one of that name."""
        with self._directory.lock():
            table = open_table(self._directory, "prompts")
            if clean(name) not in table.records:
                return
            table.drop([clean(name)])
        self._directory.notify()
