"""Limits: how much anybody may ask for, so that a page in public costs its operator no more than was meant."""

import math
import time
from collections.abc import Callable
from pathlib import Path

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chatbot.errors import AllowanceSpent, InvalidMessage, TooManyAnswers, TooManyMessages
from chatbot.memory.spending import Spending, seconds_to_midnight
from chatbot.messages import Options, Usage

Settle = Callable[[Usage], None]
"""Is told what an answer took. Blocks for about a millisecond of disk work; raises OSError where the disk refuses."""

ANSWERS_AT_ONCE = 20
"""Answers that one session may have under way: more than anybody reads, fewer than would keep others waiting."""


class Limits:
    """Admits turns: `per_minute` messages for each session and each address; on the operator's keys answers of at most
    `longest_answer` tokens, and `daily_tokens` over all visitors, counted at `path`. 0 is no limit."""

    def __init__(self, per_minute: int, daily_tokens: int, path: Path, longest_answer: int = 0) -> None:
        self._rate: RateLimitItem | None = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._daily_tokens = daily_tokens
        self._longest_answer = longest_answer
        self._kept = 0
        """Tokens that the answers under way may still take."""
        self._spending = Spending(path)

    def admit(self, session_id: str, address: str, under_way: int, paid: Options | None) -> Settle:
        """Count a message of that session and address, of which so many answers are under way already; `paid` are its
        options where the operator's key pays for it. Call what is returned once, with what the answer took.

        Raises InvalidMessage, TooManyAnswers, TooManyMessages and AllowanceSpent, and then counts nothing.
        """
        if paid and self._longest_answer and paid.max_tokens > self._longest_answer:
            raise InvalidMessage(f"“Longest answer” can be {self._longest_answer:,} tokens at most here.")
        if under_way >= ANSWERS_AT_ONCE:
            raise TooManyAnswers
        asked = [("session", session_id), *([("address", address)] if address else [])] if self._rate else []
        if full := [each for each in asked if self._rate and not self._limiter.test(self._rate, *each)]:
            raise TooManyMessages(retry_after=max(map(self._seconds_to_wait, full)))
        settle = self._reserved(paid.max_tokens) if paid and self._daily_tokens else _nothing
        for each in asked:
            self._limiter.hit(self._rate, *each)  # type: ignore[arg-type]
        return settle

    def _seconds_to_wait(self, identity: tuple[str, str]) -> int:
        stats = self._limiter.get_window_stats(self._rate, *identity)  # type: ignore[arg-type]
        return max(1, math.ceil(stats.reset_time - time.time()))

    def _reserved(self, tokens: int) -> Settle:
        """Keep so many of today's tokens for an answer, until it is known what it took."""
        if self._spending.today() + self._kept >= self._daily_tokens:
            raise AllowanceSpent(retry_after=seconds_to_midnight())
        self._kept += tokens

        def settle(usage: Usage) -> None:
            self._kept -= tokens
            self._spending.add((usage.input_tokens or 0) + (usage.output_tokens or 0))

        return settle


def _nothing(_: Usage) -> None:
    """Settles what nobody counts."""
