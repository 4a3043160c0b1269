"""Imports: exported conversations are stored, one file at a time."""

import asyncio
import threading

from chatbot.replies.limits import RateLimit
from chatbot.storage import ConversationMemory, Store
from chatbot.transfer import import_file
from chatbot.transfer.conversation_json import ExportedConversation, restore
from chatbot.types import Conversation

MAX_CONCURRENT = 1
"""Files that are imported at the same time, over all visitors: one may keep a processor busy for minutes."""


class Imports:
    """Takes exported files, as often as `rate` admits."""

    def __init__(self, store: Store, rate: RateLimit) -> None:
        self._store = store
        self._rate = rate
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._is_closing = threading.Event()

    async def add(self, session_id: str, file: ExportedConversation | bytes, address: str = "") -> list[Conversation]:
        """Stores the conversation of a JSON file, or all those of a zip, and returns them. Raises what `import_file`
        raises, TooManyMessages, and ShuttingDown if the app ends meanwhile; nothing is changed then."""
        self._rate.admit(session_id, address)
        async with self._slots:
            return await asyncio.to_thread(self._import, self._store.memory(session_id), file)

    def close(self) -> None:
        """Cancels the running import."""
        self._is_closing.set()

    def _import(self, memory: ConversationMemory, file: ExportedConversation | bytes) -> list[Conversation]:
        if isinstance(file, bytes):
            return [memory.get_conversation(each) for each in import_file(memory, file, self._is_closing.is_set)]
        return [memory.get_conversation(restore(memory, file))]
