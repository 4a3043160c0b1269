"""Exported conversations on their way in."""

import asyncio
import threading

from chatbot.replies.limits import Limits
from chatbot.storage import Store
from chatbot.transfer import import_file, import_json
from chatbot.transfer.conversation_json import ExportedConversation
from chatbot.types import Conversation

AT_ONCE = 1
"""Files that are taken in at the same time, from all visitors together: one may keep a processor busy for minutes."""


class Imports:
    """Takes exported files, and from one session and one address no more in a minute than `limits` say."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._closing = threading.Event()

    async def add(self, session_id: str, file: ExportedConversation | bytes, address: str = "") -> list[Conversation]:
        """Make the conversation of a file, or all those of a zip, the session's; returns them. Raises what `from_file`
        raises, TooManyMessages, and Closing where the app ends meanwhile; then nothing is changed."""
        self._limits.admit(session_id, address, 0, None)
        async with self._turns:
            return await asyncio.to_thread(self._add, session_id, file)

    def close(self) -> None:
        """End what is under way."""
        self._closing.set()

    def _add(self, session_id: str, file: ExportedConversation | bytes) -> list[Conversation]:
        memory = self._store.memory(session_id)
        if isinstance(file, bytes):
            return [memory.get_conversation(each) for each in import_file(memory, file, self._closing.is_set)]
        return [memory.get_conversation(import_json(memory, file))]
