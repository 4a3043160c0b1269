"""The API's files: in before a message, out of a conversation, and conversations with their files from an export."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from chatbot.api.auth import Credentials, owner
from chatbot.api.openapi import ANY_FILE, CONTENT, OWNED, errors
from chatbot.api.requests import LONGEST_NAME
from chatbot.api.responses import ConversationOut, ConversationsOut, UploadOut
from chatbot.replies.imports import Imports
from chatbot.replies.uploads import Uploads
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.types import Attachment
from chatbot.web.client_address import client_address
from chatbot.web.session_tokens import SessionTokens


class FilesApi:
    """The operations, on the parts that they translate for."""

    def __init__(
        self, settings: Settings, sessions: SessionTokens, store: Store, uploads: Uploads, imports: Imports
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._store = store
        self._uploads = uploads
        self._imports = imports

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        taking: dict[str, Any] = {"methods": ["POST"], "status_code": 201, "openapi_extra": ANY_FILE}
        refusals = errors(401, 413, 422, 429, 500)
        router.add_api_route("/attachments", self.upload, responses=refusals, tags=["chat"], **taking)
        router.add_api_route("/session/import", self.import_session, responses=refusals, tags=["session"], **taking)
        router.add_api_route(
            "/conversations/{conversation_id}/attachments/{attachment_id}",
            self.download,
            methods=["GET"],
            response_class=Response,
            responses=CONTENT | OWNED,
            tags=["conversations"],
        )
        return router

    async def upload(
        self,
        request: Request,
        credentials: Credentials,
        name: Annotated[str, Query(max_length=LONGEST_NAME, description="What it is called.")] = "file",
    ) -> UploadOut:
        """Take a file, as the body, for a message that is sent within a day: a picture (PNG, JPEG, WebP or GIF), a PDF,
        or text of any kind."""
        session_id = owner(self._sessions, credentials)
        address = client_address(request, bool(self._settings.space_id))
        attachment = await self._uploads.add(session_id, name, await request.body(), address)
        return UploadOut.model_validate(attachment, from_attributes=True)

    async def download(self, conversation_id: str, attachment_id: str, credentials: Credentials) -> Response:
        """A file that came with a message."""
        memory = self._store.memory(owner(self._sessions, credentials))
        attachment, file = await asyncio.to_thread(memory.get_file, conversation_id, attachment_id)
        return Response(file.content, media_type=attachment.media_type, headers=_headers(attachment))

    async def import_session(self, request: Request, credentials: Credentials) -> ConversationsOut:
        """Make the conversations of an exported file, JSON or zip as the body, conversations of this session."""
        session_id = owner(self._sessions, credentials)
        address = client_address(request, bool(self._settings.space_id))
        imported = await self._imports.add(session_id, await request.body(), address)
        return ConversationsOut(conversations=[ConversationOut.of(each) for each in imported])


def _headers(attachment: Attachment) -> dict[str, str]:
    """A browser saves it, and does not take it for a page of this app. Its content never changes."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
