"""The brake on guessing logins: so many wrong ones a minute from one address."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from chatbot.errors import ChatbotError
from chatbot.web.client_address import client_address

WRONG_A_MINUTE = RateLimitItemPerMinute(20)
"""More than anybody mistypes; at this rate a million passwords take a month."""


class TooManyLogins(ChatbotError):
    """There were so many wrong logins from an address that it may try none for a while."""

    code = "too_many_logins"
    status = 429
    retryable = True
    sentence = "There were too many wrong logins from your address. Wait a minute, then try again."


class LoginThrottle:
    """Counts wrong logins, by the addresses that they come from. A right one is never counted. `behind_proxy` as in
    `address_of`."""

    def __init__(self, behind_proxy: bool) -> None:
        self._behind_proxy = behind_proxy
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[str] = Counter()

    def check(self, request: Request) -> None:
        """Raises TooManyLogins where whoever asks may not try one now."""
        address = self._address(request)
        if not self._limiter.test(WRONG_A_MINUTE, address, cost=1 + self._under_way[address]):
            stats = self._limiter.get_window_stats(WRONG_A_MINUTE, address)
            raise TooManyLogins(retry_after=max(1, math.ceil(stats.reset_time - time.time())))

    def count(self, request: Request) -> None:
        """The login in that request was wrong."""
        self._limiter.hit(WRONG_A_MINUTE, self._address(request))

    @contextmanager
    def trying(self, request: Request) -> Iterator[None]:
        """Around a login that is not answered at once: begun all together, no more are let in than one after another.
        Raises TooManyLogins as `check` does."""
        self.check(request)
        address = self._address(request)
        self._under_way[address] += 1
        try:
            yield
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]

    def _address(self, request: Request) -> str:
        return client_address(request, self._behind_proxy)
