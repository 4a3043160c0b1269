"""Files on their way in: checked, made fit, and kept until a message comes with them."""

import asyncio

from chatbot.attachments import prepare
from chatbot.errors import TooLarge
from chatbot.replies.limits import Limits
from chatbot.storage import Store
from chatbot.types import Attachment

AT_ONCE = 2
"""Files that are opened at the same time, by all visitors together: a large picture takes 256 MB meanwhile."""


class Uploads:
    """Takes files of at most `most_bytes`, and from one session and one address no more in a minute than `limits`
    say."""

    def __init__(self, store: Store, most_bytes: int, limits: Limits) -> None:
        self.most_bytes = most_bytes
        self._store = store
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def add(self, session_id: str, name: str, content: bytes, address: str = "") -> Attachment:
        """Keep a file for one of the session's next messages. Raises InvalidAttachment, TooLarge, TooManyMessages and
        StorageError."""
        self._limits.admit(session_id, address, 0, None)
        if len(content) > self.most_bytes:
            raise TooLarge(f"“{name}” is larger than the {self.most_bytes / 1e6:g} MB that are allowed here.")
        async with self._turns:
            prepared = await asyncio.to_thread(prepare, name, content)
        await asyncio.to_thread(self._store.memory(session_id).upload, prepared)
        return prepared.attachment
