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
from chatbot.replies.replies import Replies
from chatbot.replies.reply import Reply
from chatbot.settings import Settings
from chatbot.storage import ConversationMemory, Store
from chatbot.storage.quotas import Quotas
from chatbot.types import ModelChoice, Options, ProviderName, StoredMessage

SESSION = "the-session"


class ReplySetup:
    """Everything that an answer needs, from start to `close`."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.chatbot_data_dir / "sessions" / SESSION
        room = Quotas(settings.chatbot_most_sessions, settings.chatbot_most_conversations)
        self._store = Store(settings.chatbot_data_dir, room)
        self.providers = ProviderPool(settings)
        self.memory = self._store.memory(SESSION)
        per_minute, daily_tokens = settings.chatbot_messages_per_minute, settings.chatbot_daily_tokens
        path = settings.chatbot_data_dir / "spending.json"
        limits = Limits(per_minute, daily_tokens, path, settings.longest_answer())
        self.replies = Replies(self._store, self.providers, settings.chatbot_reply_seconds, limits)

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
        """Say something and see the answer begin."""
        usual: dict[str, Any] = {"system_prompt": "Be brief.", "max_tokens": 100, "history_limit": 20}
        chosen = Options(ModelChoice(provider, model), **usual | options)
        secret = SecretStr(key) if key else None
        where: dict[str, Any] = {"conversation_id": conversation_id, "edited": edited, "address": address}
        return await self.replies.start(session_id, text, chosen, key=secret, files=files, **where)

    async def answer(self, text: str, conversation_id: str | None = None, **choices: Any) -> tuple[str, StoredMessage]:
        """Say something and wait; returns the conversation and its last message as it is on disk."""
        reply = await self.say(text, conversation_id, **choices)
        await wait_for_end(reply)
        return reply.conversation_id, self.on_disk(reply.conversation_id)[-1]

    async def stop(self, reply: Reply) -> bool:
        """Stop the answer as its visitor would."""
        return await self.replies.stop(reply.session_id, reply.conversation_id)

    def on_disk(self, conversation_id: str) -> list[StoredMessage]:
        """The conversation as another process would read it."""
        return ConversationMemory(self.path).get_messages(conversation_id)

    def files(self) -> bytes:
        """All that is on disk of the session."""
        return b"".join(path.read_bytes() for path in sorted(self.path.glob("*.json")))

    async def close(self) -> None:
        """End what runs, and let the directory go."""
        await self.replies.shutdown()
        await self.providers.aclose()
        self._store.close()


async def wait_for_end(reply: Reply) -> None:
    """Waits until the answer has ended; fails after 10 seconds."""
    await asyncio.wait_for(reply.ended.wait(), 10)


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Until it is so; fails where it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)


@contextmanager
def slow_disk(memory: ConversationMemory) -> Iterator[None]:
    """Inside, nothing of the session gets to the disk; afterwards everything does."""
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        with memory.transaction("another"):
            begun.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def full_disk(replies_setup: ReplySetup) -> Iterator[None]:
    """Inside, no write of the session succeeds: something else has the name of its draft."""
    obstacle = replies_setup.path / "draft"
    obstacle.mkdir(parents=True)
    try:
        yield
    finally:
        obstacle.rmdir()
