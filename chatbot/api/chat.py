"""The API's operations on messages: ask, and get the answer whole or as events."""

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter
from sse_starlette import EventSourceResponse

from chatbot.api import sse
from chatbot.api.auth import Address, Credentials, Memory, ServicesDep, SessionId, Token
from chatbot.api.memory_responses import MemoryOut
from chatbot.api.openapi import ASKING, EVENTS, OPTIONAL_TOKEN, WHOLE_OR_EVENTS
from chatbot.api.requests import ChatBody, ContinueBody, InlineIn, UploadedIn
from chatbot.api.response_fields import UsageOut
from chatbot.api.responses import ChatOut
from chatbot.replies.options import resolve_options, resumed_options
from chatbot.replies.reply import Reply
from chatbot.web.services import Services

router = APIRouter(tags=["chat"])


@router.post("/chat", response_model=ChatOut, responses=WHOLE_OR_EVENTS | ASKING, openapi_extra=OPTIONAL_TOKEN)
async def chat(body: ChatBody, services: ServicesDep, credentials: Credentials, address: Address) -> Any:
    """Send a message and get the whole answer; with `stream`, as /chat/stream. Without a token a session begins."""
    token, reply = await _start(body, services, credentials, address)
    return sse.stream(reply, token) if body.stream else await _whole(reply, token)


@router.post(
    "/chat/stream",
    response_class=EventSourceResponse,
    responses=EVENTS | ASKING,
    openapi_extra=OPTIONAL_TOKEN,
)
async def chat_stream(
    body: ChatBody, services: ServicesDep, credentials: Credentials, address: Address
) -> EventSourceResponse:
    """Send a message and watch the answer come. Closing the connection does not end it: stop does."""
    token, reply = await _start(body, services, credentials, address)
    return sse.stream(reply, token)


@router.post("/conversations/{conversation_id}/continue", response_model=ChatOut, responses=WHOLE_OR_EVENTS | ASKING)
async def continue_answer(
    conversation_id: str,
    services: ServicesDep,
    token: Token,
    session_id: SessionId,
    memory: Memory,
    address: Address,
    body: ContinueBody | None = None,
) -> Any:
    """Go on with the last answer, in the same message: one that was cut off, or any other. The events begin with the
    text that it has."""
    asked = body or ContinueBody()
    conversation = await asyncio.to_thread(memory.get_conversation, conversation_id)
    resolving = partial(resumed_options, services.settings, services.providers, conversation.options, asked.options())
    options = await asyncio.to_thread(resolving)
    reply = await services.replies.resume(session_id, conversation_id, options, address=address)
    return sse.stream(reply, token) if asked.stream else await _whole(reply, token)


async def _whole(reply: Reply, token: str) -> ChatOut:
    """The answer when it has ended. Raises its error."""
    await reply.ended.wait()
    if reply.error:
        raise reply.error
    answer = reply.snapshot()
    return ChatOut(
        response=answer.content,
        conversation_id=reply.conversation_id,
        message_id=answer.message_id,
        session_token=token,
        provider=answer.provider or "",
        model=answer.model or "",
        finish_reason=answer.finish_reason,
        usage=UsageOut.model_validate(answer.usage, from_attributes=True),
        memory=MemoryOut.of(answer.memory),
    )


async def _start(body: ChatBody, services: Services, credentials: Credentials, address: str) -> tuple[str, Reply]:
    token = credentials.credentials if credentials else services.tokens.create()
    session_id = services.tokens.session_id(token)
    options = await asyncio.to_thread(resolve_options, services.settings, services.providers, body.options())
    if body.attachments:
        services.replies.check_takes_files(session_id, body.conversation_id, body.temporary)
    files = [await _attachment_id(services, session_id, each, address) for each in body.attachments]
    reply = await services.replies.start(
        session_id,
        body.message,
        options,
        conversation_id=body.conversation_id,
        address=address,
        files=files,
        memory=body.memory,
        temporary=body.temporary,
    )
    return token, reply


async def _attachment_id(services: Services, session_id: str, attachment: InlineIn | UploadedIn, address: str) -> str:
    """The id of an attachment; one that comes with the request is uploaded first."""
    if isinstance(attachment, UploadedIn):
        return attachment.attachment_id
    return (await services.uploads.add(session_id, attachment.name, attachment.content(), address)).attachment_id
