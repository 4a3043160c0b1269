"""OpenAI's Chat Completions, the protocol of OpenAI, Hugging Face's router, Ollama, vLLM, llama.cpp and many more."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any, Literal, get_args

import httpx2
import openai
from openai import AsyncStream

from chatbot.attachments import attachment_text
from chatbot.errors import StreamCutOff, UnreadableAnswer
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.error_mapping import map_errors
from chatbot.providers.model_list_entries import parse_model_list
from chatbot.providers.think_tags import ThinkTagParser
from chatbot.providers.unsupported_parameters import UnsupportedParameters, send_supported
from chatbot.types import (
    Delta,
    FileContent,
    Finish,
    FinishReason,
    Message,
    ModelProfile,
    Request,
    SentAttachment,
    Usage,
)

OFFICIAL_URL = "https://api.openai.com/v1"
"""Explicit, so that OPENAI_BASE_URL in the environment never redirects a key that was not meant for it."""

FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}

FAILED = "error"
"""OpenRouter's finish reason for an answer whose model failed part-way: it counts as none."""

LengthParameter = Literal["max_tokens", "max_completion_tokens"]
LENGTH_PARAMETERS: tuple[LengthParameter, ...] = get_args(LengthParameter)

OPTIONAL = {"temperature": "temperature", "stream_options": "stream_options", "reasoning_effort": "effort"} | {
    name: name for name in LENGTH_PARAMETERS
}
"""Parameters that a request can do without, and the word for each in a refusal."""


class OpenAIProvider:
    """A server that speaks Chat Completions at `base_url`.

    `api_key` is always sent: without one, the SDK would send the OPENAI_API_KEY of the environment to whatever server
    this is. A parameter that a model refuses is left out and remembered for that model.
    """

    def __init__(
        self,
        label: str,
        api_key: str,
        base_url: str | None = None,
        *,
        length_parameter: LengthParameter = "max_tokens",
    ) -> None:
        self.label = label
        self._length_parameter = length_parameter
        self._unsupported = UnsupportedParameters()
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url or OFFICIAL_URL,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout, mounts=DIRECT),
        )
        # Nor do the other values in the environment for OpenAI go to whatever server this is.
        self._client.organization = self._client.project = None
        self._client._custom_headers = {}

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion piece by piece. Raises ProviderErrors."""
        reader = _ChunkReader()
        tags = ThinkTagParser()
        with map_errors(self.label, openai):
            answer = await self._start(request)
        with map_errors(self.label, openai, streaming=True):
            async with answer as chunks:
                async for chunk in chunks:
                    if delta := reader.read(chunk):
                        for piece in tags.parse(delta):
                            yield piece
        for piece in tags.flush(complete=reader.reason == "stop"):
            yield piece
        yield Delta(finish=reader.finish(self.label))

    async def models(self) -> list[ModelProfile]:
        """The server's models, in the server's order."""
        with map_errors(self.label, openai):
            # Not by the SDK's `models.list`, which finds nothing in a bare array and ends at an entry without an id.
            models = parse_model_list(
                await self._client.get("/models", cast_to=object, options={"timeout": LIST_SECONDS})
            )
        if models is None:
            raise UnreadableAnswer(self.label)
        return models

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _start(self, request: Request) -> AsyncStream[object]:
        # Base64 of many megabytes is made off the event loop.
        messages = await asyncio.to_thread(_messages, request) if request.files else _messages(request)
        parameters = partial(self._parameters, request, messages)
        return await send_supported(self._unsupported, request.model, OPTIONAL, parameters, self._create, openai)

    async def _create(self, **body: Any) -> AsyncStream[object]:
        """Does what the SDK's own `create` does, with chunks as plain JSON: making pydantic models of them took a third
        of an answer's CPU time."""
        post = self._client.post
        return await post("/chat/completions", body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object])

    def _parameters(self, request: Request, messages: list[dict[str, Any]]) -> dict[str, Any]:
        unsupported = self._unsupported.of(request.model)
        names = sorted(LENGTH_PARAMETERS, key=lambda name: name != self._length_parameter)
        length = next((name for name in names if name not in unsupported), "")
        optional = {
            "stream_options": {"include_usage": True},
            length: request.max_tokens,
            "temperature": request.temperature,
            "reasoning_effort": request.effort,
        }
        return {"model": request.model, "messages": messages, "stream": True} | {
            name: value for name, value in optional.items() if name and name not in unsupported and value is not None
        }


class _ChunkReader:
    """Reads the chunks of one stream, and remembers how it ended."""

    def __init__(self) -> None:
        self.reason: FinishReason | None = None
        self._usage: dict[str, Any] | None = None
        self._answered = self._declined = False

    def read(self, chunk: Any) -> Delta | None:
        """Returns what the chunk adds to the answer."""
        self._answered = True
        self._usage = chunk.get("usage") or self._usage
        if not (choices := chunk.get("choices")):
            return None
        choice = choices[0]
        finish_reason, delta = choice.get("finish_reason"), choice.get("delta")
        if finish_reason and finish_reason != FAILED:
            self.reason = "refusal" if self._declined else FINISH_REASONS.get(finish_reason, "stop")
        if not delta:
            return None
        self._declined = self._declined or bool(delta.get("refusal"))
        return _delta(delta)

    def finish(self, label: str) -> Finish:
        """How the stream ended. Raises CutOff or BadAnswer where it did not say."""
        if self.reason is None:
            raise StreamCutOff(label) if self._answered else UnreadableAnswer(label)
        if self._usage is None:
            return Finish(self.reason)
        details = self._usage.get("prompt_tokens_details") or {}
        usage = Usage(self._usage.get("prompt_tokens"), self._usage.get("completion_tokens"))
        return Finish(self.reason, usage, details.get("cached_tokens") or 0)


def _messages(request: Request) -> list[dict[str, Any]]:
    system = [{"role": "system", "content": request.system_prompt}] if request.system_prompt else []
    return [*system, *({"role": each.role, "content": _content(each, request.files)} for each in request.messages)]


def _content(message: Message, files: Mapping[str, FileContent]) -> str | list[dict[str, Any]]:
    """A message's text, after its attachments as content parts. Text alone is one string: not every server takes
    parts."""
    parts = [_part(each, files) for each in message.attachments]
    if message.content or not parts:
        parts.append({"type": "text", "text": message.content})
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _part(sent: SentAttachment, files: Mapping[str, FileContent]) -> dict[str, Any]:
    attachment, file = sent.attachment, files.get(sent.attachment.attachment_id)
    if sent.form != "whole" or file is None:
        return {"type": "text", "text": attachment_text(sent, files)}
    url = f"data:{attachment.media_type};base64,{b64encode(file.content).decode()}"
    if attachment.is_image:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": attachment.name, "file_data": url}}


def _delta(delta: dict[str, Any]) -> Delta | None:
    """What a chunk adds. The protocol has no reasoning; servers put it under one of two names."""
    if content := delta.get("content"):
        return Delta(text=content)
    reasoning = delta.get("reasoning_content") or delta.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        return Delta(reasoning=reasoning)
    return Delta(text=delta["refusal"]) if delta.get("refusal") else None
