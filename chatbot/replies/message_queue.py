"""MessageQueue: messages that are sent while an answer runs wait for its end, and then go one by one."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chatbot.errors import Busy, ChatbotError
from chatbot.replies.replies import Replies
from chatbot.replies.reply import Reply
from chatbot.replies.turns import Turn, new_question, queued_question
from chatbot.storage import ConversationMemory, Event, Store
from chatbot.types import QueuedMessage

log = logging.getLogger(__name__)

Place = tuple[str, str]
"""A session and a conversation."""


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A queued message, and why it was refused when its turn came; None if it was not."""

    message: QueuedMessage
    refusal: ChatbotError | None = None


class MessageQueue:
    """Sends queued messages, each once and in its order.

    The messages are in the store; how to send them, with the visitor's key, is in memory only, as long as their turn
    may come. After a restart, a refusal, and an answer that failed or was ended for another one, they wait until the
    visitor sends them.
    """

    def __init__(self, store: Store, replies: Replies, max_files: int = 10) -> None:
        self._store = store
        self._replies = replies
        self._max_files = max_files
        self._turns: dict[Place, dict[str, Turn]] = {}
        self._refusals: dict[Place, dict[str, ChatbotError]] = {}
        """By place and message."""
        self._loop: asyncio.AbstractEventLoop | None = None
        replies.after_answer(self._after_answer)
        replies.after_deletion(self._after_deletion)
        store.backend.listen(self._hear)

    def list(self, session_id: str, conversation_id: str) -> Sequence[WaitingMessage]:
        """The messages that wait, the next one first. Blocks for about a millisecond. Raises NotFound."""
        queued = self._store.memory(session_id).queued.list(conversation_id)
        refusals = self._refusals.get((session_id, conversation_id), {})
        return [WaitingMessage(each, refusals.get(each.message_id)) for each in queued]

    async def add(
        self,
        session_id: str,
        conversation_id: str,
        text: str,
        turn: Turn,
        files: Sequence[str] = (),
        *,
        stops: bool = False,
    ) -> None:
        """Stores a message, which is sent as soon as nothing runs. `turn` says how; its question does not count.
        `stops` ends the running answer, and lets the message go first. Raises InvalidMessage, NotFound, StorageError,
        and InvalidAttachment."""
        new_question(text, files=files, max_files=self._max_files)  # refuses what could not be sent
        memory = self._store.memory(session_id)
        if files:
            self._replies.check_takes_files(session_id, conversation_id, temporary=False)

        def store() -> QueuedMessage:
            return memory.queued.add(conversation_id, text, memory.attachments.uploads(files), first=stops)

        queued = await asyncio.to_thread(store)
        await self._go_on((session_id, conversation_id), queued.message_id, turn, stops=stops)

    async def send_now(self, session_id: str, conversation_id: str, message_id: str, turn: Turn) -> None:
        """Ends the running answer, if there is one, and sends the message before the others. Raises NotFound if it was
        sent or withdrawn meanwhile."""
        queued = self._store.memory(session_id).queued
        await asyncio.to_thread(queued.move_first, conversation_id, message_id)
        await self._go_on((session_id, conversation_id), message_id, turn, stops=True)

    async def withdraw(self, session_id: str, conversation_id: str, message_id: str) -> QueuedMessage:
        """Removes the message and returns it. Raises NotFound if it was sent or withdrawn meanwhile."""
        queued = self._store.memory(session_id).queued
        removed = await asyncio.to_thread(queued.remove, conversation_id, message_id)
        self._forget((session_id, conversation_id), message_id)
        return removed

    async def _go_on(self, place: Place, message_id: str, turn: Turn, *, stops: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._forget_refusal(place, message_id)
        question = queued_question(message_id, self._max_files)
        self._turns.setdefault(place, {})[message_id] = Turn(question, turn.options, turn.key, turn.address)
        if stops:
            await self._replies.stop(*place)
        await self._send_next(place)

    async def _after_answer(self, reply: Reply, _: Turn) -> None:
        """Sends the next message. After an answer that failed, or that was ended to make another one, all wait: what is
        to be asked next may depend on it."""
        place = reply.session_id, reply.conversation_id
        if reply.holds_queue or reply.snapshot().status == "failed":
            self._turns.pop(place, None)
        elif place in self._turns:
            await self._send_next(place)

    def _hear(self, event: Event) -> None:
        """Another process may have ended the answer for whose end a message waits here."""
        for place in list(self._turns):
            if self._loop and event.session_id in ("", place[0]):
                asyncio.run_coroutine_threadsafe(self._send_next(place), self._loop)

    async def _send_next(self, place: Place) -> None:
        session_id, conversation_id = place
        if conversation_id in await self._replies.all_running(session_id):
            return
        first = await asyncio.to_thread(partial(_first, self._store.memory(session_id), conversation_id))
        turn = self._turns.get(place, {}).pop(first, None)
        if turn is None:
            return
        try:
            await self._replies.start_turn(session_id, conversation_id, turn)
        except Busy:  # another turn was quicker
            self._turns.setdefault(place, {})[first] = turn
        except ChatbotError as refused:
            self._turns.pop(place, None)
            self._refusals.setdefault(place, {})[first] = refused.without_traceback()
            self._store.changes.notify(session_id)
        else:
            self._forget(place, first)

    def _after_deletion(self, session_id: str, conversation_id: str | None) -> None:
        for place in [*self._turns, *self._refusals]:
            if place[0] == session_id and conversation_id in (None, place[1]):
                self._turns.pop(place, None)
                self._refusals.pop(place, None)

    def _forget_refusal(self, place: Place, message_id: str) -> None:
        refusals = self._refusals.get(place, {})
        refusals.pop(message_id, None)
        if not refusals:
            self._refusals.pop(place, None)

    def _forget(self, place: Place, message_id: str) -> None:
        self._forget_refusal(place, message_id)
        turns = self._turns.get(place, {})
        turns.pop(message_id, None)
        if not turns:
            self._turns.pop(place, None)


def _first(memory: ConversationMemory, conversation_id: str) -> str:
    """The id of the next message; empty if none waits."""
    return next((each.message_id for each in memory.queued.list(conversation_id)), "")
