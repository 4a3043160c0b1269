"""Reply: one running answer. One task appends to it; any number of watchers may come and leave."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from chatbot.errors import ChatbotError, ProviderError
from chatbot.types import (
    Delta,
    Fault,
    Finish,
    FinishReason,
    SentContext,
    SentMemory,
    Status,
    StoredMessage,
    Timing,
    Usage,
)

WAITING_SECONDS = 5.0
"""Between two snapshots of an answer that is still empty: its watcher may say for how long it has been waiting."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of text or reasoning. `end` is how many characters of text the answer has with it."""

    end: int
    text: str = ""
    reasoning: str = ""


class Reply:
    """The answer to one message. `answer` is the message as it was stored before the model was asked: empty, or what
    came of it earlier, with which it goes on. `is_temporary`: nothing of its conversation is logged."""

    def __init__(
        self, session_id: str, conversation_id: str, answer: StoredMessage, *, is_temporary: bool = False
    ) -> None:
        self.session_id = session_id
        self.conversation_id = conversation_id
        self.error: ChatbotError | None = None
        self.ended = asyncio.Event()
        """Set when the whole answer is stored and the conversation is free for the next message."""
        self.holds_queue = False
        """Whether it is ended for another answer: what waits for the end waits on."""
        self._begun = self._answer = answer
        self._is_temporary = is_temporary
        self._text = [answer.content] if answer.content else []
        self._reasoning = [answer.reasoning] if answer.reasoning else []
        self._version = 0
        self._watchers: list[asyncio.Future[None]] = []
        self._started = time.perf_counter()
        self._first_text_ms: int | None = None
        self._first_reasoning_ms: int | None = None
        self._stop_reason: FinishReason | None = None
        self._timeout: asyncio.Timeout | None = None

    @property
    def elapsed_seconds(self) -> float:
        """Since the answer was started."""
        return time.perf_counter() - self._started

    def append(self, delta: Delta) -> None:
        """Adds a piece. This runs for every token, so it does next to nothing."""
        if delta.text:
            if self._first_text_ms is None:
                self._first_text_ms = self._elapsed_ms()
            self._text.append(delta.text)
        elif delta.reasoning:
            if self._first_reasoning_ms is None:
                self._first_reasoning_ms = self._elapsed_ms()
            self._reasoning.append(delta.reasoning)
        else:
            return
        self._version += 1
        if self._watchers:
            self._wake_watchers()

    @asynccontextmanager
    async def time_limit(self, seconds: float) -> AsyncIterator[None]:
        """Inside, raises TimeoutError after `seconds`, and as soon as `stop` is called."""
        try:
            async with asyncio.timeout(seconds) as self._timeout:
                if self._stop_reason:
                    raise TimeoutError
                yield
        finally:
            self._timeout = None

    def stop(self, reason: FinishReason = "stopped") -> None:
        """Ends the answer with the text that it has, and closes the provider's stream. `ended` is set afterwards."""
        self._stop_reason = self._stop_reason or reason
        if self._timeout and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())

    def finish(self, finish: Finish | None, error: ChatbotError | None) -> StoredMessage:
        """Sets how the answer ended; returns it for the store."""
        if self._stop_reason and isinstance(error, ProviderError):
            error = None
        self.error = error
        self._answer = replace(
            self.snapshot(),
            status=self._status(finish),
            finish_reason=self._stop_reason or (finish.reason if finish else "interrupted"),
            usage=finish.usage if finish else Usage(),
            timing=self._timing(),
            fault=Fault(error.code, error.text.as_json(), error.retryable, error.retry_after) if error else None,
        )
        return self._answer

    def set_account(
        self, usage: Usage, cost: float | None, sent: SentContext | None, memory: SentMemory | None
    ) -> StoredMessage:
        """Sets what the answer used, in tokens and US dollars, and what the model was sent; returns it for the store.
        What it had used before it went on is added."""
        if self._begun.content:
            usage, cost = usage + self._begun.usage, _sum(cost, self._begun.cost)
            if self._answer.content == self._begun.content:  # nothing came of what was sent
                sent, memory = self._begun.seen, self._begun.memory
        self._answer = replace(self._answer, usage=usage, cost=cost, seen=sent, memory=memory)
        return self._answer

    def new_part(self, answer: StoredMessage) -> StoredMessage:
        """The answer without what it went on from."""
        content, reasoning = answer.content[len(self._begun.content) :], answer.reasoning[len(self._begun.reasoning) :]
        return replace(answer, content=content, reasoning=reasoning)

    def take(self, stored: StoredMessage) -> None:
        """Takes over what another process has stored of this answer."""
        self.append(Delta(reasoning=stored.reasoning[sum(map(len, self._reasoning)) :]))
        self.append(Delta(text=stored.content[sum(map(len, self._text)) :]))
        self._answer = stored

    def end(self) -> None:
        """Tells the watchers that nothing more will come."""
        self.ended.set()
        self._wake_watchers()

    def log_extra(self, text: str) -> dict[str, Any]:
        """What a log line has besides its words, with a text of the conversation unless it is temporary."""
        return {"fields": self.log_fields()} | ({} if self._is_temporary else {"texts": {"text": text}})

    def log_fields(self) -> dict[str, Any]:
        """The answer without its text, for the log."""
        answer = self._answer
        return {
            "session": self.session_id,
            "conversation": "temporary" if self._is_temporary else self.conversation_id,
            "provider": answer.provider,
            "model": answer.model,
            "status": answer.status,
            "code": answer.fault and answer.fault.code,
            "finish": answer.finish_reason,
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
            "total_ms": answer.timing and answer.timing.total_ms,
        }

    def snapshot(self) -> StoredMessage:
        """The answer as it is now."""
        return replace(self._answer, content="".join(self._text), reasoning="".join(self._reasoning))

    async def snapshots(
        self, interval: Callable[[], float], first_within: float | None = None
    ) -> AsyncGenerator[StoredMessage]:
        """Yields snapshots: one with the first token, then at most one every `interval()` seconds while the answer
        grows, and the whole answer when it has ended. With `first_within`, the first comes after that many seconds even
        if it is empty, and others follow every WAITING_SECONDS until there is something."""
        seen, wait = 0, first_within
        while wait is not None and not self._version and not self.ended.is_set():
            await self._wait_for_change(wait)
            if not self._version and not self.ended.is_set():
                yield self.snapshot()
            wait = WAITING_SECONDS
        due = time.perf_counter()
        while not self.ended.is_set():
            if self._version == seen:
                await self._wait_for_change()
            elif (early := due - time.perf_counter()) > 0:
                await self._pause(early)
            else:
                seen, due = self._version, time.perf_counter() + interval()
                yield self.snapshot()
        yield self.snapshot()

    async def chunks(self, after: int | None = None) -> AsyncGenerator[Chunk]:
        """Yields what the answer grows by until it has ended: from its start or, with `after`, the text beyond that
        many characters. What came since the last chunk is one chunk, so a slow watcher costs no more than a fast
        one."""
        reasoning_parts = 0 if after is None else len(self._reasoning)
        text_parts = end = 0
        sent = after or 0
        while True:
            if len(self._reasoning) > reasoning_parts:
                reasoning, reasoning_parts = "".join(self._reasoning[reasoning_parts:]), len(self._reasoning)
                yield Chunk(end, reasoning=reasoning)
            elif len(self._text) > text_parts:
                text, text_parts = "".join(self._text[text_parts:]), len(self._text)
                end += len(text)
                if end > sent:
                    yield Chunk(end, text=text[-(end - sent) :])
                    sent = end
            elif self.ended.is_set():
                return
            else:
                await self._wait_for_change()

    async def _wait_for_change(self, seconds: float | None = None) -> None:
        """Waits until the answer grows or ends, at most `seconds`."""
        watcher = asyncio.get_running_loop().create_future()
        self._watchers.append(watcher)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await watcher

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended.wait()

    def _wake_watchers(self) -> None:
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        self._watchers.clear()

    def _status(self, finish: Finish | None) -> Status:
        """Interrupted: stopped, paused, or ended by an error with some text, which counts as said. Failed: no text
        came."""
        if finish and finish.reason != "paused" and not self.error and not self._stop_reason:
            return "complete"
        return "interrupted" if self._stop_reason or self._text else "failed"

    def _timing(self) -> Timing:
        now, text, reasoning = self._elapsed_ms(), self._first_text_ms, self._first_reasoning_ms
        first = min((each for each in (text, reasoning) if each is not None), default=None)
        reasoned = None if reasoning is None else max(0, (now if text is None else text) - reasoning)
        if before := self._begun.timing:
            return Timing(before.first_token_ms, before.total_ms + now, before.reasoning_ms or reasoned)
        return Timing(first, now, reasoned)

    def _elapsed_ms(self) -> int:
        return round(self.elapsed_seconds * 1000)


def _sum(cost: float | None, other: float | None) -> float | None:
    return None if cost is None or other is None else cost + other
