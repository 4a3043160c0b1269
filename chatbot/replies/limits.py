"""Limits: how much anybody may ask for, so that a page in public costs its operator no more than was meant."""

import math
import threading
import time
from pathlib import Path

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chatbot.errors import DailyLimitReached, InvalidMessage, TooManyAnswers, TooManyMessages
from chatbot.storage.token_counter import TokenCounter, seconds_to_midnight
from chatbot.types import Options, Usage

KEPT = (
    "What is left of today's allowance for this app's own API keys is kept for answers that are being written. "
    "Wait a moment, then send this one again."
)
KEPT_SECONDS = 10
"""When to ask again then: answers take about as long."""

ANSWERS_AT_ONCE = 20
"""Answers that one session may have under way: more than anybody reads, fewer than would keep others waiting."""


class Limits:
    """Admits turns: `per_minute` messages for each session and each address; on the operator's keys answers of at most
    `longest_answer` tokens, and `daily_tokens` over all visitors, counted at `path`. 0 is no limit."""

    def __init__(self, per_minute: int, daily_tokens: int, path: Path, longest_answer: int = 0) -> None:
        self._rate: RateLimitItem | None = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._longest_answer = longest_answer
        self._allowance = _DailyBudget(daily_tokens, TokenCounter(path))

    def admit(self, session_id: str, address: str, under_way: int, paid: Options | None) -> "Reservation":
        """Count a message of that session and address, of which so many answers are under way already; `paid` are its
        options where the operator's key pays for it. Returns what is kept of the day's tokens for its answer.

        Raises InvalidMessage, TooManyAnswers, TooManyMessages and AllowanceSpent, and then counts nothing.
        """
        if paid and self._longest_answer and paid.max_tokens > self._longest_answer:
            raise InvalidMessage(f"“Longest answer” can be {self._longest_answer:,} tokens at most here.")
        if under_way >= ANSWERS_AT_ONCE:
            raise TooManyAnswers
        asked = [("session", session_id), *([("address", address)] if address else [])] if self._rate else []
        if full := [each for each in asked if self._rate and not self._limiter.test(self._rate, *each)]:
            raise TooManyMessages(retry_after=max(map(self._seconds_to_wait, full)))
        reservation = self._allowance.reserve(paid.max_tokens) if self.counts(paid) and paid else Reservation(None)
        for each in asked:
            self._limiter.hit(self._rate, *each)  # type: ignore[arg-type]
        return reservation

    def counts(self, paid: Options | None) -> bool:
        """Whether the answer's tokens count towards the day's."""
        return paid is not None and self._allowance.tokens > 0

    def _seconds_to_wait(self, identity: tuple[str, str]) -> int:
        stats = self._limiter.get_window_stats(self._rate, *identity)  # type: ignore[arg-type]
        return max(1, math.ceil(stats.reset_time - time.time()))


class _DailyBudget:
    """So many tokens a day, 0 without end: what of them is spent, and what is kept for answers under way."""

    def __init__(self, tokens: int, spending: TokenCounter) -> None:
        self.tokens = tokens
        self._spending = spending
        self._kept = 0
        self._lock = threading.Lock()

    def reserve(self, tokens: int) -> "Reservation":
        """Keep so many of today's for an answer. Raises AllowanceSpent where none is left."""
        spent = self._spending.today()
        if spent >= self.tokens:
            raise DailyLimitReached(retry_after=seconds_to_midnight())
        if spent + self._kept >= self.tokens:
            raise DailyLimitReached(KEPT, retry_after=KEPT_SECONDS)
        self.keep(tokens)
        return Reservation(self, tokens)

    def keep(self, tokens: int) -> None:
        """Keep so many more, or fewer."""
        with self._lock:
            self._kept += tokens

    def spend(self, tokens: int, kept: int) -> None:
        """So many were taken, for which so many were kept. Where the disk refuses to count them, they stay kept."""
        left = tokens
        try:
            self._spending.add(tokens)
            left = 0
        finally:
            self.keep(left - kept)


class Reservation:
    """What is kept of the day's tokens for one answer, until it has settled. Without an allowance nobody counts."""

    def __init__(self, allowance: _DailyBudget | None, tokens: int = 0) -> None:
        self._allowance = allowance
        self._tokens = tokens

    def add(self, tokens: int) -> None:
        """Keep so many more: those that the model is sent."""
        if self._allowance:
            self._allowance.keep(tokens)
            self._tokens += tokens

    def settle(self, usage: Usage) -> None:
        """Count what the answer took, once. Blocks for about a millisecond of disk work; raises OSError where the disk
        refuses."""
        if self._allowance:
            self._allowance.spend((usage.input_tokens or 0) + (usage.output_tokens or 0), self._tokens)
