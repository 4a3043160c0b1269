"""The local models as a provider: the OpenAI protocol, spoken to the server inside this process."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from chatbot.errors import ModelNotLoaded, UnknownModel
from chatbot.providers.base import FIRST_SECONDS
from chatbot.providers.local.llama_server import Endpoint, LlamaServer, escape_control_tokens
from chatbot.providers.local.local_models import LocalModels
from chatbot.providers.local.repetition import RepetitionGuard
from chatbot.types import Delta, Finish, Message, ModelProfile, Request, SentAttachment

if TYPE_CHECKING:
    from chatbot.providers.local.client import LocalClient


class LocalProvider:
    """Completes with one of `local_models`; the first stream waits until it is loaded. `first_seconds` is as for
    WireProvider."""

    def __init__(self, label: str, local_models: LocalModels, *, first_seconds: float = FIRST_SECONDS) -> None:
        self.label = label
        self.local_models = local_models
        self._first_seconds = first_seconds
        self._client: LocalClient | None = None

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion piece by piece. Raises UnknownModel, ModelNotLoaded, and what the OpenAI provider
        raises."""
        guard = RepetitionGuard()
        async with self.local_models.use(request.model) as server:
            client = await self._connect(server)
            endpoint = client.endpoint
            async with aclosing(client.stream(_escape(request, endpoint))) as deltas:
                async for delta in deltas:
                    yield delta
                    if endpoint.is_demo and guard.is_repeating(delta.text):
                        yield Delta(finish=Finish("stop"))
                        return

    async def models(self) -> list[ModelProfile]:
        """The models that can be chosen."""
        return [await asyncio.to_thread(self.local_models.profile, name) for name in self.local_models.names]

    async def aclose(self) -> None:
        """Closes the connections. The model itself is closed by whoever started it."""
        if self._client:
            await self._client.aclose()

    async def warm_up(self, model: str) -> None:
        """Loads the model and the SDK before the first answer needs them. Never raises: that answer will."""
        with suppress(ModelNotLoaded, UnknownModel):
            async with self.local_models.use(model) as server:
                await self._connect(server)

    async def _connect(self, server: LlamaServer) -> "LocalClient":
        """The client of the loaded model. That of another model is closed: no answer uses it any more."""
        server.start()
        await asyncio.to_thread(import_module, "chatbot.providers.openai")  # half a second, the first time
        endpoint = await server.endpoint()
        if self._client is None or self._client.endpoint != endpoint:
            from chatbot.providers.local.client import LocalClient  # noqa: PLC0415

            await self.aclose()
            self._client = LocalClient(self.label, endpoint, self._first_seconds)
        return self._client


def _escape(request: Request, endpoint: Endpoint) -> Request:
    """The request without control tokens in anything that a visitor wrote, file names, notes and summaries included."""
    escape = partial(escape_control_tokens, tokens=endpoint.control_tokens)
    files = {name: replace(file, text=escape(file.text)) for name, file in request.files.items()}
    messages = tuple(_escape_message(message, escape) for message in request.messages)
    return replace(request, messages=messages, system_prompt=escape(request.system_prompt), files=files)


def _escape_message(message: Message, escape: Callable[[str], str]) -> Message:
    def escaped(sent: SentAttachment) -> SentAttachment:
        name = escape(sent.attachment.name)
        return replace(sent, attachment=replace(sent.attachment, name=name))

    content = escape(message.content)
    return replace(message, content=content, attachments=tuple(map(escaped, message.attachments)))
