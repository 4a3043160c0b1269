"""The road of a message: from a visitor's text to a stored answer, whatever happens on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from chatbot.engine import ChatEngine
from chatbot.errors import Busy, ChatbotError, InvalidMessage, NotFound, ProviderTimeout, StorageError
from chatbot.memory import ConversationMemory, Store, select
from chatbot.messages import Conversation, Finish, StoredMessage
from chatbot.options import Options
from chatbot.providers import Choice, Provider, Providers, takes_temperature
from chatbot.reply import Reply

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_MESSAGE = 10_000
"""Characters of one message, as the API's description promises."""

CHECKPOINT_SECONDS = 1.5
"""How often the text of a running answer is put on disk: the most of it that a killed process can lose."""

FASTEST_FRAMES = 1 / 20
FRAME_SECONDS = 0.003
"""What one update of a page costs the event loop."""
FRAME_SHARE = 0.35
"""The share of the event loop's time that updates may take; the rest is for the providers' streams."""


class Replies:
    """Starts answers and knows those that run. Whoever watches one may leave: it goes on."""

    def __init__(self, store: Store, providers: Providers, reply_seconds: float) -> None:
        self._store = store
        self._providers = providers
        self._reply_seconds = reply_seconds
        self._taken: dict[tuple[str, str], Reply | None] = {}
        """By session and conversation, those that a turn is under way in; None while it is being written."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(
        self,
        session_id: str,
        text: str,
        options: Options,
        *,
        conversation_id: str | None = None,
        instead_of: str | None = None,
    ) -> Reply:
        """Store the visitor's message and begin its answer, in a new conversation where no id is given.

        `instead_of` is the id of a message that is removed first, with all that followed it. Raises InvalidMessage,
        Busy, NotFound or StorageError; what goes wrong from then on becomes part of the answer.
        """
        _check(text)
        begun = self._spawn(self._begin(session_id, text, options, conversation_id, instead_of))
        return await asyncio.shield(begun)  # a caller who leaves now must not leave half a turn behind

    def running(self, session_id: str, conversation_id: str) -> Reply | None:
        """The answer under way in that conversation, if there is one."""
        return self._taken.get((session_id, conversation_id))

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
        """End all answers, and wait until what they have is stored."""
        while self._taken:
            for reply in self._taken.values():
                if reply:
                    reply.stop("interrupted")
            await asyncio.sleep(0.01)

    def frame_interval(self) -> float:
        """Seconds between a page's updates, so that those of all pages together leave the event loop its time."""
        return max(FASTEST_FRAMES, len(self._taken) * FRAME_SECONDS / FRAME_SHARE)

    async def _begin(
        self,
        session_id: str,
        text: str,
        options: Options,
        conversation_id: str | None,
        instead_of: str | None,
    ) -> Reply:
        key = session_id, conversation_id or uuid4().hex
        if key in self._taken:
            raise Busy
        self._taken[key] = None
        memory = self._store.memory(session_id)
        is_new = conversation_id is None
        try:
            history, answer = await asyncio.to_thread(
                _write_turn, memory, key[1], is_new, instead_of, text, options.choice
            )
        except BaseException:
            del self._taken[key]
            raise
        reply = self._taken[key] = Reply(*key, answer)
        self._spawn(self._run(reply, memory, history, options))
        return reply

    async def _run(
        self, reply: Reply, memory: ConversationMemory, history: Sequence[StoredMessage], options: Options
    ) -> None:
        """The answer's task. However it goes, there is one way out: settle, store, let the conversation go, tell."""
        finish: Finish | None = None
        error: ChatbotError | None = None
        try:
            async with _checkpoints(reply, memory), reply.within(self._reply_seconds):
                finish = await self._stream(reply, history, options)
        except TimeoutError:
            error = ProviderTimeout(self._providers.label(options.choice.provider))
        except ChatbotError as known:
            error = known
        except Exception as unforeseen:
            log.error("reply: %s", type(unforeseen).__name__)  # noqa: TRY400 - its text may hold what was said
            error = ChatbotError()
        answer = reply.finish(finish, error)
        try:
            await asyncio.to_thread(memory.update_message, reply.conversation_id, answer)
        except NotFound:
            log.info("reply: its conversation was deleted meanwhile")
        except Exception as refused:
            log.error("reply: not stored, %s", type(refused).__name__)  # noqa: TRY400 - as above
            reply.finish(finish, StorageError("The answer could not be saved on the server's disk."))
        finally:
            del self._taken[reply.session_id, reply.conversation_id]
            reply.end()

    async def _stream(self, reply: Reply, history: Sequence[StoredMessage], options: Options) -> Finish | None:
        provider, context_tokens = await asyncio.to_thread(self._prepared, options.choice)
        window = select(
            history,
            system_prompt=options.system_prompt,
            history_limit=options.history_limit,
            context_tokens=context_tokens,
            max_tokens=options.max_tokens,
        )
        fits = takes_temperature(options.choice.provider, options.choice.model)
        engine = ChatEngine(
            provider,
            model=options.choice.model,
            temperature=options.temperature if fits else None,
            max_tokens=options.max_tokens,
            system_prompt=options.system_prompt,
        )
        finish: Finish | None = None
        async with aclosing(engine.chat_stream(window.messages)) as deltas:
            async for delta in deltas:
                reply.append(delta)
                finish = delta.finish or finish
        return finish

    def _prepared(self, choice: Choice) -> tuple[Provider, int | None]:
        """The provider, and how much its model reads. Blocks when an SDK has to be imported first."""
        return self._providers.get(choice.provider), self._providers.context_tokens(choice)

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


def _check(text: str) -> None:
    if not text.strip():
        raise InvalidMessage
    if len(text) > LONGEST_MESSAGE:
        raise InvalidMessage(f"This message is {len(text):,} characters long; {LONGEST_MESSAGE:,} is the most.")


def _write_turn(
    memory: ConversationMemory,
    conversation_id: str,
    is_new: bool,
    instead_of: str | None,
    text: str,
    choice: Choice,
) -> tuple[Sequence[StoredMessage], StoredMessage]:
    """Put the message and its empty answer on disk; returns the conversation up to the message, and the answer."""
    with memory.one_write():
        if is_new:
            memory.create_conversation(conversation_id=conversation_id)
        if instead_of:
            memory.remove_from(conversation_id, instead_of)
        memory.add_message(conversation_id, "user", text)
        history = memory.get_messages(conversation_id, limit=None)
        details = {"status": "running", "provider": choice.provider, "model": choice.model}
        return history, memory.add_message(conversation_id, "assistant", "", **details)


@asynccontextmanager
async def _checkpoints(reply: Reply, memory: ConversationMemory) -> AsyncIterator[None]:
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
