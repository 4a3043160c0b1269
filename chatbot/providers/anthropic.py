"""Anthropic's Messages protocol."""

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

import anthropic
import httpx2

from chatbot.attachments import attachment_text
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, FIRST_SECONDS, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.error_mapping import Sdk, map_errors
from chatbot.providers.finish_reasons import token_count
from chatbot.providers.model_list_entries import parse_model_list
from chatbot.providers.refusals import as_mapping
from chatbot.providers.stream_reader import StreamReader
from chatbot.providers.wire import RawStream, WireProvider
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

CACHED = {"type": "ephemeral"}

INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")

EVENTS = ("message", "message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop")
"""The events that only a server of this protocol sends."""


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

    def reader(self) -> StreamReader:
        return _EventReader()

    async def post(self, body: dict[str, Any]) -> RawStream:
        stream: RawStream = await self._client.messages.create(**body)
        return stream

    def parameters(self, request: Request, unsupported: Collection[str]) -> dict[str, Any]:
        parameters = _parameters(request)
        _mark_files_for_caching(parameters["messages"], wanted="cache_control" not in unsupported)
        return {name: value for name, value in parameters.items() if name not in unsupported}


class _EventReader(StreamReader):
    """Reads the events of one stream."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, int] = {}

    def read_data(self, data: Mapping[str, Any], event: str) -> Iterable[Delta]:
        kind = data.get("type") or event
        self._is_answered = self._is_answered or kind in EVENTS
        if kind == "content_block_delta":
            yield from _block_delta(as_mapping(data.get("delta")))
        elif kind == "content_block_start":  # some servers put the first words here
            yield from _block_delta(as_mapping(data.get("content_block")))
        elif kind == "message_start":
            # The output tokens of message_start are a placeholder: nothing is written yet.
            self._count(as_mapping(data.get("message")).get("usage"), INPUT_COUNTS)
        elif kind == "message_delta":
            self._end(as_mapping(data.get("delta")), data.get("usage"))
        elif kind == "message_stop":
            self.is_over = self._is_ended = True
        elif kind == "message" and isinstance(content := data.get("content"), list | str):
            # A whole answer in place of a stream.
            for block in [{"text": content}] if isinstance(content, str) else content:
                yield from _block_delta(as_mapping(block))
            self._end(data, data.get("usage"))
            self._is_ended = True

    def usage(self, reason: FinishReason) -> Finish:
        counts = self._counts
        read, written = counts.get("cache_read_input_tokens", 0), counts.get("cache_creation_input_tokens", 0)
        # Tokens that came from the cache, or went into it, are counted apart from the other input tokens.
        read_in_all = counts.get("input_tokens", 0) + written + read
        # A server that reports 0 does not count tokens. The estimate is used instead.
        usage = Usage(read_in_all or None, counts.get("output_tokens") or None)
        return Finish(reason, usage, read, written)

    def _end(self, ending: Mapping[str, Any], usage: object) -> None:
        self._count(usage, (*INPUT_COUNTS, "output_tokens"))
        self.end_with(ending.get("stop_reason"))

    def _count(self, usage: object, names: tuple[str, ...]) -> None:
        """Keeps the counts of a usage object: some servers send them at the start, others only at the end."""
        for name in names:
            if (value := token_count(as_mapping(usage).get(name))) is not None:
                self._counts[name] = max(value, self._counts.get(name, 0))


def _block_delta(block: Mapping[str, Any]) -> Iterable[Delta]:
    """What a content block, or the delta of one, adds."""
    text, thinking = block.get("text"), block.get("thinking")
    if isinstance(thinking, str) and thinking:
        yield Delta(reasoning=thinking)
    if isinstance(text, str) and text:
        yield Delta(text)


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
