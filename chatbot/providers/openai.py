"""OpenAI's Chat Completions, the protocol of OpenAI, Hugging Face's router, Ollama, vLLM, llama.cpp and many more."""

from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal, get_args

import httpx2
import openai
from openai import AsyncStream

from chatbot.attachments import attachment_text
from chatbot.errors import UnreadableAnswer
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, FIRST_SECONDS, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.error_mapping import Sdk, map_errors
from chatbot.providers.model_list_entries import parse_model_list
from chatbot.providers.wire import RawStream, WireProvider
from chatbot.types import FileContent, Message, ModelProfile, Request, SentAttachment

OFFICIAL_URL = "https://api.openai.com/v1"
"""Explicit, so that OPENAI_BASE_URL in the environment never redirects a key that was not meant for it."""

LengthParameter = Literal["max_tokens", "max_completion_tokens"]
LENGTH_PARAMETERS: tuple[LengthParameter, ...] = get_args(LengthParameter)


class OpenAIProvider(WireProvider):
    """A server that speaks Chat Completions at `base_url`.

    `api_key` is always sent: without one, the SDK would send the OPENAI_API_KEY of the environment to whatever server
    this is. `first_seconds` is as for WireProvider.
    """

    sdk: ClassVar[Sdk] = openai
    optional: ClassVar[Mapping[str, str]] = {
        "temperature": "temperature",
        "stream_options": "stream_options|include_usage",
        "reasoning_effort": "effort|thinking|reasoning",
    } | {name: name for name in LENGTH_PARAMETERS}

    def __init__(
        self,
        label: str,
        api_key: str,
        base_url: str | None = None,
        *,
        length_parameter: LengthParameter = "max_tokens",
        first_seconds: float = FIRST_SECONDS,
    ) -> None:
        super().__init__(label, first_seconds)
        self._length_parameter = length_parameter
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, read=None)
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

    async def post(self, body: dict[str, Any]) -> RawStream:
        post = self._client.post
        return await post("/chat/completions", body=body, cast_to=object, stream=True, stream_cls=_UnreadStream)

    def parameters(self, request: Request, unsupported: Collection[str]) -> dict[str, Any]:
        names = sorted(LENGTH_PARAMETERS, key=lambda name: name != self._length_parameter)
        length = next((name for name in names if name not in unsupported), "")
        optional = {
            "stream_options": {"include_usage": True},
            length: request.max_tokens,
            "temperature": request.temperature,
            "reasoning_effort": request.effort,
        }
        return {"model": request.model, "messages": _messages(request), "stream": True} | {
            name: value for name, value in optional.items() if name and name not in unsupported and value is not None
        }


class _UnreadStream(AsyncStream[object]):
    """The SDK's stream without the generator that would read it, and keep it alive in a reference cycle."""

    def __init__(self, *, response: httpx2.Response, **_: Any) -> None:
        self.response = response


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
