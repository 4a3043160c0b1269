"""Backend: where sessions, the day's tokens and the signing secret are kept: in files, or in PostgreSQL."""

from abc import ABC, abstractmethod

from chatbot.storage.events import Event, Listener
from chatbot.storage.folder import Folder
from chatbot.storage.token_counter import TokenCounter

SECRET_BYTES = 32


class Backend(ABC):
    """What a store keeps everything in. `is_shared`: other processes may use it too."""

    is_shared = False

    @abstractmethod
    def folder(self, session_id: str) -> Folder:
        """The files of that session. Nothing is written yet."""

    @abstractmethod
    def inactive(self, since: float) -> list[str]:
        """The sessions that nobody visited since then, in seconds since the epoch. Raises OSError and StorageError."""

    @abstractmethod
    def delete_remains(self, since: float) -> int:
        """Deletes what is no session any more and as old; returns how many sessions it had been."""

    @abstractmethod
    def check(self) -> None:
        """Raises OSError if nothing may be read or written any more."""

    @abstractmethod
    def token_counter(self) -> TokenCounter:
        """Counts the tokens that the operator's keys pay for."""

    @abstractmethod
    def secret(self) -> str:
        """The secret that signs session tokens, created at its first use. Raises SettingsError."""

    def listen(self, listener: Listener) -> None:  # noqa: B027 - there need not be others
        """Calls `listener`, in a thread, with what other processes tell; without others never."""

    def tell(self, event: Event) -> None:  # noqa: B027 - as above
        """Tells the other processes. Raises StorageError."""

    @abstractmethod
    def close(self) -> None:
        """Releases everything."""
