"""Following: answers that another process makes, as this one shows, watches and stops them."""

import asyncio
from contextlib import suppress

from chatbot.errors import NotFound, StorageError
from chatbot.replies.reply import Reply
from chatbot.storage import Event, Store

LOOK_SECONDS = 2.0
"""Between two looks at an answer of which nothing is heard."""
STOP_SECONDS = 5.0
"""How long its process has to end an answer; then it counts as interrupted."""


class Following:
    """Follows answers by what is stored of them. Without other processes there are none."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followed: dict[tuple[str, str], Reply] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, session_id: str, conversation_id: str) -> Reply | None:
        """The conversation's running answer, if another process makes it. Raises NotFound and StorageError."""
        if not self._store.is_shared:
            return None
        place, memory = (session_id, conversation_id), self._store.memory(session_id)
        answer = await asyncio.to_thread(memory.answer_by_others, conversation_id)
        if answer is None:
            return None
        known = self._followed.get(place)
        if known and known.snapshot().message_id == answer.message_id:
            return known
        reply = self._followed[place] = Reply(session_id, conversation_id, answer)
        task = asyncio.create_task(self._follow(reply))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return reply

    async def stop(self, session_id: str, conversation_id: str, *, holds_queue: bool = False) -> bool:
        """Has the conversation's answer ended by its process, and waits until it is. False if none runs."""
        if not self._store.is_shared or not await self._is_running(session_id, conversation_id):
            return False
        request = Event("stop_first" if holds_queue else "stop", session_id, conversation_id)
        await asyncio.to_thread(self._store.backend.tell, request)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                seen = self._store.changes.revision(session_id)
                while await self._is_running(session_id, conversation_id):
                    seen = await self._store.changes.wait(session_id, seen, LOOK_SECONDS)
                return True
        await asyncio.to_thread(self._store.memory(session_id).end_lease, conversation_id)
        return True

    async def _is_running(self, session_id: str, conversation_id: str) -> bool:
        return conversation_id in await asyncio.to_thread(self._store.memory(session_id).running_by_others)

    async def _follow(self, reply: Reply) -> None:
        session_id, conversation_id = reply.session_id, reply.conversation_id
        memory, message_id = self._store.memory(session_id), reply.snapshot().message_id
        try:
            while reply.snapshot().status == "running":
                seen = self._store.changes.revision(session_id)
                with suppress(StorageError):  # it may be back at the next look
                    reply.take(await asyncio.to_thread(memory.get_message, conversation_id, message_id))
                if reply.snapshot().status == "running":
                    await self._store.changes.wait(session_id, seen, LOOK_SECONDS)
        except NotFound:  # it was deleted
            pass
        finally:
            if self._followed.get((session_id, conversation_id)) is reply:
                del self._followed[session_id, conversation_id]
            reply.end()
