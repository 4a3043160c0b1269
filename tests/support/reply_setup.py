"""Real replies over a real store and real providers, as one session uses them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from chatbot.providers import ProviderPool
from chatbot.replies.limits import Limits
from chatbot.replies.message_queue import MessageQueue
from chatbot.replies.replies import Replies
from chatbot.replies.reply import Reply
from chatbot.replies.single_call import SingleCalls
from chatbot.replies.summarizing import Summarizing
from chatbot.settings import Settings
from chatbot.storage import ConversationMemory, open_store
from chatbot.storage.quotas import Quotas
from chatbot.types import ModelChoice, Options, ProviderName, StoredMessage

SESSION = "the-session"


class ReplySetup:
    """Store, providers and replies of one app; SESSION is the usual session id."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.chatbot_data_dir / "sessions" / SESSION
        quotas = Quotas(settings.chatbot_most_sessions, settings.chatbot_most_conversations)
        self._store = open_store(settings, quotas)
        self.providers = ProviderPool(settings)
        self.memory = self._store.memory(SESSION)
        per_minute, daily_tokens = settings.chatbot_messages_per_minute, settings.chatbot_daily_tokens
        limits = Limits(per_minute, daily_tokens, self._store.backend.token_counter(), settings.longest_answer())
        self.replies = Replies(self._store, self.providers, settings.chatbot_reply_seconds, limits)
        self.queue = MessageQueue(self._store, self.replies)
        calls = SingleCalls(self.providers, limits, settings.chatbot_reply_seconds)
        self.summarizing = Summarizing(self._store, calls)

    async def say(
        self,
        text: str,
        conversation_id: str | None = None,
        *,
        provider: ProviderName = "compatible",
        model: str = "any-model",
        edited: str | None = None,
        key: str | None = None,
        session_id: str = SESSION,
        address: str = "",
        files: Sequence[str] = (),
        **options: Any,
    ) -> Reply:
        """Sends a message and returns its running reply."""
        defaults: dict[str, Any] = {"system_prompt": "Be brief.", "max_tokens": 100, "history_limit": 20}
        chosen = Options(ModelChoice(provider, model), **defaults | options)
        secret = SecretStr(key) if key else None
        return await self.replies.start(
            session_id,
            text,
            chosen,
            conversation_id=conversation_id,
            edited=edited,
            key=secret,
            address=address,
            files=files,
        )

    def session(self, session_id: str) -> ConversationMemory:
        """The memory of another session."""
        return self._store.memory(session_id)

    async def answer(self, text: str, conversation_id: str | None = None, **choices: Any) -> tuple[str, StoredMessage]:
        """Sends a message and waits; returns the conversation id and the answer as it is on disk."""
        reply = await self.say(text, conversation_id, **choices)
        await wait_for_end(reply)
        return reply.conversation_id, self.on_disk(reply.conversation_id)[-1]

    async def stop(self, reply: Reply) -> bool:
        """Stops the answer as its visitor would; returns whether it was running."""
        return await self.replies.stop(reply.session_id, reply.conversation_id)

    def on_disk(self, conversation_id: str) -> list[StoredMessage]:
        """Reads the conversation as another process would."""
        return ConversationMemory(self._store.backend.folder(SESSION)).get_messages(conversation_id)

    def files(self) -> bytes:
        """Reads all JSON files of the session."""
        return b"".join(path.read_bytes() for path in sorted(self.path.glob("*.json")))

    async def close(self) -> None:
        """Stops the replies and closes the providers and the store."""
        await self.replies.shutdown()
        await self.providers.aclose()
        self._store.close()


async def wait_for_end(reply: Reply) -> None:
    """Waits until the answer has ended; fails after a minute, which no busy machine takes."""
    await asyncio.wait_for(reply.ended.wait(), 60)


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Waits until the condition is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition stayed false"
        await asyncio.sleep(0.005)


@contextmanager
def slow_disk(memory: ConversationMemory) -> Iterator[None]:
    """Holds the session's lock inside, so that its writes wait until the end."""
    locked, released = threading.Event(), threading.Event()

    def hold_lock() -> None:
        with memory.transaction("another"):
            locked.set()
            released.wait()

    thread = threading.Thread(target=hold_lock)
    thread.start()
    locked.wait()
    try:
        yield
    finally:
        released.set()
        thread.join()


@contextmanager
def full_disk(replies_setup: ReplySetup) -> Iterator[None]:
    """Makes every write of the session fail inside: a directory has the name of its draft file."""
    obstacle = replies_setup.path / "draft"
    obstacle.mkdir(parents=True)
    try:
        yield
    finally:
        obstacle.rmdir()
