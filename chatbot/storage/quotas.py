"""Quotas: how much may be stored, so that nobody fills the disk."""

import os
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import TooLarge, TooManySessions


@dataclass(frozen=True, slots=True)
class Quotas:
    """The most sessions, the most conversations of each, and the most bytes of a session before it can bring in no more
    attachments or conversations; 0: no limit."""

    sessions: int = 0
    conversations: int = 0
    session_bytes: int = 0

    def admit_session(self, path: Path) -> None:
        """Raises TooManySessions if the session at `path` would be new and there are as many as there may be."""
        is_new = self.sessions and not path.exists() and path.parent.exists()
        if is_new and len(os.listdir(path.parent)) >= self.sessions:
            raise TooManySessions

    def admit_bytes(self, total: int) -> None:
        """Raises TooLarge if a session may not store `total` bytes."""
        if self.session_bytes and total > self.session_bytes:
            raise TooLarge("session", most=round(self.session_bytes / 1e6, 3))
