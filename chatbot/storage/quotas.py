"""Room: how much may be kept, so that nobody fills the disk."""

import os
from dataclasses import dataclass

from chatbot.errors import TooManyConversations, TooManySessions
from chatbot.storage.session_directory import SessionDirectory


@dataclass(frozen=True, slots=True)
class Quotas:
    """So many sessions, so many conversations in each of them, and so many bytes, beyond which a session may bring in
    neither files nor conversations; 0 is no limit."""

    sessions: int = 0
    conversations: int = 0
    session_bytes: int = 0

    def admit(self, session: SessionDirectory) -> None:
        """Whether that session may have one more conversation. Raises TooManyConversations, and Full as below."""
        if self.conversations and session.holds(self.conversations):
            raise TooManyConversations
        self.admit_session(session)

    def admit_session(self, session: SessionDirectory) -> None:
        """Whether anything may be kept for that session. Raises Full for one that is new where there are as many as may
        be."""
        others = session.path.parent
        is_new = self.sessions and not session.path.exists() and others.exists()
        if is_new and len(os.listdir(others)) >= self.sessions:
            raise TooManySessions
