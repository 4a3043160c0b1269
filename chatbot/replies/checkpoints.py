"""Checkpoints: an answer under way is put on disk now and then, so that a killed process costs seconds of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chatbot.errors import NotFound, StorageError
from chatbot.replies.reply import Reply
from chatbot.storage import ConversationMemory

CHECKPOINT_SECONDS = 1.5
"""How often the text of a running answer is put on disk: the most of it that a killed process can lose."""


@asynccontextmanager
async def checkpoints(reply: Reply, memory: ConversationMemory) -> AsyncIterator[None]:
    """Inside, the answer's text is put on disk now and then; afterwards no such write is under way."""
    finished = asyncio.Event()

    async def keep() -> None:
        while not finished.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(finished.wait(), CHECKPOINT_SECONDS)
                return
            with suppress(NotFound, StorageError):  # the last write will tell
                await asyncio.to_thread(memory.update_message, reply.conversation_id, reply.snapshot())

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        finished.set()
        await keeper
