"""The embedded model as a provider: the OpenAI protocol, spoken to the server inside this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from chatbot.errors import ModelNotLoaded
from chatbot.providers.local.llama_server import LlamaServer, escape_control_tokens
from chatbot.providers.model_profiles import Model
from chatbot.types import Delta, Request

if TYPE_CHECKING:
    from chatbot.providers.openai import OpenAIProvider


class LocalProvider:
    """Completes with `embedded`; the first stream waits until the model is loaded."""

    def __init__(self, label: str, embedded: LlamaServer) -> None:
        self.label = label
        self.embedded = embedded
        self._client: OpenAIProvider | None = None

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece. Raises ModelNotLoaded, and what the protocol's provider raises."""
        client = await self._connected()
        messages = tuple(
            replace(message, content=escape_control_tokens(message.content)) for message in request.messages
        )
        files = {name: replace(file, text=escape_control_tokens(file.text)) for name, file in request.files.items()}
        safe = replace(
            request, messages=messages, system_prompt=escape_control_tokens(request.system_prompt), files=files
        )
        async with aclosing(client.stream(safe)) as deltas:
            async for delta in deltas:
                yield delta

    async def models(self) -> list[Model]:
        """The one model."""
        return [Model(self.embedded.model, self.embedded.context_tokens)]

    async def aclose(self) -> None:
        """Close the connections. The model itself belongs to whoever started it."""
        if self._client:
            await self._client.aclose()

    async def warm_up(self) -> None:
        """Load the model and the SDK before the first answer needs them. Never raises: that answer will tell."""
        with suppress(ModelNotLoaded):
            await self._connected()

    async def _connected(self) -> "OpenAIProvider":
        self.embedded.start()
        await asyncio.to_thread(import_module, "chatbot.providers.openai")  # half a second, the first time
        endpoint = await self.embedded.endpoint()
        if self._client is None:
            from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

            self._client = OpenAIProvider(self.label, endpoint.api_key, endpoint.base_url)
        return self._client
