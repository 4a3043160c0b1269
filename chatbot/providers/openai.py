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
from chatbot.providers.model_profiles import Model, parse_model_entry, writes_text
from chatbot.providers.think_tags import ThinkTagParser
from chatbot.providers.unsupported_parameters import UnsupportedParameters, send_supported
from chatbot.types import Delta, FileContent, Finish, FinishReason, Message, Request, SentAttachment, Usage

OFFICIAL_URL = "https://api.openai.com/v1"
"""Named, so that OPENAI_BASE_URL in the environment never moves a key that was not meant for it."""

FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}

BROKEN = "error"
"""OpenRouter's finish reason for an answer whose model failed on the way: as good as none."""

LengthParameter = Literal["max_tokens", "max_completion_tokens"]
LENGTH_PARAMETERS: tuple[LengthParameter, ...] = get_args(LengthParameter)

OPTIONAL = {"temperature": "temperature", "stream_options": "stream_options", "reasoning_effort": "effort"} | {
    name: name for name in LENGTH_PARAMETERS
}
"""Parameters that a request can do without, and the word that a refusal has for each."""


class OpenAIProvider:
    """A server that speaks Chat Completions at `base_url`.

    `api_key` is sent as it is, and always: left out, the SDK would send the OPENAI_API_KEY of the environment to
    whatever server this is. A parameter that a model refuses is left out and remembered for that model.
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
        self._refusals = UnsupportedParameters()
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url or OFFICIAL_URL,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout, mounts=DIRECT),
        )
        # The rest of what the environment holds for OpenAI is not for whatever server this is either.
        self._client.organization = self._client.project = None
        self._client._custom_headers = {}

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece. Raises ProviderErrors."""
        end = _End()
        thinking = ThinkTagParser()
        with map_errors(self.label, openai):
            answer = await self._started(request)
        with map_errors(self.label, openai, streaming=True):
            async with answer as chunks:
                async for chunk in chunks:
                    if delta := end.read(chunk):
                        for piece in thinking.read(delta):
                            yield piece
        for piece in thinking.rest(complete=end.reason == "stop"):
            yield piece
        yield Delta(finish=end.finish(self.label))

    async def models(self) -> list[Model]:
        """The server's models, in the server's order."""
        with map_errors(self.label, openai):
            found = [model.to_dict() async for model in self._client.models.list(timeout=LIST_SECONDS)]
            return [parse_model_entry(model) for model in found if writes_text(model)]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _started(self, request: Request) -> AsyncStream[object]:
        # Files of many megabytes are put into letters off the event loop.
        messages = await asyncio.to_thread(_messages, request) if request.files else _messages(request)
        parameters = partial(self._parameters, request, messages)
        return await send_supported(self._refusals, request.model, OPTIONAL, parameters, self._create, openai)

    async def _create(self, **body: Any) -> AsyncStream[object]:
        """What the SDK's own `create` does, with chunks as plain JSON: making models of them took a third of what an
        answer costs the process."""
        post = self._client.post
        return await post("/chat/completions", body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object])

    def _parameters(self, request: Request, messages: list[dict[str, Any]]) -> dict[str, Any]:
        refused = self._refusals.of(request.model)
        names = sorted(LENGTH_PARAMETERS, key=lambda name: name != self._length_parameter)
        length = next((name for name in names if name not in refused), "")
        optional = {
            "stream_options": {"include_usage": True},
            length: request.max_tokens,
            "temperature": request.temperature,
            "reasoning_effort": request.effort,
        }
        return {"model": request.model, "messages": messages, "stream": True} | {
            name: value for name, value in optional.items() if name and name not in refused and value is not None
        }


class _End:
    """Reads a stream's chunks for what they say of its end, and hands on the rest."""

    def __init__(self) -> None:
        self.reason: FinishReason | None = None
        self._usage: dict[str, Any] | None = None
        self._answered = self._declined = False

    def read(self, chunk: Any) -> Delta | None:
        """What the chunk adds to the answer."""
        self._answered = True
        self._usage = chunk.get("usage") or self._usage
        if not (choices := chunk.get("choices")):
            return None
        choice = choices[0]
        finish_reason, delta = choice.get("finish_reason"), choice.get("delta")
        if finish_reason and finish_reason != BROKEN:
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
    """A message's words, with its files as content parts before them. Words alone are one string: not every server
    takes parts."""
    parts = [_part(each, files) for each in message.attachments]
    if message.content or not parts:
        parts.append({"type": "text", "text": message.content})
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _part(enclosed: SentAttachment, files: Mapping[str, FileContent]) -> dict[str, Any]:
    attachment, file = enclosed.attachment, files.get(enclosed.attachment.attachment_id)
    if enclosed.form != "whole" or file is None:
        return {"type": "text", "text": attachment_text(enclosed, files)}
    url = f"data:{attachment.media_type};base64,{b64encode(file.content).decode()}"
    if attachment.is_image:
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": attachment.name, "file_data": url}}


def _delta(delta: dict[str, Any]) -> Delta | None:
    """What a chunk adds. Reasoning has no place in the protocol; servers put it under one of two names."""
    if content := delta.get("content"):
        return Delta(text=content)
    reasoning = delta.get("reasoning_content") or delta.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        return Delta(reasoning=reasoning)
    return Delta(text=delta["refusal"]) if delta.get("refusal") else None
