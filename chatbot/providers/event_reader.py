"""Reads the events of Anthropic's Messages; and chunks, because gateways pass on what the server behind them sends."""

from collections.abc import Iterable, Mapping
from typing import Any

from chatbot.providers.chunk_reader import ChunkReader
from chatbot.providers.finish_reasons import token_count
from chatbot.providers.refusals import as_mapping
from chatbot.types import Delta, Finish, FinishReason, Usage

INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")

EVENTS = ("message", "message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop")
"""The events that only a server of this protocol sends."""


class EventReader(ChunkReader):
    """Reads one stream of either protocol, on whichever wire it comes."""

    def __init__(self, *, starts_in_thought: bool = False) -> None:
        super().__init__(starts_in_thought=starts_in_thought)
        self._counts: dict[str, int] = {}

    def read_data(self, data: Mapping[str, Any], event: str) -> Iterable[Delta]:
        kind = data.get("type") or event
        if kind not in EVENTS:
            yield from super().read_data(data, event)
            return
        self._is_answered = True
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
        elif isinstance(content := data.get("content"), list | str):  # a whole answer in place of a stream
            for block in [{"text": content}] if isinstance(content, str) else content:
                yield from _block_delta(as_mapping(block))
            self._end(data, data.get("usage"))
            self._is_ended = True

    def usage(self, reason: FinishReason) -> Finish:
        counts = self._counts
        if not counts:
            return super().usage(reason)
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
