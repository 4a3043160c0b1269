"""Reads the chunks of OpenAI's Chat Completions, and what servers put into their fields."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatbot.providers.finish_reasons import token_count
from chatbot.providers.refusals import as_mapping
from chatbot.providers.stream_reader import StreamReader
from chatbot.types import Delta, Finish, FinishReason, Usage

REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "reasoning_details", "thinking_blocks")
"""The protocol has no reasoning; servers put it under one of these names, OpenRouter under two."""

PART_FIELDS = ("text", "thinking", "reasoning", "summary", "content", "value")
"""Where the parts of a delta have their text."""

FINISH_FIELDS = ("finish_reason", "finishReason")
READ, WRITTEN = ("prompt_tokens", "input_tokens", "prompt_n"), ("completion_tokens", "output_tokens", "predicted_n")
"""Names for the tokens that were read and written; the last are llama.cpp's, in its `timings`."""


class ChunkReader(StreamReader):
    """Reads the chunks of one stream."""

    def __init__(self, *, starts_in_thought: bool = False) -> None:
        super().__init__(starts_in_thought=starts_in_thought)
        self._usage: dict[str, Any] = {}
        self._has_declined = False
        self._has_pieces = False
        """Some delta had a piece of the answer: a whole message after it would repeat them."""
        self._other_choice: list[Delta] = []
        """What a choice with another index than 0 says. It is the answer if there is no choice 0."""

    def read_data(self, data: Mapping[str, Any], event: str) -> Iterable[Delta]:
        choices = _choices(data.get("choices"))
        usage = next(filter(None, map(as_mapping, _usages(data, choices))), {})
        self._usage |= {name: value for name, value in usage.items() if value is not None}
        self._is_answered = self._is_answered or "choices" in data
        if usage and not choices and self.has_delta:  # the last chunk of a stream has usage and no choice
            self._is_ended = True
        first = next((each for each in choices if each.get("index") in (0, None, "0")), None)
        if first is not None:
            yield from self._choice(first, data)
        elif choices:
            self._other_choice.extend(self._choice(choices[0], data))

    def held(self) -> Iterable[Delta]:
        yield from super().held()
        if not self.has_delta:
            yield from self._other_choice

    def usage(self, reason: FinishReason) -> Finish:
        details = as_mapping(self._usage.get("prompt_tokens_details"))
        counts = ([token_count(self._usage.get(name)) for name in names] for names in (READ, WRITTEN))
        read, written = (next((count for count in found if count is not None), None) for found in counts)
        is_declined = self._has_declined and reason == "stop"
        cached = token_count(details.get("cached_tokens")) or 0
        return Finish("refusal" if is_declined else reason, Usage(read, written), cached)

    def _choice(self, choice: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Delta]:
        """What a choice adds. Its finish reason may stand in the choice, in its delta or beside the choices."""
        piece = choice.get("delta")
        if piece is not None:
            for delta in self._pieces(piece):
                self._has_pieces = True
                yield delta
        elif not self._has_pieces:  # a whole answer in place of a stream, or a server of the older Completions
            yield from self._pieces(choice.get("message") or choice.get("text"))
        self._is_ended = self._is_ended or (piece is None and "message" in choice)
        for place in (choice, as_mapping(piece), data):
            for name in FINISH_FIELDS:
                self.end_with(place.get(name))

    def _pieces(self, piece: object) -> Iterator[Delta]:
        """What a delta adds: reasoning first, which comes before text also if both are in one delta."""
        if isinstance(piece, list):
            for each in piece:
                yield from self._pieces(each)
            return
        delta = {"content": piece} if isinstance(piece, str) else as_mapping(piece)
        content = delta.get("content")
        if content and isinstance(content, str) and len(delta) == 1:
            yield Delta(content)  # nearly always
            return
        fields = (delta.get(name) for name in REASONING)
        if reasoning := next(filter(None, map(_text, fields)), ""):
            yield Delta(reasoning=reasoning)
        parts = list(_parts(content))
        if not any(text for _, text in parts) and (refusal := _text(delta.get("refusal"))):
            self._has_declined, parts = True, [(False, refusal)]
        is_thought = as_mapping(as_mapping(delta.get("extra_content")).get("google")).get("thought") is True
        yield from (Delta(reasoning=text) if part or is_thought else Delta(text) for part, text in parts if text)


def _usages(data: Mapping[str, Any], choices: list[Mapping[str, Any]]) -> Iterator[object]:
    """The places where servers put the token counts."""
    yield data.get("usage")
    yield from (choice.get("usage") for choice in choices)
    yield as_mapping(data.get("x_groq")).get("usage")
    yield data.get("timings")


def _choices(value: object) -> list[Mapping[str, Any]]:
    """The choices of a chunk: a list, one alone, or by index as the names of an object's fields."""
    if isinstance(value, Mapping):
        value = [value] if "delta" in value or "message" in value else [*value.values()]
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _parts(value: object) -> Iterator[tuple[bool, str]]:
    """The texts in a value that is a string, a part such as `{"type": "text", "text": "…"}`, or a list of them; and
    whether each is reasoning."""
    if isinstance(value, str):
        yield False, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield False, str(value)
    elif isinstance(value, list):
        for each in value:
            yield from _parts(each)
    elif isinstance(value, Mapping):
        is_reasoning = any(word in str(value.get("type")) for word in ("think", "reason"))
        inner = next((value[name] for name in PART_FIELDS if value.get(name)), "")
        yield from ((is_reasoning or is_inner, text) for is_inner, text in _parts(inner))


def _text(value: object) -> str:
    return "".join(text for _, text in _parts(value))
