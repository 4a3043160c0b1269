"""The API's operations on attachments: upload one before its message, download one of a conversation."""

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from chatbot.api.auth import Address, Memory, ServicesDep, SessionId
from chatbot.api.openapi import CONTENT, FILE_BODY, OWNED, errors
from chatbot.api.requests import MAX_NAME_LENGTH
from chatbot.api.responses import UploadOut
from chatbot.attachments import saved_name
from chatbot.types import Attachment

router = APIRouter()


@router.post(
    "/attachments",
    status_code=201,
    openapi_extra=FILE_BODY,
    responses=errors(401, 408, 413, 422, 429, 500, 503),
    tags=["chat"],
)
async def upload(
    services: ServicesDep,
    session_id: SessionId,
    address: Address,
    request: Request,
    name: Annotated[str, Query(max_length=MAX_NAME_LENGTH)] = "file",
) -> UploadOut:
    """Upload a file, as the body, for a message that is sent within a day."""
    attachment = await services.uploads.add(session_id, name, await request.body(), address)
    return UploadOut.model_validate(attachment, from_attributes=True)


@router.get(
    "/conversations/{conversation_id}/attachments/{attachment_id}",
    response_class=Response,
    responses=CONTENT | OWNED,
    tags=["conversations"],
)
async def download(conversation_id: str, attachment_id: str, memory: Memory) -> Response:
    """A file that came with a message."""
    attachment, file = await asyncio.to_thread(memory.attachments.get, conversation_id, attachment_id)
    return Response(file.content, media_type=attachment.media_type, headers=_headers(attachment))


def _headers(attachment: Attachment) -> dict[str, str]:
    """A browser saves the file and never opens it as a page of this app. Its content never changes."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(saved_name(attachment))}",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
