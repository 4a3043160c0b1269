"""What reads an answer: records in, deltas out, and how the stream ended."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from chatbot.errors import ProviderError, StreamCutOff, UnreadableAnswer
from chatbot.providers.event_stream import Record
from chatbot.providers.finish_reasons import finish_reason
from chatbot.providers.native_records import as_chunk
from chatbot.providers.refusals import Refusal, as_mapping, is_error
from chatbot.providers.think_tags import ThinkTagParser
from chatbot.types import Delta, Finish, FinishReason


class StreamReader(ABC):
    """Reads the records of one answer, and remembers how it ended. `starts_in_thought` is as for ThinkTagParser."""

    def __init__(self, *, starts_in_thought: bool = False) -> None:
        self.reason: FinishReason | None = None
        self.is_over = False
        """Nothing more is to be read."""
        self.has_delta = False
        self._tags = ThinkTagParser(starts_in_thought=starts_in_thought)
        self._failure: type[ProviderError] | None = None
        self._is_answered = self._is_ended = False

    @property
    def is_finished(self) -> bool:
        """Whether the answer is complete, whatever may still follow."""
        return self.reason is not None

    def read(self, record: Record) -> Iterable[Delta]:
        """Yields what a record adds to the answer. Raises Refusal for an error; what the record adds comes first."""
        for value in record.data if isinstance(record.data, list) else [record.data]:
            was_finished, data = self.is_finished, as_chunk(as_mapping(value))
            for delta in self.read_data(data, record.event):
                yield from self._tags.parse(delta)
            is_refused = record.event == "error" or is_error(data) or (not self._is_answered and "detail" in data)
            if is_refused and not was_finished:
                self.reason = None
                raise Refusal(data or value)
        if record.is_end:
            self.is_over = self._is_ended = self._is_answered = True

    @abstractmethod
    def read_data(self, data: Mapping[str, Any], event: str) -> Iterable[Delta]:
        """Yields what the JSON of a record adds to the answer."""

    def held(self) -> Iterable[Delta]:
        """What was held back when the stream has ended."""
        return self._tags.flush(complete=self.reason == "stop")

    @abstractmethod
    def usage(self, reason: FinishReason) -> Finish:
        """The finish with what the answer used."""

    def end_with(self, value: object) -> None:
        """Takes a server's finish reason."""
        reason = finish_reason(value)
        if isinstance(reason, str):
            self.reason = reason
        else:
            self._failure = reason or self._failure

    def finish(self, label: str) -> Finish:
        """How the stream ended. Raises a ProviderError if it was cut off, and UnreadableAnswer if nothing was one.

        A stream without a finish reason is complete if it has another mark of its end.
        """
        if self.reason is None and self._failure is None and self._is_ended:
            self.reason = "stop"
        if self.reason:
            return self.usage(self.reason)
        raise (self._failure or (StreamCutOff if self._is_answered else UnreadableAnswer))(label)
