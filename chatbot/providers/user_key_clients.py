"""Clients for the keys that visitors type: one for each key, for as long as it is used, and no longer."""

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager

from pydantic import SecretStr

from chatbot.providers.base import Provider
from chatbot.providers.model_profiles import Model
from chatbot.types import Delta, ProviderName, Request

IDLE_SECONDS = 600.0
"""How long a client is kept after its last use, and with it the key: the time to read an answer and ask on."""
MOST = 32
"""Clients that are kept; the one that was asked for longest ago makes room."""

Identity = tuple[ProviderName, str]


class UserKeyClient:
    """A provider that closes itself when nobody has used it for a while, and calls `forget`. `connect` opens it."""

    def __init__(self, connect: Callable[[], Provider], forget: Callable[["UserKeyClient"], None]) -> None:
        self._connect, self._forget = connect, forget
        self._provider: Provider | None = connect()
        self.label = self._provider.label
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece, as the provider gives it."""
        with self._in_use() as provider:
            async with aclosing(provider.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta

    async def models(self) -> list[Model]:
        """The models that this key may use."""
        with self._in_use() as provider:
            return await provider.models()

    async def aclose(self) -> None:
        """Close the connections now."""
        self._close()
        await asyncio.gather(*self._closing)

    def leave(self) -> None:
        """Be closed as soon as nobody uses it. May be called from any thread."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._wait, 0.0)
        else:  # it was never used, and has no connections
            self._forget(self)

    @contextmanager
    def _in_use(self) -> Iterator[Provider]:
        self._loop = asyncio.get_running_loop()
        self._provider = self._provider or self._connect()  # it may have been closed between being got and used
        self._users += 1
        try:
            yield self._provider
        finally:
            self._users -= 1
            self._wait(IDLE_SECONDS)

    def _wait(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if not self._users:  # whoever uses it now sets the timer anew
            self._close()

    def _close(self) -> None:
        self._forget(self)
        if self._timer:
            self._timer.cancel()
        provider, self._provider = self._provider, None
        if provider:
            task = asyncio.create_task(provider.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class UserKeyClients:
    """The providers that visitors use with keys of their own. `connect` opens one. For any thread."""

    def __init__(self, connect: Callable[[ProviderName, SecretStr], Provider]) -> None:
        self._connect = connect
        self._kept: OrderedDict[Identity, UserKeyClient] = OrderedDict()
        self._leaving: set[UserKeyClient] = set()
        """Those that made room while they were at work."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: ProviderName, key: SecretStr) -> Provider:
        """The provider for this key alone. Raises NoProvider where it takes none."""
        identity = name, hashlib.sha256(key.get_secret_value().encode("utf-8", "surrogatepass")).hexdigest()
        kept = self._kept.get(identity)
        if kept is None:  # opened without the lock: it may take a while, and the event loop needs that too
            kept = UserKeyClient(lambda: self._connect(name, key), self._forget)
        with self._lock:
            kept = self._kept.setdefault(identity, kept)
            self._kept.move_to_end(identity)
            oldest = self._kept.popitem(last=False)[1] if len(self._kept) > MOST else None
            if oldest:
                self._leaving.add(oldest)
        if oldest:
            oldest.leave()
        return kept

    async def aclose(self) -> None:
        """Close them all."""
        clients = [*self._kept.values(), *self._leaving]
        await asyncio.gather(*(client.aclose() for client in clients), return_exceptions=True)

    def _forget(self, client: UserKeyClient) -> None:
        with self._lock:
            self._leaving.discard(client)
            for identity in [identity for identity, kept in self._kept.items() if kept is client]:
                del self._kept[identity]
