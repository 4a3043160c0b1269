"""Anthropic's Messages protocol."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import anthropic
import httpx2
from anthropic.types import RawContentBlockDeltaEvent, RawMessageStreamEvent

from chatbot.attachments import attachment_text
from chatbot.errors import StreamCutOff, UnreadableAnswer
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.error_mapping import map_errors
from chatbot.providers.model_list_entries import parse_model_list
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

OFFICIAL_URL = "https://api.anthropic.com"
"""Explicit, so that ANTHROPIC_BASE_URL in the environment never redirects a key that was not meant for it."""

FINISH_REASONS: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}

OPTIONAL = {"output_config": "effort", "thinking": "thinking", "cache_control": "cache_control"}
"""Parameters that a request can do without, and the word for each in a refusal."""

CACHED = {"type": "ephemeral"}

INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
MAX_TOKENS = 10**9
"""A larger count is nonsense, and is ignored."""


class AnthropicProvider:
    """A server that speaks Messages at `base_url`. It takes no temperature: the SDK and the models refuse one.

    A parameter that a model refuses is left out and remembered for that model.
    """

    def __init__(self, label: str, api_key: str, base_url: str | None = None) -> None:
        self.label = label
        self._unsupported = UnsupportedParameters()
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url or OFFICIAL_URL,
            max_retries=0,
            timeout=timeout,
            http_client=anthropic.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout, mounts=DIRECT),
        )
        # ANTHROPIC_CUSTOM_HEADERS would replace the key, and send the operator's secrets along with a visitor's.
        self._client._custom_headers = {}

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion piece by piece. Raises ProviderErrors."""
        reader = _EventReader()
        with map_errors(self.label, anthropic):
            answer = await self._start(request)
        with map_errors(self.label, anthropic, streaming=True):
            async with answer as events:
                async for event in events:
                    if delta := reader.read(event):
                        yield delta
        yield Delta(finish=reader.finish(self.label))

    async def models(self) -> list[ModelProfile]:
        """The models in use, newest first as the provider lists them."""
        with map_errors(self.label, anthropic):
            found = [model async for model in self._client.models.list(timeout=LIST_SECONDS)]
            return parse_model_list([model.to_dict() for model in found if model.lifecycle != "retired"]) or []

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _start(self, request: Request) -> Any:
        # Base64 of many megabytes is made off the event loop.
        parameters = await asyncio.to_thread(_parameters, request) if request.files else _parameters(request)

        def supported() -> dict[str, Any]:
            unsupported = self._unsupported.of(request.model)
            _mark_files_for_caching(parameters["messages"], wanted="cache_control" not in unsupported)
            return {name: value for name, value in parameters.items() if name not in unsupported}

        create = self._client.messages.create
        return await send_supported(self._unsupported, request.model, OPTIONAL, supported, create, anthropic)


class _EventReader:
    """Reads the events of one stream, and remembers how it ended."""

    def __init__(self) -> None:
        self._reason: FinishReason | None = None
        self._counts: dict[str, int] = {}
        self._answered = False

    def read(self, event: RawMessageStreamEvent) -> Delta | None:
        """Returns what the event adds to the answer."""
        self._answered = True
        if event.type == "content_block_delta":
            return _delta(event)
        if event.type == "message_start":
            # The output tokens of message_start are a placeholder: nothing is written yet.
            self._count(event.message.usage, INPUT_COUNTS)
        elif event.type == "message_delta":
            self._count(event.usage, (*INPUT_COUNTS, "output_tokens"))
            if event.delta.stop_reason:
                self._reason = FINISH_REASONS.get(event.delta.stop_reason, "stop")
        return None

    def finish(self, label: str) -> Finish:
        """How the stream ended. Raises CutOff or BadAnswer where it did not say."""
        if self._reason is None:
            raise StreamCutOff(label) if self._answered else UnreadableAnswer(label)
        counts = self._counts
        read, written = counts.get("cache_read_input_tokens", 0), counts.get("cache_creation_input_tokens", 0)
        # Tokens that came from the cache, or went into it, are counted apart from the other input tokens.
        read_in_all = counts.get("input_tokens", 0) + written + read
        # A server that reports 0 does not count tokens. The estimate is used instead.
        usage = Usage(read_in_all or None, counts.get("output_tokens") or None)
        return Finish(self._reason, usage, read, written)

    def _count(self, usage: object, names: tuple[str, ...]) -> None:
        """Keeps the counts of a usage object: some servers send them at the start, others only at the end."""
        for name in names:
            value = getattr(usage, name, None)
            if type(value) is int and 0 <= value <= MAX_TOKENS:
                self._counts[name] = max(value, self._counts.get(name, 0))


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


def _delta(event: RawContentBlockDeltaEvent) -> Delta | None:
    if event.delta.type == "text_delta":
        return Delta(text=event.delta.text)
    if event.delta.type == "thinking_delta":
        return Delta(reasoning=event.delta.thinking)
    return None
