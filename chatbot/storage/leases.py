"""Leases: which process may write a conversation's running answer."""

from collections.abc import Mapping
from uuid import uuid4

OWNER = uuid4().hex
"""Marks the running answers of this process. A running answer of a process that is gone was cut off."""


class Leases:
    """The leases of a session whose files only this process writes. A running answer's record has its lease's token.
    The caller holds the session's lock."""

    def take(self, conversation_id: str) -> str:
        """Takes the conversation's lease for an answer of this process; returns its token. Raises Busy if another
        process has the lease."""
        del conversation_id
        return OWNER

    def release(self, conversation_id: str) -> None:
        """Ends the conversation's lease, whoever has it: what its owner writes from now on is refused."""

    def holds(self, token: object) -> bool:
        """Whether this process has that lease, and so may write the answer."""
        return token == OWNER

    def is_live(self, token: object) -> bool:
        """Whether any process has that lease, and so is writing the answer."""
        return token == OWNER

    def of_others(self) -> Mapping[str, str]:
        """The tokens of the leases that other processes have, by conversation."""
        return {}
