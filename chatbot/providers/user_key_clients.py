"""Providers opened with a visitor's own key: a client for each use, so that the key is gone when the answer ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from chatbot.providers.base import Provider
from chatbot.types import Delta, ModelProfile, Request


class UserKeyProvider:
    """Opens a client with `connect` for each stream and each list, and closes it afterwards.

    Keeping it would save a TLS handshake a message, and keep the key for as long.
    """

    def __init__(self, label: str, connect: Callable[[], Provider]) -> None:
        self.label = label
        self._connect = connect

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion as the provider does."""
        async with self._client() as provider, aclosing(provider.stream(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def models(self) -> list[ModelProfile]:
        """The models that the key may use."""
        async with self._client() as provider:
            return await provider.models()

    async def aclose(self) -> None:
        """Nothing stays open."""

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Provider]:
        provider = await asyncio.to_thread(self._connect)  # reads the system's certificates for 20 ms
        try:
            yield provider
        finally:
            await provider.aclose()
