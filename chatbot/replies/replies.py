"""The road of a message: from a visitor's text to a stored answer, whatever happens on the way."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import SecretStr

from chatbot.errors import Busy, ChatbotError, NotFound, ProviderTimeout, ShuttingDown, StorageError
from chatbot.providers import ProviderPool
from chatbot.replies.checkpoints import checkpoints
from chatbot.replies.generation import AnswerAccount, Generation
from chatbot.replies.limits import Limits, Reservation
from chatbot.replies.pacing import update_interval
from chatbot.replies.reply import Reply
from chatbot.replies.turns import Turn, new_message, old_message, store_turn
from chatbot.storage import ConversationMemory, Store
from chatbot.types import Conversation, Finish, Options, ProviderName, StoredMessage, Usage

T = TypeVar("T")

log = logging.getLogger(__name__)


class Replies:
    """Starts answers and knows those that run. Whoever watches one may leave: it goes on."""

    def __init__(
        self, store: Store, providers: ProviderPool, reply_seconds: float, limits: Limits, most_files: int = 10
    ) -> None:
        self._store = store
        self._providers = providers
        self._reply_seconds = reply_seconds
        self._limits = limits
        self._most_files = most_files
        self._taken: dict[tuple[str, str], Reply | None] = {}
        """By session and conversation, those that a turn is under way in; None while it is being written."""
        self._counting = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closing = False

    async def start(
        self,
        session_id: str,
        text: str,
        options: Options,
        *,
        conversation_id: str | None = None,
        edited: str | None = None,
        key: SecretStr | None = None,
        address: str = "",
        files: Sequence[str] = (),
    ) -> Reply:
        """Store the visitor's message and begin its answer, in a new conversation where no id is given.

        `edited` is the id of the message that this one is another version of; `key` the visitor's own for the
        provider; `address` where they call from; `files` the ids of what was uploaded to come with the message. Raises
        InvalidMessage, InvalidAttachment, Busy, NotFound, StorageError, Closing, and what `Limits` raises; what goes
        wrong from then on becomes part of the answer.
        """
        question = new_message(text, edited, files, self._most_files)
        return await self._begun(session_id, conversation_id, Turn(question, options, key, address))

    async def retry(
        self,
        session_id: str,
        conversation_id: str,
        question: str,
        options: Options,
        *,
        key: SecretStr | None = None,
        address: str = "",
    ) -> Reply:
        """Begin another answer to the visitor's message with the id `question`; the earlier ones stay. Raises as
        `start` does."""
        return await self._begun(session_id, conversation_id, Turn(old_message(question), options, key, address))

    async def undo(self, session_id: str, conversation_id: str) -> StoredMessage:
        """Take the last message of the visitor's back, with its answer, and return it; its files wait for the next one.
        An answer under way is ended first. Raises NotFound where there is none."""
        await self.stop(session_id, conversation_id)
        memory = self._store.memory(session_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        taken = next((message for message in reversed(messages) if message.role == "user"), None)
        if taken is None:
            raise NotFound
        if taken.attachments:
            await asyncio.to_thread(memory.return_to_uploads, conversation_id, taken.attachments)
        await asyncio.to_thread(memory.remove_from, conversation_id, taken.message_id)
        return taken

    def running(self, session_id: str, conversation_id: str) -> Reply | None:
        """The answer under way in that conversation, if there is one."""
        return self._taken.get((session_id, conversation_id))

    def running_conversations(self, session_id: str) -> set[str]:
        """The session's conversations that an answer is under way in."""
        return {conversation_id for owner, conversation_id in self._taken if owner == session_id}

    async def stop(self, session_id: str, conversation_id: str) -> bool:
        """End the answer under way there, and wait until it is stored. False where none runs."""
        key = session_id, conversation_id
        while key in self._taken and self._taken[key] is None:  # noqa: ASYNC110 - a turn takes a millisecond to write
            await asyncio.sleep(0.005)
        reply = self._taken.get(key)
        if reply is None:
            return False
        reply.stop()
        await reply.ended.wait()
        return True

    async def messages(self, session_id: str, conversation_id: str) -> tuple[Conversation, list[StoredMessage]]:
        """The conversation with all its messages, an answer under way as it stands now. Raises NotFound."""
        memory = self._store.memory(session_id)
        reply = self.running(session_id, conversation_id)  # before the disk: it may end in between
        conversation = await asyncio.to_thread(memory.get_conversation, conversation_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        reply = reply or self.running(session_id, conversation_id)
        return conversation, [_as_it_stands(message, reply) for message in messages]

    async def delete(self, session_id: str, conversation_id: str) -> None:
        """Remove the conversation; an answer under way in it is ended first. Raises NotFound."""
        await self.stop(session_id, conversation_id)
        await asyncio.to_thread(self._store.memory(session_id).delete_conversation, conversation_id)

    async def delete_session(self, session_id: str) -> None:
        """Remove everything that the session has; its answers under way are ended first."""
        for owner, conversation_id in [*self._taken]:
            if owner == session_id:
                await self.stop(owner, conversation_id)
        await asyncio.to_thread(self._store.memory(session_id).delete_all)

    async def shutdown(self) -> None:
        """End all answers, and wait until what they have is stored. No other begins from now on."""
        self._is_closing = True
        while self._taken:
            for reply in self._taken.values():
                if reply:
                    reply.stop("interrupted")
            await asyncio.sleep(0.01)

    def update_interval(self) -> float:
        """Seconds between a page's updates, so that those of all pages together leave the event loop its time."""
        return update_interval(len(self._taken))

    async def _begun(self, session_id: str, conversation_id: str | None, turn: Turn) -> Reply:
        begun = self._spawn(self._begin(session_id, conversation_id, turn))
        try:
            return await asyncio.shield(begun)  # a caller who leaves now must not leave half a turn behind
        except ChatbotError as refusal:
            log.info("refused", extra={"fields": {"session": session_id, "code": refusal.code}})
            raise

    async def _begin(self, session_id: str, conversation_id: str | None, turn: Turn) -> Reply:
        # One after the other where tokens count: each is to know what those before it may take.
        async with self._counting if self._limits.counts(turn.paid) else nullcontext():
            return await self._admitted((session_id, conversation_id or uuid4().hex), conversation_id is None, turn)

    async def _admitted(self, place: tuple[str, str], is_new: bool, turn: Turn) -> Reply:
        session_id, conversation_id = place
        if self._is_closing:
            raise ShuttingDown
        if place in self._taken:
            raise Busy
        try:
            reservation = self._limits.admit(
                session_id, turn.address, len(self.running_conversations(session_id)), turn.paid
            )
        except OSError as refused:
            raise StorageError from refused
        self._taken[place] = None
        memory, choice = self._store.memory(session_id), turn.options.choice
        try:
            reads = self._providers.reads(choice)
            history, answer = await asyncio.to_thread(store_turn, memory, conversation_id, is_new, turn, reads)
            find = partial(memory.get_files, conversation_id)
            asking = Generation(self._providers, history, turn.options, turn.key, find)
            if self._limits.counts(turn.paid):
                reservation.add(await asyncio.to_thread(asking.max_input_tokens))
        except BaseException:
            del self._taken[place]
            await _settled(reservation, Usage())
            raise
        reply = self._taken[place] = Reply(*place, answer)
        log.info("message", extra={"fields": reply.log_fields(), "texts": {"text": history[-1].content}})
        self._spawn(self._run(reply, memory, asking, choice.provider, reservation))
        return reply

    async def _run(
        self,
        reply: Reply,
        memory: ConversationMemory,
        asking: Generation,
        provider: ProviderName,
        reservation: Reservation,
    ) -> None:
        """The answer's task. However it goes, there is one way out: settle, store, let the conversation go, tell."""
        finish: Finish | None = None
        error: ChatbotError | None = None
        try:
            async with checkpoints(reply, memory), reply.time_limit(self._reply_seconds):
                finish = await asking.run(reply.append)
        except TimeoutError:
            error = ProviderTimeout(self._providers.label(provider))
        except ChatbotError as known:
            error = known.without_traceback()
        except Exception as unforeseen:
            log.error("reply: %s", type(unforeseen).__name__)  # noqa: TRY400 - its text may hold what was said
            error = ChatbotError()
        if error:
            error = error.with_alternatives(self._providers.others(provider))
        answer = reply.finish(finish, error)
        account = await _accounted(asking, answer, finish)
        answer = reply.charge(account.usage, account.cost, account.seen)
        try:
            await asyncio.to_thread(memory.update_message, reply.conversation_id, answer)
        except NotFound:
            log.info("reply: its conversation was deleted meanwhile")
        except Exception as refused:
            log.error("reply: not stored, %s", type(refused).__name__)  # noqa: TRY400 - as above
            reply.finish(finish, StorageError("The answer could not be saved on the server's disk."))
        finally:
            await _settled(reservation, account.usage)
            del self._taken[reply.session_id, reply.conversation_id]
            log.info("answer", extra={"fields": reply.log_fields(), "texts": {"text": answer.content}})
            reply.end()
            self._store.changes.notify(reply.session_id)  # it runs no more, which no write tells

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the event loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)
        return task


def _as_it_stands(message: StoredMessage, reply: Reply | None) -> StoredMessage:
    """The message, live where it is the answer under way. One that nobody is writing any more was cut off."""
    if message.status != "running":
        return message
    if reply and (now := reply.snapshot()).message_id == message.message_id:
        return now
    return replace(message, status="interrupted", finish_reason="interrupted")


async def _accounted(asking: Generation, answer: StoredMessage, finish: Finish | None) -> AnswerAccount:
    """What the answer took; nothing where that cannot be told, which must not cost the answer."""
    try:
        return await asyncio.to_thread(asking.account, answer, finish)
    except Exception as unforeseen:
        log.error("reply: no account, %s", type(unforeseen).__name__)  # noqa: TRY400 - its text may hold what was said
        return AnswerAccount()


async def _settled(reservation: Reservation, usage: Usage) -> None:
    """Settle, whatever the disk says to it: the turn has an end of its own to come to."""
    try:
        await asyncio.to_thread(reservation.settle, usage)
    except Exception as refused:
        log.error("reply: not counted, %s", type(refused).__name__)  # noqa: TRY400 - as above
