"""The API's operations on conversations: list, read, rename, delete, export, import, and their running answers."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from pydantic import WithJsonSchema
from sse_starlette import EventSourceResponse

from chatbot.api import sse
from chatbot.api.auth import Address, Memory, ServicesDep, SessionId, Token
from chatbot.api.openapi import COUNT, EVENTS, FILE, NOTHING_RUNS, OWNED, errors
from chatbot.api.requests import ConversationChangesBody, MessageChangesBody
from chatbot.api.responses import ConversationOut, ConversationsOut, ConversationWithMessagesOut, MessageOut, StatusOut
from chatbot.errors import NotFound
from chatbot.transfer import ExportedConversation, export_json, export_markdown, title_as_file_name

router = APIRouter(tags=["conversations"])

ONE = "/conversations/{conversation_id}"


@router.get("/conversations", response_model_exclude_unset=True, responses=errors(401, 500))
async def list_conversations(memory: Memory) -> ConversationsOut:
    """The session's conversations, the last changed one first."""
    found = await asyncio.to_thread(memory.list_conversations)
    return ConversationsOut(conversations=[ConversationOut.of(each) for each in found])


@router.post(
    "/conversations/import",
    status_code=201,
    response_model_exclude_unset=True,
    responses=errors(401, 413, 422, 429, 500),
)
async def import_conversation(
    content: ExportedConversation, services: ServicesDep, session_id: SessionId, address: Address
) -> ConversationOut:
    """Make an exported JSON file a conversation of this session."""
    (imported,) = await services.imports.add(session_id, content, address)
    return ConversationOut.of(imported)


@router.get(ONE, responses=OWNED)
async def get_conversation(
    conversation_id: str, services: ServicesDep, session_id: SessionId
) -> ConversationWithMessagesOut:
    """A conversation with its messages; a running answer as it is now."""
    conversation, messages = await services.replies.messages(session_id, conversation_id)
    return ConversationWithMessagesOut(
        conversation_id=conversation.conversation_id,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        messages=[MessageOut.of(message, conversation_id) for message in messages],
    )


@router.patch(ONE, response_model_exclude_unset=True, responses=OWNED | errors(409, 413, 503))
async def update_conversation(conversation_id: str, body: ConversationChangesBody, memory: Memory) -> ConversationOut:
    """Change a conversation's title, what memory does with it, or whether it is pinned."""
    if body.title is not None:
        await asyncio.to_thread(memory.rename_conversation, conversation_id, body.title)
    if body.temporary is False:
        await asyncio.to_thread(memory.keep_conversation, conversation_id)
    if body.pinned is not None:
        await asyncio.to_thread(memory.pin_conversation, conversation_id, body.pinned)
    await asyncio.to_thread(
        memory.set_memory,
        conversation_id,
        memory=body.memory,
        excluded=body.excluded,
        irrelevant=body.irrelevant,
        summarized=body.summarized,
    )
    return ConversationOut.of(await asyncio.to_thread(memory.get_conversation, conversation_id), *body.model_fields_set)


@router.patch(f"{ONE}/messages/{{message_id}}", responses=OWNED | errors(413))
async def update_message(conversation_id: str, message_id: str, body: MessageChangesBody, memory: Memory) -> MessageOut:
    """Pin a message, or let it go."""
    message = await asyncio.to_thread(memory.pin_message, conversation_id, message_id, body.pinned)
    return MessageOut.of(message, conversation_id)


@router.delete(ONE, responses=OWNED)
async def delete_conversation(conversation_id: str, services: ServicesDep, session_id: SessionId) -> StatusOut:
    """Delete a conversation."""
    await services.replies.delete(session_id, conversation_id)
    return StatusOut(status="deleted")


@router.post(f"{ONE}/stop", responses=OWNED)
async def stop_answer(conversation_id: str, services: ServicesDep, session_id: SessionId, memory: Memory) -> StatusOut:
    """End the running answer; the text that it has is kept."""
    if await services.replies.stop(session_id, conversation_id):
        return StatusOut(status="stopped")
    await asyncio.to_thread(memory.get_conversation, conversation_id)
    return StatusOut(status="idle")


@router.get(f"{ONE}/export", response_class=Response, responses=FILE | OWNED)
async def export_conversation(
    conversation_id: str,
    services: ServicesDep,
    session_id: SessionId,
    memory: Memory,
    file_format: Annotated[Literal["json", "md"], Query(alias="format")] = "json",
) -> Response:
    """A conversation as a file: `json` to import it again, `md` to read it. A temporary chat is in no export."""
    if memory.is_temporary(conversation_id):
        raise NotFound("temporary")
    conversation, messages = await services.replies.messages(session_id, conversation_id)
    if file_format == "md":
        summaries = await asyncio.to_thread(memory.summaries.list, conversation_id)
        content, media_type = export_markdown(conversation, messages, None, summaries).encode(), "text/markdown"
    else:
        content, media_type = await asyncio.to_thread(export_json, memory, conversation_id), "application/json"
    name = quote(f"{title_as_file_name(conversation.title) or conversation_id}.{file_format}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=media_type, headers=headers)


@router.get(f"{ONE}/stream", response_class=EventSourceResponse, responses=EVENTS | NOTHING_RUNS | OWNED)
async def watch_answer(
    conversation_id: str,
    services: ServicesDep,
    session_id: SessionId,
    token: Token,
    last_event_id: Annotated[
        int | None, Header(ge=0, description="The id of the last token event seen."), WithJsonSchema(COUNT)
    ] = None,
) -> Response:
    """Watch the running answer, from its start or from where a connection broke."""
    if reply := await services.replies.find_running(session_id, conversation_id):
        return sse.stream(reply, token, last_event_id)
    _, messages = await services.replies.messages(session_id, conversation_id)
    answer = messages[-1] if messages and messages[-1].role == "assistant" else None
    if last_event_id is None or answer is None or answer.status == "running":  # running: started this moment
        return Response(status_code=204)
    return sse.replay(conversation_id, answer, last_event_id)
