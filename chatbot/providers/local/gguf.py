"""Reads the header of a GGUF file: the context, what a token of it takes in memory, template and control tokens."""

import mmap
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MAGIC = b"GGUF"
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""The types of numbers, as `struct` names them. 8 is a string, 9 an array."""
STRING, ARRAY = 8, 9
CONTROL = 3
"""The type of a token that has a meaning of its own, such as `<|im_end|>`."""
BYTES_PER_VALUE = 2
"""llama.cpp keeps keys and values with 16 bits."""


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What a header says. `context_tokens` is the longest context of the training, `cache_bytes` what one token of the
    context takes in memory. `can_think`: the template has the switch `enable_thinking`."""

    context_tokens: int
    cache_bytes: int
    is_chat_model: bool
    can_think: bool
    control_tokens: tuple[str, ...]


def read_facts(path: Path) -> GgufFacts:
    """Reads the header; a file that did not change is read once. Blocks for 0.1 s with a large vocabulary.

    Raises OSError, and ValueError for a file of another kind.
    """
    stat = path.stat()
    return _read_facts(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _read_facts(path: Path, size: int, modified: int) -> GgufFacts:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:4] != MAGIC:
            raise ValueError("not a GGUF file")
        try:
            return _facts(_Header(content).read())
        except (struct.error, IndexError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise ValueError("a damaged header") from error


class _Header:
    """Walks through the header's key and value pairs."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._place = 8  # behind the magic and the version

    def read(self) -> dict[str, Any]:
        """All pairs. Strings of arrays stay bytes."""
        self._number("Q")  # how many tensors there are
        return {self._bytes().decode(): self._value(self._number("I")) for _ in range(self._number("Q"))}

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._bytes().decode(errors="replace")
        if kind != ARRAY:
            return self._number(NUMBERS[kind])
        kind, length = self._number("I"), self._number("Q")
        if kind == STRING:
            return [self._bytes() for _ in range(length)]
        layout = struct.Struct(f"<{length}{NUMBERS[kind]}")
        self._place += layout.size
        return layout.unpack_from(self._content, self._place - layout.size)

    def _number(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self._content, self._place)
        self._place += struct.calcsize(kind)
        return value

    def _bytes(self) -> bytes:
        length = self._number("Q")
        if length > len(self._content) - self._place:
            raise IndexError
        self._place += length
        return self._content[self._place - length : self._place]


def _facts(header: dict[str, Any]) -> GgufFacts:
    family = header["general.architecture"]
    template = header.get("tokenizer.chat_template", "")
    return GgufFacts(
        context_tokens=header.get(f"{family}.context_length", 0),
        cache_bytes=_cache_bytes(header, family),
        is_chat_model=bool(template) and f"{family}.context_length" in header,
        can_think=bool(re.search(r"\benable_thinking\b", template)),
        control_tokens=_control_tokens(header),
    )


def _cache_bytes(header: dict[str, Any], family: str) -> int:
    """Keys and values of one token in all layers. Layers without attention have no heads for them."""
    layers, heads = header[f"{family}.block_count"], header[f"{family}.attention.head_count"]
    width = header[f"{family}.embedding_length"] // max(1, *_each(heads, 1))
    key_width = header.get(f"{family}.attention.key_length", width)
    value_width = header.get(f"{family}.attention.value_length", width)
    key_heads = sum(_each(header.get(f"{family}.attention.head_count_kv", heads), layers))
    return int(key_heads * (key_width + value_width) * BYTES_PER_VALUE)


def _each(value: int | Sequence[int], layers: int) -> Sequence[int]:
    """The value of each layer: one for all, or an array."""
    return (value,) * layers if isinstance(value, int) else value


def _control_tokens(header: dict[str, Any]) -> tuple[str, ...]:
    tokens, kinds = header.get("tokenizer.ggml.tokens", ()), header.get("tokenizer.ggml.token_type", ())
    pairs = zip(tokens, kinds, strict=False)
    return tuple(token.decode(errors="replace") for token, kind in pairs if kind == CONTROL and len(token) > 1)
