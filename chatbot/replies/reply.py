"""Reply: one answer under way. One task appends to it; whoever watches it owns nothing."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from chatbot.errors import ChatbotError, ProviderError, ProviderTimeout, StreamCutOff
from chatbot.types import Delta, Fault, Finish, FinishReason, SentContext, Status, StoredMessage, Timing, Usage


@dataclass(frozen=True, slots=True)
class Chunk:
    """What an answer grew by: text or reasoning. `end` is how many characters of text there are with it."""

    end: int
    text: str = ""
    reasoning: str = ""


class Reply:
    """The answer to one message, growing until it has ended.

    `answer` is the message as it was stored, still empty, before the model was asked.
    """

    def __init__(self, session_id: str, conversation_id: str, answer: StoredMessage) -> None:
        self.session_id = session_id
        self.conversation_id = conversation_id
        self.error: ChatbotError | None = None
        self.ended = asyncio.Event()
        """Set when the whole answer is on disk and the conversation is free for the next message."""
        self._answer = answer
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._version = 0
        self._watchers: list[asyncio.Future[None]] = []
        self._began = time.perf_counter()
        self._first_text_ms: int | None = None
        self._first_thought_ms: int | None = None
        self._stopped: FinishReason | None = None
        self._limit: asyncio.Timeout | None = None

    def append(self, delta: Delta) -> None:
        """Add the next piece. This runs for every token, so it does next to nothing."""
        if delta.text:
            if not self._text:
                self._first_text_ms = self._elapsed_ms()
            self._text.append(delta.text)
        elif delta.reasoning:
            if not self._reasoning:
                self._first_thought_ms = self._elapsed_ms()
            self._reasoning.append(delta.reasoning)
        else:
            return
        self._version += 1
        if self._watchers:
            self._wake()

    @asynccontextmanager
    async def time_limit(self, seconds: float) -> AsyncIterator[None]:
        """Where the model is asked: raises TimeoutError after `seconds`, and as soon as `stop` is called."""
        try:
            async with asyncio.timeout(seconds) as self._limit:
                if self._stopped:
                    raise TimeoutError
                yield
        finally:
            self._limit = None

    def stop(self, reason: FinishReason = "stopped") -> None:
        """End the answer with what it has so far, which closes the provider's stream. `ended` tells when."""
        self._stopped = self._stopped or reason
        if self._limit and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    def finish(self, finish: Finish | None, error: ChatbotError | None) -> StoredMessage:
        """Settle how the answer went; returns it as it is to be stored."""
        if self._stopped and isinstance(error, ProviderError):
            error = None
        self.error = error
        self._answer = replace(
            self.snapshot(),
            status=self._status(finish),
            finish_reason=self._stopped or (finish.reason if finish else "interrupted"),
            usage=finish.usage if finish else self._answer.usage,
            timing=self._timing(),
            fault=Fault(error.code, str(error), error.retryable, error.retry_after) if error else None,
        )
        return self._answer

    def charge(self, usage: Usage, cost: float | None, seen: SentContext | None) -> StoredMessage:
        """Write down what the answer took, in tokens and US dollars, and what the model was sent; returns it as it is
        to be stored."""
        self._answer = replace(self._answer, usage=usage, cost=cost, seen=seen)
        return self._answer

    def end(self) -> None:
        """Tell those who watch that nothing more will come."""
        self.ended.set()
        self._wake()

    def log_fields(self) -> dict[str, Any]:
        """What there is to say of the answer without its text, for the log."""
        answer = self._answer
        return {
            "session": self.session_id,
            "conversation": self.conversation_id,
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
        """The answer as it stands now."""
        return replace(self._answer, content="".join(self._text), reasoning="".join(self._reasoning))

    async def snapshots(
        self, update_interval: Callable[[], float], begun_within: float | None = None
    ) -> AsyncGenerator[StoredMessage]:
        """The answer as it stands, again and again: with the first token at once, then as it grows but no oftener
        than every `interval()` seconds, and whole, without delay, when it has ended. With `begun_within`, in seconds,
        the first comes by then, even if it is still empty."""
        seen = 0
        if begun_within is not None and not self._version:
            await self._change(begun_within)
            if not self._version and not self.ended.is_set():
                yield self.snapshot()
        while not self.ended.is_set():
            if self._version > seen:
                seen = self._version
                yield self.snapshot()
                await self._pause(update_interval())
            else:
                await self._change()
        yield self.snapshot()

    async def chunks(self, after: int | None = None) -> AsyncGenerator[Chunk]:
        """What the answer grows by, until it has ended: from its start, or, with `after`, the text beyond that many
        characters. What has come since the last piece comes as one, so a slow watcher costs no more than a fast one."""
        thoughts = 0 if after is None else len(self._reasoning)
        words = end = 0
        known = after or 0
        while True:
            if len(self._reasoning) > thoughts:
                reasoning, thoughts = "".join(self._reasoning[thoughts:]), len(self._reasoning)
                yield Chunk(end, reasoning=reasoning)
            elif len(self._text) > words:
                text, words = "".join(self._text[words:]), len(self._text)
                end += len(text)
                if end > known:
                    yield Chunk(end, text=text[-(end - known) :])
                    known = end
            elif self.ended.is_set():
                return
            else:
                await self._change()

    async def _change(self, seconds: float | None = None) -> None:
        """Wait until the answer grows or ends, no longer than `seconds`."""
        watcher = asyncio.get_running_loop().create_future()
        self._watchers.append(watcher)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await watcher

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended.wait()

    def _wake(self) -> None:
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        self._watchers.clear()

    def _status(self, finish: Finish | None) -> Status:
        """Cut off, or stopped by somebody: interrupted. What a provider says went wrong, or no word at all: failed."""
        if finish and not self.error and not self._stopped:
            return "complete"
        cut = self._stopped or (isinstance(self.error, StreamCutOff | ProviderTimeout) and self._text)
        return "interrupted" if cut else "failed"

    def _timing(self) -> Timing:
        now, text, thought = self._elapsed_ms(), self._first_text_ms, self._first_thought_ms
        first = min((each for each in (text, thought) if each is not None), default=None)
        return Timing(first, now, None if thought is None else max(0, (now if text is None else text) - thought))

    def _elapsed_ms(self) -> int:
        return round((time.perf_counter() - self._began) * 1000)
