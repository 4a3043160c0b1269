"""Rate limits, and the daily token budget of the operator's keys."""

import asyncio
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chatbot.errors import DailyLimitReached, InvalidMessage, StorageError, TooManyAnswers, TooManyMessages
from chatbot.storage.token_counter import TokenCounter, seconds_to_midnight
from chatbot.types import Usage

RESERVED_RETRY_SECONDS = 10
"""When to ask again if the rest of the budget is reserved: answers take about as long."""

MAX_RUNNING_ANSWERS = 20
"""Of one session: more than anybody reads, fewer than would hold up others."""


class RateLimit:
    """Admits `per_minute` requests from each session and each address; 0: any number."""

    def __init__(self, per_minute: int) -> None:
        self._rate: RateLimitItem | None = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, session_id: str, address: str) -> None:
        """Raises TooManyMessages if no request is admitted now. An empty address is not counted."""
        if self._rate:
            full = [key for key in _keys(session_id, address) if not self._limiter.test(self._rate, *key)]
            if full:
                stats = (self._limiter.get_window_stats(self._rate, *key) for key in full)
                wait = max(math.ceil(each.reset_time - time.time()) for each in stats)
                raise TooManyMessages(retry_after=max(1, wait))

    def count(self, session_id: str, address: str) -> None:
        """Counts one admitted request."""
        if self._rate:
            for key in _keys(session_id, address):
                self._limiter.hit(self._rate, *key)

    def admit(self, session_id: str, address: str) -> None:
        """Counts one request. Raises TooManyMessages, and then counts nothing."""
        self.check(session_id, address)
        self.count(session_id, address)


def _keys(session_id: str, address: str) -> list[tuple[str, str]]:
    return [("session", session_id), *([("address", address)] if address else [])]


class Limits:
    """Admits messages: `per_minute` from each session and each address; on the operator's keys, answers of at most
    `max_answer_tokens`, and `daily_tokens` over all visitors, as `counter` counts them. 0: no limit."""

    def __init__(self, per_minute: int, daily_tokens: int, counter: TokenCounter, max_answer_tokens: int = 0) -> None:
        self._rate = RateLimit(per_minute)
        self.max_answer_tokens = max_answer_tokens
        self._daily_tokens = daily_tokens
        self._counter = counter

    @property
    def has_budget(self) -> bool:
        """Whether tokens are counted."""
        return self._daily_tokens > 0

    async def admit(
        self, session_id: str, address: str, running: int, max_tokens: int, *, is_billed: bool
    ) -> "Reservation":
        """Admits one message and returns its token reservation. `running` are the session's running answers,
        `max_tokens` is the longest answer, and `is_billed`: the operator's key pays for it.

        Raises InvalidMessage, TooManyAnswers, TooManyMessages and DailyLimitReached, and then counts nothing;
        StorageError if the store refuses.
        """
        if is_billed and self.max_answer_tokens and max_tokens > self.max_answer_tokens:
            raise InvalidMessage("max_tokens_limit", number=self.max_answer_tokens)
        if running >= MAX_RUNNING_ANSWERS:
            raise TooManyAnswers
        self._rate.check(session_id, address)
        is_counted = is_billed and self.has_budget
        try:
            reservation = await asyncio.to_thread(self._reserve, max_tokens) if is_counted else Reservation(None)
        except OSError as error:
            raise StorageError from error
        self._rate.count(session_id, address)
        return reservation

    def _reserve(self, tokens: int) -> "Reservation":
        """Reserves tokens for an answer. Raises DailyLimitReached if none are left."""
        if self._counter.reserve(tokens, self._daily_tokens):
            return Reservation(self._counter, tokens)
        if self._counter.today() >= self._daily_tokens:
            raise DailyLimitReached(retry_after=seconds_to_midnight())
        raise DailyLimitReached("reserved", retry_after=RESERVED_RETRY_SECONDS)


class Reservation:
    """Tokens of the day's budget that are reserved for one answer, until it is settled. Methods block for about a
    millisecond, and raise OSError or StorageError if the store refuses."""

    def __init__(self, counter: TokenCounter | None, tokens: int = 0) -> None:
        self._counter = counter
        self._tokens = tokens

    @property
    def is_counted(self) -> bool:
        return self._counter is not None

    def add(self, tokens: int) -> None:
        """Reserves so many more, for what the model is sent."""
        if self._counter:
            self._counter.change_reserved(tokens)
            self._tokens += tokens

    def settle(self, usage: Usage) -> None:
        """Counts what the answer used, once."""
        if self._counter:
            self._counter.spend((usage.input_tokens or 0) + (usage.output_tokens or 0), self._tokens)
