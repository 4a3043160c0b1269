"""The embedded model as a provider: the OpenAI protocol, spoken to the server inside this process."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from chatbot.messages import Delta, Request
from chatbot.providers.embedded import EmbeddedModel, defuse

if TYPE_CHECKING:
    from chatbot.providers.openai import OpenAIProvider


class LocalProvider:
    """Completes with `embedded`; the first stream waits until the model is loaded."""

    def __init__(self, label: str, embedded: EmbeddedModel) -> None:
        self.label = label
        self.embedded = embedded
        self._client: OpenAIProvider | None = None

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece. Raises ModelNotLoaded, and what the protocol's provider raises."""
        client = await self._connected()
        messages = tuple(replace(message, content=defuse(message.content)) for message in request.messages)
        safe = replace(request, messages=messages, system_prompt=defuse(request.system_prompt))
        async with aclosing(client.stream(safe)) as deltas:
            async for delta in deltas:
                yield delta

    async def models(self) -> list[str]:
        """The one model."""
        return [self.embedded.model]

    async def aclose(self) -> None:
        """Close the connections. The model itself belongs to whoever started it."""
        if self._client:
            await self._client.aclose()

    async def _connected(self) -> "OpenAIProvider":
        endpoint = await self.embedded.endpoint()
        if self._client is None:
            from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415 - the SDK loads with the first answer

            self._client = OpenAIProvider(self.label, endpoint.api_key, endpoint.base_url)
        return self._client
