"""Abstract wire formats; `openai_wire.py` and `anthropic_wire.py` implement them."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fake_upstream.answers import Answer, Chunk, Json


@dataclass(frozen=True)
class ApiError:
    """An error, independent of a wire format."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None


class Speech(ABC):
    """One answer in one wire format, streamed or complete."""

    def __init__(self, model: str, answer: Answer) -> None:
        self.model = model
        self.answer = answer

    def frames(self, *, finished: bool) -> Iterator[bytes]:
        """Yields the bytes of each token and, if `finished`, those of the end."""
        for piece in self.answer.pieces:
            yield self.piece(piece)
        if finished:
            yield self.closing()

    @abstractmethod
    def opening(self) -> bytes:
        """Returns the bytes before the first token."""

    @abstractmethod
    def piece(self, piece: Chunk) -> bytes:
        """Returns the bytes of one token."""

    @abstractmethod
    def closing(self) -> bytes:
        """Returns the bytes after the last token."""

    @abstractmethod
    def whole(self, *, finished: bool) -> Json:
        """Returns the complete answer, for a request without `stream`."""


class Dialect(ABC):
    """One wire format."""

    request_id_header: str

    @abstractmethod
    def speech(self, body: Json, answer: Answer, *, drop_usage: bool) -> Speech:
        """Returns the answer to a request in this wire format."""

    @abstractmethod
    def models(self) -> Json:
        """Returns the list of models."""

    @abstractmethod
    def problem(self, body: Json) -> ApiError | None:
        """Returns the error with which the real service refuses the request; None if it accepts it."""

    @abstractmethod
    def error(self, error: ApiError) -> Json:
        """Returns the body of an error response."""

    @abstractmethod
    def error_event(self, error: ApiError) -> bytes:
        """Returns an error as an event of a stream."""

    @abstractmethod
    def refused(self, parameter: str, value: object) -> ApiError:
        """Returns the error for a parameter that the model does not support."""

    @abstractmethod
    def too_long(self, tokens: int, limit: int) -> ApiError:
        """Returns the error for messages that exceed the context window."""

    @abstractmethod
    def wrong_key(self, key: str) -> ApiError:
        """Returns the error for a wrong key, with the whole key in it."""


def encode(value: Mapping[str, Any]) -> bytes:
    """Returns compact JSON as the services write it; escapes only lone surrogates."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
