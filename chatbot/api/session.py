"""The API's operations on a session: start, export, import, delete."""

import asyncio

from fastapi import APIRouter, Request, Response

from chatbot.api.auth import Address, Memory, ServicesDep, SessionId
from chatbot.api.memory_responses import SwitchesOut
from chatbot.api.openapi import FILE_BODY, ZIP, errors
from chatbot.api.requests import SwitchesBody
from chatbot.api.responses import ConversationOut, ConversationsOut, SessionOut, StatusOut
from chatbot.transfer import export_zip

router = APIRouter(tags=["session"])


@router.post("/session", status_code=201, responses=errors(401))
async def create_session(services: ServicesDep) -> SessionOut:
    """Start a session. Keep the token: nothing else opens its conversations."""
    return SessionOut(token=services.tokens.create())


@router.get("/session", responses=errors(401, 500))
async def get_session(memory: Memory) -> SwitchesOut:
    """Whether notes go along with the session's messages, and whether passages of earlier conversations may."""
    return SwitchesOut.of(await asyncio.to_thread(memory.notes.get_switches))


@router.patch("/session", responses=errors(401, 413, 422, 500, 503))
async def update_session(body: SwitchesBody, memory: Memory) -> SwitchesOut:
    """Switch notes or recall on or off. Without `memory`, neither goes along."""
    switches = await asyncio.to_thread(memory.notes.set_switches, memory=body.memory, recall=body.recall)
    if switches.recall:
        memory.index.start_building()
    return SwitchesOut.of(switches)


@router.delete("/session", responses=errors(401, 500))
async def delete_session(services: ServicesDep, session_id: SessionId) -> StatusOut:
    """Delete everything that the session owns."""
    await services.replies.delete_session(session_id)
    return StatusOut(status="deleted")


@router.get("/session/export", response_class=Response, responses=ZIP | errors(401, 500))
async def export_session(memory: Memory) -> Response:
    """All conversations of the session as a zip, each as JSON and as Markdown."""
    headers = {"Content-Disposition": 'attachment; filename="conversations.zip"'}
    return Response(await asyncio.to_thread(export_zip, memory), media_type="application/zip", headers=headers)


@router.post(
    "/session/import",
    status_code=201,
    response_model_exclude_unset=True,
    openapi_extra=FILE_BODY,
    responses=errors(401, 408, 413, 422, 429, 500, 503),
)
async def import_session(
    services: ServicesDep, session_id: SessionId, address: Address, request: Request
) -> ConversationsOut:
    """Import the conversations of an exported file: JSON or zip, as the body."""
    imported = await services.imports.add(session_id, await request.body(), address)
    return ConversationsOut(conversations=[ConversationOut.of(each) for each in imported])
