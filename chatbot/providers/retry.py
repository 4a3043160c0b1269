"""Retries a request once, after a short pause, and only before anything came. Nothing else in the app retries."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chatbot.errors import ProviderError, RateLimited, StreamCutOff, Unavailable
from chatbot.providers.base import Provider
from chatbot.types import Delta, Request

QUICK_SECONDS = 3.0
"""A failure that took longer is reported at once: the visitor has waited enough."""
MAX_RETRY_AFTER = 5.0
"""The longest Retry-After, in seconds, that is waited for; a longer one is reported."""
PAUSE_SECONDS = (0.25, 0.75)
"""The range of the pause, chosen at random so that requests which failed together do not come back together."""


async def stream_with_retry(provider: Provider, request: Request) -> AsyncGenerator[Delta]:
    """Yields `provider.stream(request)`, started once more if it failed quickly and may work now. Raises as it does."""
    started = time.monotonic()
    has_delta = False
    try:
        async with aclosing(provider.stream(request)) as deltas:
            async for delta in deltas:
                has_delta = True
                yield delta
            return
    except ProviderError as error:
        if has_delta or time.monotonic() - started > QUICK_SECONDS or not _is_temporary(error):
            raise
        pause = random.uniform(*PAUSE_SECONDS) + (error.retry_after or 0)  # noqa: S311 - no secret
    await asyncio.sleep(pause)
    async with aclosing(provider.stream(request)) as deltas:
        async for delta in deltas:
            yield delta


def _is_temporary(error: ProviderError) -> bool:
    """Whether the failure may be over in a moment."""
    if error.retry_after is not None and error.retry_after > MAX_RETRY_AFTER:
        return False
    if isinstance(error, RateLimited):
        return error.retry_after is not None
    return isinstance(error, Unavailable | StreamCutOff)
