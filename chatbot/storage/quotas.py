"""Quotas: how much may be stored, so that nobody fills the disk."""

from dataclasses import dataclass

from chatbot.errors import TooLarge, TooManySessions
from chatbot.storage.folder import Folder


@dataclass(frozen=True, slots=True)
class Quotas:
    """The most sessions, the most conversations of each, and the most bytes of a session before it can bring in no more
    attachments or conversations; 0: no limit."""

    sessions: int = 0
    conversations: int = 0
    session_bytes: int = 0

    def admit_session(self, folder: Folder) -> None:
        """Raises TooManySessions if the folder's session would be new and there are as many as there may be."""
        if self.sessions and not folder.exists() and folder.sessions() >= self.sessions:
            raise TooManySessions

    def admit_bytes(self, total: int) -> None:
        """Raises TooLarge if a session may not store `total` bytes."""
        if self.session_bytes and total > self.session_bytes:
            raise TooLarge("session", most=round(self.session_bytes / 1e6, 3))
