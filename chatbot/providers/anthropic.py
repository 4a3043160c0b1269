"""Anthropic's Messages protocol."""

from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import anthropic
import httpx2

from chatbot.attachments import attachment_text
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, FIRST_SECONDS, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.error_mapping import Sdk, map_errors
from chatbot.providers.model_list_entries import parse_model_list
from chatbot.providers.wire import RawStream, WireProvider
from chatbot.types import FileContent, Message, ModelProfile, Request, SentAttachment

OFFICIAL_URL = "https://api.anthropic.com"
"""Explicit, so that ANTHROPIC_BASE_URL in the environment never redirects a key that was not meant for it."""

CACHED = {"type": "ephemeral"}


class AnthropicProvider(WireProvider):
    """A server that speaks Messages at `base_url`. It takes no temperature: the SDK and the models refuse one.

    `first_seconds` is as for WireProvider.
    """

    sdk: ClassVar[Sdk] = anthropic
    optional: ClassVar[Mapping[str, str]] = {
        "output_config": "effort",
        "thinking": "thinking",
        "cache_control": "cache_control",
    }

    def __init__(
        self, label: str, api_key: str, base_url: str | None = None, *, first_seconds: float = FIRST_SECONDS
    ) -> None:
        super().__init__(label, first_seconds)
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, read=None)
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url or OFFICIAL_URL,
            max_retries=0,
            timeout=timeout,
            http_client=anthropic.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout, mounts=DIRECT),
        )
        # ANTHROPIC_CUSTOM_HEADERS would replace the key, and send the operator's secrets along with a visitor's.
        self._client._custom_headers = {}

    async def models(self) -> list[ModelProfile]:
        """The models in use, newest first as the provider lists them."""
        with map_errors(self.label, anthropic):
            found = [model async for model in self._client.models.list(timeout=LIST_SECONDS)]
            return parse_model_list([model.to_dict() for model in found if model.lifecycle != "retired"]) or []

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def post(self, body: dict[str, Any]) -> RawStream:
        stream: RawStream = await self._client.messages.create(**body)
        return stream

    def parameters(self, request: Request, unsupported: Collection[str]) -> dict[str, Any]:
        parameters = _parameters(request)
        _mark_files_for_caching(parameters["messages"], wanted="cache_control" not in unsupported)
        return {name: value for name, value in parameters.items() if name not in unsupported}


def _parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": each.role, "content": _content(each, request.files)} for each in request.messages],
        "max_tokens": request.max_tokens,
        "cache_control": CACHED,  # a conversation's beginning is sent again with every message
        "stream": True,
    }
    if request.system_prompt:
        parameters["system"] = request.system_prompt
    if request.effort:
        parameters["output_config"] = {"effort": request.effort}
        parameters["thinking"] = {"type": "adaptive", "display": "summarized"}
    return parameters


def _content(message: Message, files: Mapping[str, FileContent]) -> str | list[dict[str, Any]]:
    """A message's text, after its attachments as content blocks."""
    if not message.attachments:
        return message.content
    text = [{"type": "text", "text": message.content}] if message.content else []
    return [*(_block(each, files) for each in message.attachments), *text]


def _block(sent: SentAttachment, files: Mapping[str, FileContent]) -> dict[str, Any]:
    attachment, file = sent.attachment, files.get(sent.attachment.attachment_id)
    if sent.form != "whole" or file is None:
        return {"type": "text", "text": attachment_text(sent, files)}
    data = b64encode(file.content).decode()
    source = {"type": "base64", "media_type": attachment.media_type, "data": data}
    if attachment.is_image:
        return {"type": "image", "source": source}
    return {"type": "document", "title": attachment.name, "source": source}


def _mark_files_for_caching(messages: list[dict[str, Any]], *, wanted: bool) -> None:
    """Marks the last file as the end of a cached prefix. Files are long, and after many messages the conversation's own
    mark is too far from them to be found: Anthropic looks back 20 blocks."""
    blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
    if files := [block for block in blocks if block["type"] != "text"]:
        files[-1].pop("cache_control", None)
        files[-1] |= {"cache_control": CACHED} if wanted else {}
