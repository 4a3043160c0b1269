"""Throttles login attempts: so many wrong ones a minute from one address."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.errors import TooManyLogins
from chatbot.web.client_address import client_address
from chatbot.web.error_response import error_response

WRONG_PER_MINUTE = RateLimitItemPerMinute(20)
"""More than anybody mistypes; at this rate a million passwords take a month."""

LOGIN_PATH, WRONG_STATUS = "/login", HTTPStatus.BAD_REQUEST
"""Where Gradio takes the page's logins, and its answer to a wrong one."""


class LoginThrottle:
    """Counts wrong logins by address; right ones are not counted. `behind_proxy` is as `client_address` has it."""

    def __init__(self, behind_proxy: bool) -> None:
        self._behind_proxy = behind_proxy
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._pending: Counter[str] = Counter()

    def check(self, request: Request) -> None:
        """Raises TooManyLogins if the caller may not try now."""
        address = self._address(request)
        if not self._limiter.test(WRONG_PER_MINUTE, address, cost=1 + self._pending[address]):
            stats = self._limiter.get_window_stats(WRONG_PER_MINUTE, address)
            raise TooManyLogins(retry_after=max(1, math.ceil(stats.reset_time - time.time())))

    def count(self, request: Request) -> None:
        """Counts a wrong login."""
        self._limiter.hit(WRONG_PER_MINUTE, self._address(request))

    @contextmanager
    def attempt(self, request: Request) -> Iterator[None]:
        """Around a login that is not answered at once, so that parallel attempts get no further than serial ones.
        Raises TooManyLogins."""
        self.check(request)
        address = self._address(request)
        self._pending[address] += 1
        try:
            yield
        finally:
            self._pending[address] -= 1
            if not self._pending[address]:
                del self._pending[address]

    def _address(self, request: Request) -> str:
        return client_address(request, self._behind_proxy)


class LoginThrottleMiddleware:
    """Throttles the page's login; the API's authentication asks `throttle` itself."""

    def __init__(self, app: ASGIApp, throttle: LoginThrottle) -> None:
        self._app = app
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_login = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/") == LOGIN_PATH
        if not is_login:
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == WRONG_STATUS:
                self._throttle.count(request)
            await send(message)

        try:
            with self._throttle.attempt(request):
                await self._app(scope, receive, send_counted)
        except TooManyLogins as error:
            await error_response(error, request)(scope, receive, send)
