"""The local model as a provider: the OpenAI protocol, spoken to the server inside this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from chatbot.errors import ModelNotLoaded
from chatbot.providers.base import FIRST_SECONDS
from chatbot.providers.local.llama_server import LlamaServer, escape_control_tokens
from chatbot.providers.local.repetition import RepetitionGuard
from chatbot.types import Delta, Finish, Message, ModelProfile, Request, SentAttachment

if TYPE_CHECKING:
    from chatbot.providers.openai import OpenAIProvider


class LocalProvider:
    """Completes with `server`; the first stream waits until the model is loaded. `first_seconds` is as for
    WireProvider."""

    def __init__(self, label: str, server: LlamaServer, *, first_seconds: float = FIRST_SECONDS) -> None:
        self.label = label
        self.server = server
        self._first_seconds = first_seconds
        self._client: OpenAIProvider | None = None

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion piece by piece. Raises ModelNotLoaded, and what the OpenAI provider raises."""
        client, is_demo = await self._connect()
        guard = RepetitionGuard()
        async with aclosing(client.stream(_escape(request))) as deltas:
            async for delta in deltas:
                yield delta
                if is_demo and guard.is_repeating(delta.text):
                    yield Delta(finish=Finish("stop"))
                    return

    async def models(self) -> list[ModelProfile]:
        """The one model."""
        return [self.server.profile]

    async def aclose(self) -> None:
        """Closes the connections. The model itself is closed by whoever started it."""
        if self._client:
            await self._client.aclose()

    async def warm_up(self) -> None:
        """Loads the model and the SDK before the first answer needs them. Never raises: that answer will."""
        with suppress(ModelNotLoaded):
            await self._connect()

    async def _connect(self) -> tuple["OpenAIProvider", bool]:
        """The client, and whether it talks with the demo model."""
        self.server.start()
        await asyncio.to_thread(import_module, "chatbot.providers.openai")  # half a second, the first time
        endpoint = await self.server.endpoint()
        if self._client is None:
            from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

            self._client = OpenAIProvider(
                self.label, endpoint.api_key, endpoint.base_url, first_seconds=self._first_seconds
            )
        return self._client, endpoint.is_demo


def _escape(request: Request) -> Request:
    """The request without control tokens in anything that a visitor wrote, file names included."""
    files = {name: replace(file, text=escape_control_tokens(file.text)) for name, file in request.files.items()}
    messages = tuple(map(_escape_message, request.messages))
    prompt = escape_control_tokens(request.system_prompt)
    return replace(request, messages=messages, system_prompt=prompt, files=files)


def _escape_message(message: Message) -> Message:
    def escaped(sent: SentAttachment) -> SentAttachment:
        name = escape_control_tokens(sent.attachment.name)
        return replace(sent, attachment=replace(sent.attachment, name=name))

    content = escape_control_tokens(message.content)
    return replace(message, content=content, attachments=tuple(map(escaped, message.attachments)))
