"""Server-Sent Events: an answer, from a running reply or a stored message."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent

from chatbot.api.memory_responses import MemoryOut
from chatbot.api.response_fields import TimingOut, UsageOut
from chatbot.api.responses import FaultOut
from chatbot.replies.reply import Chunk, Reply
from chatbot.types import StoredMessage

KEEPALIVE_SECONDS = 10
"""How often a silent stream gets a comment; proxies close a connection after 30 s and more."""

LINE_SEPARATORS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""JSON may contain these as they are, but many clients end their lines there."""


def stream(reply: Reply, token: str, after: int | None = None) -> EventSourceResponse:
    """The answer from its start, or the text after that many characters; then how it ended."""
    return _response(_running_events(reply, token, after))


def replay(conversation_id: str, answer: StoredMessage, after: int) -> EventSourceResponse:
    """The rest of an answer that has ended; then how it ended."""
    return _response(_stored_events(conversation_id, answer, after))


async def _running_events(reply: Reply, token: str, after: int | None) -> AsyncIterator[ServerSentEvent]:
    if after is None:
        yield _event("start", _start_data(reply, token))
    async with aclosing(reply.chunks(after)) as chunks:
        async for chunk in chunks:
            yield _chunk_event(chunk)
    yield _last_event(reply.conversation_id, reply.snapshot())


async def _stored_events(conversation_id: str, answer: StoredMessage, after: int) -> AsyncIterator[ServerSentEvent]:
    if rest := answer.content[after:]:
        yield _chunk_event(Chunk(len(answer.content), text=rest))
    yield _last_event(conversation_id, answer)


def _start_data(reply: Reply, token: str) -> dict[str, Any]:
    answer = reply.snapshot()
    return {
        "conversation_id": reply.conversation_id,
        "message_id": answer.message_id,
        "session_token": token,
        "provider": answer.provider,
        "model": answer.model,
    }


def _chunk_event(chunk: Chunk) -> ServerSentEvent:
    if chunk.reasoning:
        return _event("reasoning", chunk.reasoning)
    return _event("token", chunk.text, str(chunk.end))


def _last_event(conversation_id: str, answer: StoredMessage) -> ServerSentEvent:
    if answer.fault:
        return _event("error", FaultOut.of(answer.fault).model_dump())
    done = {
        "conversation_id": conversation_id,
        "message_id": answer.message_id,
        "finish_reason": answer.finish_reason,
        "usage": UsageOut.model_validate(answer.usage, from_attributes=True).model_dump(),
        "timing": answer.timing and TimingOut.model_validate(answer.timing, from_attributes=True).model_dump(),
        "memory": MemoryOut.of(answer.memory).model_dump(),
    }
    return _event("done", done)


def _event(name: str, data: Any, event_id: str | None = None) -> ServerSentEvent:
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(LINE_SEPARATORS)
    return ServerSentEvent(line, event=name, id=event_id, sep="\n")


def _response(events: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    return EventSourceResponse(events, ping=KEEPALIVE_SECONDS, sep="\n")
