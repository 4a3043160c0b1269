"""What the two protocols share: one way to send a request, adapt it to what the model takes, and read its stream."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from itertools import count
from typing import Any, ClassVar, Protocol

import httpx2

from chatbot.providers.base import SILENCE_SECONDS
from chatbot.providers.error_mapping import Sdk, map_errors
from chatbot.providers.event_reader import EventReader
from chatbot.providers.event_stream import read_records
from chatbot.providers.model_profiles import STARTS_IN_THOUGHT
from chatbot.providers.read_pace import ReadPace
from chatbot.providers.refusals import Refusal
from chatbot.providers.stream_reader import StreamReader
from chatbot.providers.unsupported_parameters import SYSTEM, UnsupportedParameters, adapt, fold_system_prompt
from chatbot.types import Delta, Request

END_SECONDS = 5.0
"""The longest wait for what follows a finish reason: usage, and the mark of the end."""

DRAIN_SECONDS = 0.1
"""The longest wait for the end of a body whose answer is complete. A body that was read whole leaves its connection
open for the next request."""

MAX_ADAPTATIONS = 8
"""Of one request: more parameters than a request has that it can do without."""


class RawStream(Protocol):
    """An SDK's stream, of which only the HTTP response is used."""

    @property
    def response(self) -> httpx2.Response: ...


class WireProvider(ABC):
    """A server that speaks one of the two protocols.

    What a model refuses, a parameter or the system role, is left out and remembered for that model. `first_seconds` is
    the longest wait for the first word: a server may have to load its model.
    """

    sdk: ClassVar[Sdk]
    optional: ClassVar[Mapping[str, str]]
    """Parameters that a request can do without, and a pattern of the words for each in a refusal."""

    def __init__(self, label: str, first_seconds: float) -> None:
        self.label = label
        self._first_seconds = first_seconds
        self._unsupported = UnsupportedParameters()

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion piece by piece. Raises ProviderErrors.

        What the server refuses before the first piece, and a request can do without, is left out of the next try.
        """
        has_files = any(each.form == "whole" for message in request.messages for each in message.attachments)
        with map_errors(self.label, self.sdk, has_files=has_files):
            for tries in count(1):
                body = await self._body(request)
                has_delta = False
                try:
                    async with aclosing(self._deltas(body)) as deltas:
                        async for delta in deltas:
                            has_delta = True
                            yield delta
                    break
                except Refusal as refusal:
                    adapted = adapt(request, refusal, body, self.optional, self._unsupported)
                    if has_delta or tries > MAX_ADAPTATIONS or adapted is None:
                        raise
                    request = adapted

    @abstractmethod
    def parameters(self, request: Request, unsupported: Collection[str]) -> dict[str, Any]:
        """The body of the request, without what is `unsupported`."""

    @abstractmethod
    async def post(self, body: dict[str, Any]) -> RawStream:
        """Sends the request; returns when the status has come. Raises what the SDK raises."""

    async def _body(self, request: Request) -> dict[str, Any]:
        unsupported = self._unsupported.of(request.model)
        sent = fold_system_prompt(request) if SYSTEM in unsupported else request
        if sent.files:  # base64 of many megabytes is made off the event loop
            return await asyncio.to_thread(self.parameters, sent, unsupported)
        return self.parameters(sent, unsupported)

    async def _deltas(self, body: dict[str, Any]) -> AsyncGenerator[Delta]:
        """Sends the request once; yields the answer. Raises Refusal, and what the SDK and its HTTP client raise."""
        reader = EventReader(starts_in_thought=bool(STARTS_IN_THOUGHT.search(body["model"])))
        first_word_by = asyncio.get_running_loop().time() + self._first_seconds
        async with self._open(body) as (chunks, pace):
            try:
                async with aclosing(read_records(_patient(chunks, reader, first_word_by, pace))) as records:
                    async for record in records:
                        for delta in reader.read(record):
                            reader.has_delta = True
                            yield delta
                        if reader.is_over:
                            break
            except Exception:
                if not reader.is_finished:  # else the answer is whole, and what follows it does not matter
                    for delta in reader.held():
                        yield delta
                    raise
            for delta in reader.held():
                yield delta
            yield Delta(finish=reader.finish(self.label))
            if reader.is_over:
                await _drain(chunks)

    @asynccontextmanager
    async def _open(self, body: dict[str, Any]) -> AsyncIterator[tuple[AsyncGenerator[bytes], ReadPace]]:
        try:
            async with asyncio.timeout(self._first_seconds):
                answer = await self.post(body)
        except self.sdk.APIStatusError as error:
            raise Refusal.from_sdk(error) from None
        try:
            async with aclosing(answer.response.aiter_bytes()) as chunks:
                with ReadPace(answer.response) as pace:
                    yield chunks, pace
        finally:
            await answer.response.aclose()


async def _patient(
    chunks: AsyncIterator[bytes], reader: StreamReader, first_word_by: float, pace: ReadPace
) -> AsyncGenerator[bytes]:
    """Yields the chunks. Raises TimeoutError if one takes too long: the first word has until `first_word_by` on the
    event loop's clock."""
    clock = asyncio.get_running_loop().time
    while True:
        wait = SILENCE_SECONDS if reader.has_delta else first_word_by - clock()
        async with asyncio.timeout(END_SECONDS if reader.is_finished else wait):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk
        if reader.is_finished:
            pace.resume()
        elif reader.has_delta:
            pace.rest()


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in chunks:
                pass
