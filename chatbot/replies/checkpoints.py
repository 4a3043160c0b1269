"""Checkpoints: a running answer is stored now and then, so that a killed process loses seconds of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from chatbot.errors import LostLease, NotFound, StorageError
from chatbot.replies.reply import Reply
from chatbot.storage import ConversationMemory

CHECKPOINT_SECONDS = 1.5
"""Between two checkpoints: the most of an answer that a killed process can lose."""


@asynccontextmanager
async def checkpoints(reply: Reply, memory: ConversationMemory) -> AsyncIterator[None]:
    """Inside, the answer's text is stored every CHECKPOINT_SECONDS; afterwards no such write is under way."""
    is_over = asyncio.Event()

    async def save_regularly() -> None:
        while not is_over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(is_over.wait(), CHECKPOINT_SECONDS)
                return
            try:
                await asyncio.to_thread(memory.store_answer, reply.conversation_id, reply.snapshot())
            except LostLease:
                reply.stop("interrupted")
            except (NotFound, StorageError):
                continue  # the last write will report it

    task = asyncio.create_task(save_regularly())
    try:
        yield
    finally:
        is_over.set()
        await task
