"""The providers' model lists: fetched in the background, cached for ten minutes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from chatbot.errors import ChatbotError
from chatbot.providers.base import LIST_SECONDS, Provider
from chatbot.providers.model_profiles import chat_models
from chatbot.types import ModelChoice, ModelProfile, ProviderName

log = logging.getLogger(__name__)

FRESH_SECONDS = 600.0
"""How long a list is cached: a model that somebody pulls on their own server appears with the next look after that."""
PAUSE_SECONDS = 60.0
"""The least time between two requests to a provider that gave no list."""

ListState = Literal["loading", "listed", "empty", "failed"]
"""What became of a provider's list."""


class ModelLists:
    """Caches what the providers list. `open_provider` opens one."""

    def __init__(self, open_provider: Callable[[ProviderName], Awaitable[Provider]]) -> None:
        self._open = open_provider
        self._found: dict[ProviderName, dict[str, ModelProfile]] = {}
        self._due: dict[ProviderName, float] = {}
        """When to ask again, by the monotonic clock."""
        self._tasks: dict[ProviderName, asyncio.Task[None]] = {}
        """The requests that are under way."""
        self._empty: set[ProviderName] = set()
        """The providers that listed no model when they were asked last."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def ids(self, name: ProviderName) -> list[str]:
        """The models that the provider listed last; empty if it never did. An old list is asked for again in the
        background. Any thread may call it."""
        if self._loop and self._due.get(name, 0) < time.monotonic():
            self._loop.call_soon_threadsafe(self._refresh_if_due, name)
        return list(self._found.get(name, ()))

    def state(self, name: ProviderName) -> ListState:
        """What became of the provider's list; "loading" also before it was asked for."""
        if name in self._found:
            return "listed"
        if name in self._tasks or name not in self._due:
            return "loading"
        return "empty" if name in self._empty else "failed"

    def profile(self, choice: ModelChoice) -> ModelProfile:
        """What the provider's list says of the model; only its name if it is not listed."""
        return self._found.get(choice.provider, {}).get(choice.model) or ModelProfile(choice.model)

    async def wait(self, name: ProviderName) -> None:
        """Waits for the provider's list if none is known, LIST_SECONDS at most. Does not ask again within PAUSE_SECONDS
        of a request that failed. Never raises."""
        self._loop = asyncio.get_running_loop()
        if name not in self._found:
            self._refresh_if_due(name)
        if task := self._tasks.get(name):
            await asyncio.wait([task])

    async def refresh(self, name: ProviderName) -> None:
        """Asks the provider for its list, unless that is under way, and waits for it. Never raises: without an answer
        the last list stays."""
        self._loop = asyncio.get_running_loop()
        if name not in self._tasks:
            self._start_refresh(name)
        await asyncio.wait([self._tasks[name]])

    async def aclose(self) -> None:
        """Cancels the requests that are under way."""
        self._loop = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refresh_if_due(self, name: ProviderName) -> None:
        if self._loop and self._due.get(name, 0) < time.monotonic():
            self._start_refresh(name)

    def _start_refresh(self, name: ProviderName) -> None:
        self._due[name] = time.monotonic() + PAUSE_SECONDS
        task = self._tasks[name] = asyncio.create_task(self._fetch(name))
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _fetch(self, name: ProviderName) -> None:
        try:
            models = await asyncio.wait_for(fetch_models(name, await self._open(name)), LIST_SECONDS)
        except (ChatbotError, TimeoutError) as error:
            log.info("models: %s gave no list (%s)", name, type(error).__name__)
            return
        self._due[name] = time.monotonic() + FRESH_SECONDS
        (self._empty.discard if models else self._empty.add)(name)
        if models:
            self._found[name] = {model.id: model for model in models}


async def fetch_models(name: ProviderName, provider: Provider) -> list[ModelProfile]:
    """The models of the provider's list that can chat."""
    return chat_models(name, await provider.models())
