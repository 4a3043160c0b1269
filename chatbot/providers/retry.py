"""The one place where a request is sent again: once, after a short pause, and only before anything came."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chatbot.errors import ProviderError, RateLimited, StreamCutOff, Unavailable
from chatbot.providers.base import Provider
from chatbot.types import Delta, Request

QUICK_SECONDS = 3.0
"""A failure that took longer is told at once: whoever waited so long wants to know."""
LONGEST_WAIT = 5.0
"""The most that a provider's Retry-After is waited for; a longer one is told, and the visitor decides."""
PAUSE_SECONDS = (0.25, 0.75)
"""Between the two, at random, so that those who failed together do not come back together."""


async def stream_with_retry(provider: Provider, request: Request) -> AsyncGenerator[Delta]:
    """`provider.stream(request)`, begun once more where it failed quickly and may well work now. Raises as it does."""
    began = time.monotonic()
    come = False
    try:
        async with aclosing(provider.stream(request)) as deltas:
            async for delta in deltas:
                come = True
                yield delta
            return
    except ProviderError as error:
        if come or time.monotonic() - began > QUICK_SECONDS or not _may_pass(error):
            raise
        pause = random.uniform(*PAUSE_SECONDS) + (error.retry_after or 0)  # noqa: S311 - no secret
    await asyncio.sleep(pause)
    async with aclosing(provider.stream(request)) as deltas:
        async for delta in deltas:
            yield delta


def _may_pass(error: ProviderError) -> bool:
    """Whether it may be over in a moment: a hiccup, or a limit that says so itself."""
    if error.retry_after is not None and error.retry_after > LONGEST_WAIT:
        return False
    if isinstance(error, RateLimited):
        return error.retry_after is not None
    return isinstance(error, Unavailable | StreamCutOff)
