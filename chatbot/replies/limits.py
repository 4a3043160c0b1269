"""Rate limits, and the daily token budget of the operator's keys."""

import math
import threading
import time
from pathlib import Path

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chatbot.errors import DailyLimitReached, InvalidMessage, TooManyAnswers, TooManyMessages
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
    `max_answer_tokens`, and `daily_tokens` over all visitors, counted in the file at `path`. 0: no limit."""

    def __init__(self, per_minute: int, daily_tokens: int, path: Path, max_answer_tokens: int = 0) -> None:
        self._rate = RateLimit(per_minute)
        self._max_answer_tokens = max_answer_tokens
        self._budget = _DailyBudget(daily_tokens, TokenCounter(path))

    @property
    def has_budget(self) -> bool:
        """Whether tokens are counted."""
        return self._budget.tokens > 0

    def admit(self, session_id: str, address: str, running: int, max_tokens: int, *, is_billed: bool) -> "Reservation":
        """Admits one message and returns its token reservation. `running` are the session's running answers,
        `max_tokens` is the longest answer, and `is_billed`: the operator's key pays for it.

        Raises InvalidMessage, TooManyAnswers, TooManyMessages and DailyLimitReached, and then counts nothing; OSError
        if the disk refuses.
        """
        if is_billed and self._max_answer_tokens and max_tokens > self._max_answer_tokens:
            raise InvalidMessage("max_tokens_limit", number=self._max_answer_tokens)
        if running >= MAX_RUNNING_ANSWERS:
            raise TooManyAnswers
        self._rate.check(session_id, address)
        is_counted = is_billed and self.has_budget
        reservation = self._budget.reserve(max_tokens) if is_counted else Reservation(None)
        self._rate.count(session_id, address)
        return reservation


class _DailyBudget:
    """Daily token budget (0: unlimited): spent plus reserved."""

    def __init__(self, tokens: int, counter: TokenCounter) -> None:
        self.tokens = tokens
        self._counter = counter
        self._reserved = 0
        self._lock = threading.Lock()

    def reserve(self, tokens: int) -> "Reservation":
        """Reserves tokens for an answer. Raises DailyLimitReached if none are left."""
        spent = self._counter.today()
        if spent >= self.tokens:
            raise DailyLimitReached(retry_after=seconds_to_midnight())
        if spent + self._reserved >= self.tokens:
            raise DailyLimitReached("reserved", retry_after=RESERVED_RETRY_SECONDS)
        self.change_reserved(tokens)
        return Reservation(self, tokens)

    def change_reserved(self, tokens: int) -> None:
        """Reserves so many more, or fewer."""
        with self._lock:
            self._reserved += tokens

    def spend(self, tokens: int, reserved: int) -> None:
        """Counts tokens, and releases the reservation. If the disk refuses to count them, they stay reserved."""
        uncounted = tokens
        try:
            self._counter.add(tokens)
            uncounted = 0
        finally:
            self.change_reserved(uncounted - reserved)


class Reservation:
    """Tokens of the day's budget that are reserved for one answer, until it is settled."""

    def __init__(self, budget: _DailyBudget | None, tokens: int = 0) -> None:
        self._budget = budget
        self._tokens = tokens

    @property
    def is_counted(self) -> bool:
        return self._budget is not None

    def add(self, tokens: int) -> None:
        """Reserves so many more, for what the model is sent."""
        if self._budget:
            self._budget.change_reserved(tokens)
            self._tokens += tokens

    def settle(self, usage: Usage) -> None:
        """Counts what the answer used, once. Blocks for about a millisecond; raises OSError if the disk refuses."""
        if self._budget:
            self._budget.spend((usage.input_tokens or 0) + (usage.output_tokens or 0), self._tokens)
