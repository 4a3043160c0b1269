"""Uploads: attachments are checked, prepared and stored until their message comes."""

import asyncio

from chatbot.attachments import prepare
from chatbot.errors import TooLarge
from chatbot.replies.limits import RateLimit
from chatbot.storage import Store
from chatbot.types import Attachment

MAX_CONCURRENT = 2
"""Files that are opened at the same time, over all visitors: a large image takes 256 MB."""


class Uploads:
    """Takes files of at most `max_bytes`, as often as `rate` admits."""

    def __init__(self, store: Store, max_bytes: int, rate: RateLimit) -> None:
        self.max_bytes = max_bytes
        self._store = store
        self._rate = rate
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def add(self, session_id: str, name: str, content: bytes, address: str = "") -> Attachment:
        """Stores a file for one of the session's next messages. Raises InvalidAttachment, TooLarge, TooManyMessages and
        StorageError."""
        self._rate.admit(session_id, address)
        if len(content) > self.max_bytes:
            raise TooLarge("named", name=name, most=round(self.max_bytes / 1e6, 3))
        async with self._slots:
            prepared = await asyncio.to_thread(prepare, name, content)
        await asyncio.to_thread(self._store.memory(session_id).attachments.upload, prepared)
        return prepared.attachment
