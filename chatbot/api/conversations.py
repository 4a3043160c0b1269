"""The API's conversations: listed, read, changed, exported, imported, and the answer under way in one."""

import asyncio
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import WithJsonSchema
from sse_starlette import EventSourceResponse

from chatbot.api import sse as events
from chatbot.api.auth import Credentials, owner
from chatbot.api.openapi import COUNT, EVENTS, FILE, OWNED, ZIP, errors
from chatbot.api.requests import TitleBody
from chatbot.api.responses import ConversationOut, ConversationsOut, ConversationWithMessagesOut, MessageOut, StatusOut
from chatbot.replies.imports import Imports
from chatbot.replies.replies import Replies
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.transfer import export_json, export_markdown, export_zip
from chatbot.transfer.conversation_json import ExportedConversation
from chatbot.web.client_address import client_address
from chatbot.web.session_tokens import SessionTokens

ONE = "/conversations/{conversation_id}"


class ConversationsApi:
    """The operations, on the parts that they translate for."""

    def __init__(
        self, settings: Settings, sessions: SessionTokens, store: Store, replies: Replies, imports: Imports
    ) -> None:
        self._settings = settings
        self._imports = imports
        self._sessions = sessions
        self._store = store
        self._replies = replies

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        add = partial(router.add_api_route, tags=["conversations"])
        add("/conversations", self.list_conversations, methods=["GET"], responses=errors(401, 500))
        taking: dict[str, Any] = {"status_code": 201, "responses": errors(401, 413, 422, 429, 500)}
        add("/conversations/import", self.import_conversation, methods=["POST"], **taking)
        add(ONE, self.get_conversation, methods=["GET"], responses=OWNED)
        add(ONE, self.rename, methods=["PATCH"], responses=OWNED | errors(413))
        add(ONE, self.delete, methods=["DELETE"], responses=OWNED)
        add(f"{ONE}/stop", self.stop, methods=["POST"], responses=OWNED)
        add(f"{ONE}/export", self.export, methods=["GET"], response_class=Response, responses=FILE | OWNED)
        watched = EVENTS | {204: {"description": "Nothing runs there."}} | OWNED
        add(f"{ONE}/stream", self.resume, methods=["GET"], response_class=EventSourceResponse, responses=watched)
        everything: dict[str, Any] = {"response_class": Response, "responses": ZIP | errors(401, 500)}
        router.add_api_route("/session/export", self.export_session, methods=["GET"], tags=["session"], **everything)
        return router

    async def resume(
        self,
        conversation_id: str,
        credentials: Credentials,
        last_event_id: Annotated[
            int | None, Header(ge=0, description="The id of the last token event seen."), WithJsonSchema(COUNT)
        ] = None,
    ) -> Response:
        """Watch the answer under way, from its start or from where a connection broke."""
        session_id = owner(self._sessions, credentials)
        if reply := self._replies.running(session_id, conversation_id):
            return events.stream(reply, credentials.credentials if credentials else "", last_event_id)
        _, messages = await self._replies.messages(session_id, conversation_id)
        answer = messages[-1] if messages and messages[-1].role == "assistant" else None
        if last_event_id is None or answer is None or answer.status == "running":  # running: begun this very moment
            return Response(status_code=204)
        return events.replay(conversation_id, answer, last_event_id)

    async def list_conversations(self, credentials: Credentials) -> ConversationsOut:
        """The session's conversations, the last changed one first."""
        memory = self._store.memory(owner(self._sessions, credentials))
        found = await asyncio.to_thread(memory.list_conversations)
        return ConversationsOut(conversations=[ConversationOut.of(conversation) for conversation in found])

    async def get_conversation(self, conversation_id: str, credentials: Credentials) -> ConversationWithMessagesOut:
        """A conversation with its messages; an answer under way as it stands now."""
        conversation, messages = await self._replies.messages(owner(self._sessions, credentials), conversation_id)
        return ConversationWithMessagesOut(
            conversation_id=conversation.conversation_id,
            title=conversation.title,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            messages=[MessageOut.of(message, conversation_id) for message in messages],
        )

    async def rename(self, conversation_id: str, body: TitleBody, credentials: Credentials) -> ConversationOut:
        """Give a conversation another title."""
        memory = self._store.memory(owner(self._sessions, credentials))
        await asyncio.to_thread(memory.rename_conversation, conversation_id, body.title)
        return ConversationOut.of(await asyncio.to_thread(memory.get_conversation, conversation_id))

    async def delete(self, conversation_id: str, credentials: Credentials) -> StatusOut:
        """Remove a conversation."""
        await self._replies.delete(owner(self._sessions, credentials), conversation_id)
        return StatusOut(status="deleted")

    async def stop(self, conversation_id: str, credentials: Credentials) -> StatusOut:
        """End the answer under way; what it has so far is kept."""
        session_id = owner(self._sessions, credentials)
        if await self._replies.stop(session_id, conversation_id):
            return StatusOut(status="stopped")
        await asyncio.to_thread(self._store.memory(session_id).get_conversation, conversation_id)
        return StatusOut(status="idle")

    async def export(
        self,
        conversation_id: str,
        credentials: Credentials,
        file_format: Annotated[Literal["json", "md"], Query(alias="format")] = "json",
    ) -> Response:
        """A conversation as a file: `json` for importing it again, `md` for reading."""
        session_id = owner(self._sessions, credentials)
        if file_format == "md":
            conversation, messages = await self._replies.messages(session_id, conversation_id)
            return _file(export_markdown(conversation, messages).encode(), "text/markdown", f"{conversation_id}.md")
        content = await asyncio.to_thread(export_json, self._store.memory(session_id), conversation_id)
        return _file(content, "application/json", f"{conversation_id}.json")

    async def import_conversation(
        self, request: Request, content: ExportedConversation, credentials: Credentials
    ) -> ConversationOut:
        """Make an exported JSON file a conversation of this session."""
        session_id = owner(self._sessions, credentials)
        address = client_address(request, bool(self._settings.space_id))
        (imported,) = await self._imports.add(session_id, content, address)
        return ConversationOut.of(imported)

    async def export_session(self, credentials: Credentials) -> Response:
        """All conversations of the session as a zip, each as JSON and as Markdown."""
        content = await asyncio.to_thread(export_zip, self._store.memory(owner(self._sessions, credentials)))
        return _file(content, "application/zip", "conversations.zip")


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
