"""What a wire format has to be able to say; `openai_wire.py` and `anthropic_wire.py` say it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fake_upstream.answers import Answer, Chunk, Json


@dataclass(frozen=True)
class ApiError:
    """An error before it is put into a protocol's shape."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None


class Speech(ABC):
    """One answer in one wire format, streamed or whole."""

    def __init__(self, model: str, answer: Answer) -> None:
        self.model = model
        self.answer = answer

    def snapshots(self, *, finished: bool) -> Iterator[bytes]:
        """The bytes for each token, and those for the end unless the stream is to end without them."""
        for piece in self.answer.pieces:
            yield self.piece(piece)
        if finished:
            yield self.closing()

    @abstractmethod
    def opening(self) -> bytes:
        """What comes before the first token."""

    @abstractmethod
    def piece(self, piece: Chunk) -> bytes:
        """One token."""

    @abstractmethod
    def closing(self) -> bytes:
        """What comes after the last token."""

    @abstractmethod
    def whole(self, *, finished: bool) -> Json:
        """The answer in one piece, for a request that did not ask for a stream."""


class Dialect(ABC):
    """One wire format."""

    request_id_header: str

    @abstractmethod
    def speech(self, body: Json, answer: Answer, *, drop_usage: bool) -> Speech:
        """The answer to this request, ready to be sent."""

    @abstractmethod
    def models(self) -> Json:
        """The list of models."""

    @abstractmethod
    def problem(self, body: Json) -> ApiError | None:
        """What the true service would find wrong with this request."""

    @abstractmethod
    def error(self, error: ApiError) -> Json:
        """The body of an error."""

    @abstractmethod
    def error_event(self, error: ApiError) -> bytes:
        """The same error inside a stream."""

    @abstractmethod
    def refused(self, parameter: str, value: object) -> ApiError:
        """The model does not take this parameter."""

    @abstractmethod
    def too_long(self, tokens: int, limit: int) -> ApiError:
        """The messages do not fit into the model's context."""

    @abstractmethod
    def wrong_key(self, key: str) -> ApiError:
        """The key is wrong, and repeated in full."""


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON as the services write it: compact, and with characters instead of escapes, but for half an emoji."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
