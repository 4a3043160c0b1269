"""An answer as Server-Sent Events, from a Reply that runs or from a stored message."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent

from chatbot.api.responses import TimingOut, UsageOut
from chatbot.replies.reply import Chunk, Reply
from chatbot.types import StoredMessage

KEEPALIVE_SECONDS = 10
"""How often a comment goes through a silent stream; proxies give up a connection after 30 s and more."""

LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""JSON may have these as they are, but many a client ends its lines there."""


def stream(reply: Reply, token: str, after: int | None = None) -> EventSourceResponse:
    """The answer from its start, or the rest of it after that many characters, and how it ended."""
    return _response(_running(reply, token, after))


def replay(conversation_id: str, answer: StoredMessage, after: int) -> EventSourceResponse:
    """The rest of an answer that has ended, and how."""
    return _response(_ended(conversation_id, answer, after))


async def _running(reply: Reply, token: str, after: int | None) -> AsyncIterator[ServerSentEvent]:
    if after is None:
        yield _event("start", _start(reply, token))
    async with aclosing(reply.chunks(after)) as chunks:
        async for piece in chunks:
            yield _piece(piece)
    yield _last(reply.conversation_id, reply.snapshot())


async def _ended(conversation_id: str, answer: StoredMessage, after: int) -> AsyncIterator[ServerSentEvent]:
    if rest := answer.content[after:]:
        yield _piece(Chunk(len(answer.content), text=rest))
    yield _last(conversation_id, answer)


def _start(reply: Reply, token: str) -> dict[str, Any]:
    answer = reply.snapshot()
    return {
        "conversation_id": reply.conversation_id,
        "message_id": answer.message_id,
        "session_token": token,
        "provider": answer.provider,
        "model": answer.model,
    }


def _piece(piece: Chunk) -> ServerSentEvent:
    if piece.reasoning:
        return _event("reasoning", piece.reasoning)
    return _event("token", piece.text, str(piece.end))


def _last(conversation_id: str, answer: StoredMessage) -> ServerSentEvent:
    if answer.fault:
        return _event("error", asdict(answer.fault))
    done = {
        "conversation_id": conversation_id,
        "message_id": answer.message_id,
        "finish_reason": answer.finish_reason,
        "usage": UsageOut.model_validate(answer.usage, from_attributes=True).model_dump(),
        "timing": answer.timing and TimingOut.model_validate(answer.timing, from_attributes=True).model_dump(),
    }
    return _event("done", done)


def _event(name: str, data: Any, event_id: str | None = None) -> ServerSentEvent:
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(LINE_ENDS)
    return ServerSentEvent(line, event=name, id=event_id, sep="\n")


def _response(events: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    return EventSourceResponse(events, ping=KEEPALIVE_SECONDS, sep="\n")
