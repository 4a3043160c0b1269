"""Replies: starts answers, knows those that run, and stores them however they end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence, Set
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import SecretStr

from chatbot.errors import (
    Busy,
    ChatbotError,
    EmptyAnswer,
    InvalidAttachment,
    LostLease,
    NotFound,
    ProviderTimeout,
    ShuttingDown,
    StorageError,
)
from chatbot.memory.memory_block import Recollection
from chatbot.providers import ProviderPool
from chatbot.replies.checkpoints import checkpoints
from chatbot.replies.following import Following
from chatbot.replies.generation import AnswerAccount, Generation
from chatbot.replies.limits import Limits, Reservation
from chatbot.replies.pacing import update_interval
from chatbot.replies.recollection import begin_recollecting, recollect
from chatbot.replies.reply import Reply
from chatbot.replies.turns import Turn, new_question, store_turn, stored_question, take_back_note
from chatbot.storage import ConversationMemory, Event, Store
from chatbot.types import Conversation, Finish, Options, ProviderName, StoredMessage, Usage

T = TypeVar("T")

AfterAnswer = Callable[[Reply, Turn], Awaitable[None]]
"""Is called when an answer is stored and its conversation is free, before those who watch it hear of its end."""

AfterDeletion = Callable[[str, str | None], None]
"""Is called with the ids of a session and its conversation that was deleted, None if all were."""

STORE_LATER_SECONDS, STORE_LATER_TIMES = 2.0, 1000
"""How often an answer is tried to be stored that the database refused."""

log = logging.getLogger(__name__)


class Replies:
    """Runs answers. Whoever watches one may leave: it goes on."""

    def __init__(
        self,
        store: Store,
        providers: ProviderPool,
        reply_seconds: float,
        limits: Limits,
        max_files: int = 10,
        memory_tokens: int = 800,
    ) -> None:
        self._store = store
        self._providers = providers
        self._reply_seconds = reply_seconds
        self._limits = limits
        self._max_files = max_files
        self._memory_tokens = memory_tokens
        self._running: dict[tuple[str, str], Reply | None] = {}
        """By session and conversation; None while the turn is being stored."""
        self._admission = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._after_answer: list[AfterAnswer] = []
        self._after_deletion: list[AfterDeletion] = []
        self._following = Following(store)
        self._loop: asyncio.AbstractEventLoop | None = None
        store.backend.listen(self._receive)
        self.is_closing = False

    def after_answer(self, call: AfterAnswer) -> None:
        """Calls `call` after each answer."""
        self._after_answer.append(call)

    def after_deletion(self, call: AfterDeletion) -> None:
        """Calls `call` after each deletion."""
        self._after_deletion.append(call)

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
        memory: bool | None = None,
        temporary: bool = False,
    ) -> Reply:
        """Stores the visitor's message and starts its answer, in a new conversation unless an id is given.

        `edited` is the id of the message that this one is another version of; `key` the visitor's own for the provider;
        `address` the visitor's; `files` the ids of uploads; `memory` says whether notes and passages go along, None as
        the session does; a `temporary` conversation is in memory only.

        Raises InvalidMessage, InvalidAttachment, Busy, NotFound, StorageError, ShuttingDown, and what `Limits` raises;
        a later failure becomes part of the answer.
        """
        question = new_question(text, edited, files, self._max_files)
        new_text = None if edited else text  # of an edited one a note may have to be deleted first
        turn = Turn(question, options, key, address, memory, temporary, new_text)
        return await self.start_turn(session_id, conversation_id, turn)

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
        """Starts another answer to the message with the id `question`; earlier ones stay. Raises as `start` does."""
        return await self.start_turn(
            session_id, conversation_id, Turn(stored_question(question), options, key, address)
        )

    async def resume(
        self,
        session_id: str,
        conversation_id: str,
        options: Options,
        *,
        key: SecretStr | None = None,
        address: str = "",
    ) -> Reply:
        """Goes on with the conversation's last answer, in the same message, which keeps its text whatever happens.
        Raises as `start` does; NotPossible for an answer that the model or a filter refused to give."""
        return await self.start_turn(session_id, conversation_id, Turn(None, options, key, address))

    async def start_turn(self, session_id: str, conversation_id: str | None, turn: Turn) -> Reply:
        """Starts any turn. Raises as `start` does."""
        started = self._spawn(self._admit(session_id, conversation_id, turn))
        try:
            return await asyncio.shield(started)  # a caller who leaves now must not leave half a turn behind
        except ChatbotError as error:
            log.info("refused", extra={"fields": {"session": session_id, "code": error.code}})
            raise

    async def undo(self, session_id: str, conversation_id: str) -> StoredMessage:
        """Removes the visitor's last message with its answer, and returns it; its attachments are uploads again, and
        the note that it asked for is deleted. On display is then the version that it was edited from, or what came
        before. Ends a running answer first. Raises NotFound."""
        await self.stop(session_id, conversation_id, holds_queue=True)
        memory = self._store.memory(session_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        question = next((message for message in reversed(messages) if message.role == "user"), None)
        if question is None:
            raise NotFound
        versions = (await asyncio.to_thread(memory.get_versions, conversation_id)).get(question.message_id, ())
        is_newest = question.message_id in versions[-1:]  # then it was an edit that is undone
        if question.attachments:
            await asyncio.to_thread(memory.attachments.return_to_uploads, conversation_id, question.attachments)
        await asyncio.to_thread(take_back_note, memory, question)
        await asyncio.to_thread(memory.remove_from, conversation_id, question.message_id, shows_versions=is_newest)
        return question

    def check_takes_files(self, session_id: str, conversation_id: str | None, temporary: bool) -> None:
        """Raises InvalidAttachment if the conversation, or a new one, is temporary: files are stored on the disk."""
        memory = self._store.memory(session_id)
        if temporary or (conversation_id and memory.is_temporary(conversation_id)):
            raise InvalidAttachment("temporary")

    def running(self, session_id: str, conversation_id: str) -> Reply | None:
        """The running answer of that conversation, if there is one."""
        return self._running.get((session_id, conversation_id))

    async def find_running(self, session_id: str, conversation_id: str) -> Reply | None:
        """As `running`; one that another process makes is followed as it is stored. Raises NotFound and
        StorageError."""
        return self.running(session_id, conversation_id) or await self._following.find(session_id, conversation_id)

    def running_conversations(self, session_id: str) -> set[str]:
        """The session's conversations that have a running answer."""
        return {conversation_id for running_session, conversation_id in self._running if running_session == session_id}

    async def all_running(self, session_id: str) -> set[str]:
        """As `running_conversations`, with those that other processes are answering. Raises StorageError."""
        others: Set[str] = frozenset()
        if self._store.is_shared:
            others = await asyncio.to_thread(self._store.memory(session_id).running_by_others)
        return self.running_conversations(session_id) | others

    async def stop(self, session_id: str, conversation_id: str, *, holds_queue: bool = False) -> bool:
        """Ends the running answer, and waits until it is stored. False if none runs. `holds_queue`: the messages that
        wait for its end are not sent, because something else is to happen first."""
        place = session_id, conversation_id
        while place in self._running and self._running[place] is None:  # noqa: ASYNC110 - storing takes a millisecond
            await asyncio.sleep(0.005)
        reply = self._running.get(place)
        if reply is None:
            return await self._following.stop(session_id, conversation_id, holds_queue=holds_queue)
        reply.holds_queue = holds_queue
        reply.stop()
        await reply.ended.wait()
        return True

    async def messages(self, session_id: str, conversation_id: str) -> tuple[Conversation, list[StoredMessage]]:
        """The conversation with all its messages, a running answer as it is now. Raises NotFound."""
        memory = self._store.memory(session_id)
        reply = self.running(session_id, conversation_id)  # before the disk is read: it may end in between
        conversation = await asyncio.to_thread(memory.get_conversation, conversation_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        reply = reply or self.running(session_id, conversation_id)
        is_running = any(each.status == "running" for each in messages)
        if reply is None and is_running and conversation_id in await self.all_running(session_id):
            return conversation, messages
        return conversation, [_with_running_text(message, reply) for message in messages]

    async def delete(self, session_id: str, conversation_id: str) -> None:
        """Deletes the conversation; ends its running answer first. Raises NotFound."""
        await self.stop(session_id, conversation_id, holds_queue=True)
        await asyncio.to_thread(self._store.memory(session_id).delete_conversation, conversation_id)
        for call in self._after_deletion:
            call(session_id, conversation_id)

    async def delete_session(self, session_id: str) -> None:
        """Deletes everything that the session has; ends its running answers first."""
        for conversation_id in await self.all_running(session_id):
            await self.stop(session_id, conversation_id, holds_queue=True)
        await asyncio.to_thread(self._store.memory(session_id).delete_all)
        for call in self._after_deletion:
            call(session_id, None)

    async def shutdown(self) -> None:
        """Ends all answers, and waits until they are stored. No other starts from now on."""
        self.is_closing = True
        while self._running:
            for reply in self._running.values():
                if reply:
                    reply.stop("interrupted")
            await asyncio.sleep(0.01)

    def update_interval(self) -> float:
        """Seconds between a page's updates, so that all pages together leave the event loop its time."""
        return update_interval(len(self._running))

    async def _admit(self, session_id: str, conversation_id: str | None, turn: Turn) -> Reply:
        self._loop = asyncio.get_running_loop()
        place = session_id, conversation_id or uuid4().hex
        is_billed = turn.key is None and self._providers.is_billed(turn.options.choice.provider)
        # One at a time if tokens count: each has to know what those before it have reserved.
        async with self._admission if is_billed and self._limits.has_budget else nullcontext():
            if self.is_closing:
                raise ShuttingDown
            if place in self._running:
                raise Busy
            running = len(self.running_conversations(session_id))
            self._running[place] = None
            reservation = Reservation(None)
            try:
                reservation = await self._limits.admit(
                    session_id, turn.address, running, turn.options.max_tokens, is_billed=is_billed
                )
                return await self._store_and_run(place, conversation_id is None, turn, reservation)
            except BaseException:
                del self._running[place]
                await _settle(reservation, Usage())
                raise

    async def _store_and_run(self, place: tuple[str, str], is_new: bool, turn: Turn, reservation: Reservation) -> Reply:
        session_id, conversation_id = place
        memory = self._store.memory(session_id)

        def store() -> tuple[Sequence[StoredMessage], StoredMessage, Recollection]:
            profile = self._providers.profile(turn.options.choice)
            if turn.text is not None:
                wanted = False if turn.temporary and turn.memory is None else turn.memory
                found = begin_recollecting(memory, conversation_id, turn.text, wanted, self._memory_tokens)
                return *store_turn(memory, conversation_id, is_new, turn, profile), found()
            history, answer = store_turn(memory, conversation_id, is_new, turn, profile)
            # An answer goes on without notes if it began without: its visitor may have asked for none.
            is_bare = turn.question is None and not (answer.memory and answer.memory.has_notes)
            wanted = False if is_bare else turn.memory
            return history, answer, recollect(memory, conversation_id, history[-1], wanted, self._memory_tokens)

        history, answer, recollection = await asyncio.to_thread(store)
        read_files = partial(memory.attachments.get_all, conversation_id)
        generation = Generation(
            self._providers, history, turn.options, turn.key, read_files, recollection, begun=answer.content
        )
        if reservation.is_counted:
            await asyncio.to_thread(lambda: reservation.add(generation.max_input_tokens()))
        is_temporary = memory.is_temporary(conversation_id)
        reply = self._running[place] = Reply(session_id, conversation_id, answer, is_temporary=is_temporary)
        log.info("message", extra=reply.log_extra(history[-1].content))
        self._spawn(self._run(reply, memory, generation, turn, reservation))
        return reply

    async def _run(
        self,
        reply: Reply,
        memory: ConversationMemory,
        generation: Generation,
        turn: Turn,
        reservation: Reservation,
    ) -> None:
        """The answer's task. However it goes, it ends by storing the answer and freeing the conversation."""
        finish, error = await self._generate(reply, memory, generation, turn.options.choice.provider)
        answer = reply.finish(finish, error)
        account = await _account(generation, reply.new_part(answer), finish)
        answer = reply.set_account(account.usage, account.cost, account.sent, account.memory)
        try:
            await asyncio.to_thread(memory.store_answer, reply.conversation_id, answer)
        except NotFound:
            log.info("reply: its conversation was deleted meanwhile")
        except LostLease as lost:
            reply.finish(finish, lost.without_traceback())
        except Exception as refused:
            log.error("reply: not stored, %s", type(refused).__name__)  # noqa: TRY400 - its text may quote messages
            reply.finish(finish, StorageError("answer_lost"))
            if self._store.is_shared:
                self._spawn(_store_later(memory, reply.conversation_id, answer))
        finally:
            await _settle(reservation, account.usage)
            del self._running[reply.session_id, reply.conversation_id]
            log.info("answer", extra=reply.log_extra(answer.content))
            await self._call_after(reply, turn)
            reply.end()
            self._store.changes.notify(reply.session_id)  # no write says that it runs no more

    async def _generate(
        self, reply: Reply, memory: ConversationMemory, generation: Generation, provider: ProviderName
    ) -> tuple[Finish | None, ChatbotError | None]:
        """Generates the answer. Returns how it ended by itself, or why it failed, with what may help."""
        try:
            async with checkpoints(reply, memory), reply.time_limit(self._reply_seconds):
                return await generation.run(reply.append), None
        except TimeoutError:
            error: ChatbotError = ProviderTimeout(self._providers.label(provider))
        except EmptyAnswer as empty:
            if reply.snapshot().content:  # an answer that went on may have been whole
                return Finish("stop"), None
            error = empty.without_traceback()
        except ChatbotError as known:
            error = known.without_traceback()
        except Exception as unexpected:
            log.error("reply: %s", type(unexpected).__name__)  # noqa: TRY400 - its text may quote messages
            error = ChatbotError()
        return None, error.with_alternatives(self._providers.alternatives(provider))

    def _receive(self, event: Event) -> None:
        """Another process asks for the end of an answer, or this one was taken for gone."""
        if self._loop and event.kind != "changed":
            self._loop.call_soon_threadsafe(self._end, event)

    def _end(self, event: Event) -> None:
        place = event.session_id, event.conversation_id
        ended = self._running.values() if event.kind == "lost" else [self._running.get(place)]
        for reply in filter(None, ended):
            reply.holds_queue |= event.kind == "stop_first"
            reply.stop("interrupted" if event.kind == "lost" else "stopped")

    async def _call_after(self, reply: Reply, turn: Turn) -> None:
        for call in () if self.is_closing else self._after_answer:
            try:
                await call(reply, turn)
            except Exception as unexpected:
                log.error("after an answer: %s", type(unexpected).__name__)  # noqa: TRY400 - as above

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the event loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)
        return task


async def _store_later(memory: ConversationMemory, conversation_id: str, answer: StoredMessage) -> None:
    """Stores an ended answer when the database is back; until then other processes take it for running."""
    for _ in range(STORE_LATER_TIMES):
        await asyncio.sleep(STORE_LATER_SECONDS)
        try:
            await asyncio.to_thread(memory.store_answer, conversation_id, answer)
        except (NotFound, LostLease):
            return
        except StorageError:
            continue
        log.info("reply: stored later")
        return


def _with_running_text(message: StoredMessage, reply: Reply | None) -> StoredMessage:
    """The message with its current text if it is the running answer. A running one without a reply was cut off."""
    if message.status != "running":
        return message
    if reply and (now := reply.snapshot()).message_id == message.message_id:
        return replace(now, pinned=message.pinned)
    return replace(message, status="interrupted", finish_reason="interrupted")


async def _account(generation: Generation, answer: StoredMessage, finish: Finish | None) -> AnswerAccount:
    """What the answer used; nothing if that fails, which must not cost the answer."""
    try:
        return await asyncio.to_thread(generation.account, answer, finish)
    except Exception as unexpected:
        log.error("reply: no account, %s", type(unexpected).__name__)  # noqa: TRY400 - its text may quote messages
        return AnswerAccount()


async def _settle(reservation: Reservation, usage: Usage) -> None:
    """Settles the reservation; a refusal of the disk must not stop the turn from ending."""
    try:
        await asyncio.to_thread(reservation.settle, usage)
    except Exception as refused:
        log.error("reply: not counted, %s", type(refused).__name__)  # noqa: TRY400 - as above
