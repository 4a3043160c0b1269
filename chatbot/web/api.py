"""The HTTP API: the second door to the road. It translates between HTTP and the road, and decides nothing."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import WithJsonSchema
from sse_starlette import EventSourceResponse

from chatbot import __version__
from chatbot.memory import Store, from_json, to_json, to_markdown, to_zip
from chatbot.memory.exchange import ConversationFile
from chatbot.messages import PROVIDER_NAMES, Choice, Conversation, ProviderName
from chatbot.options import complete
from chatbot.providers import Providers
from chatbot.replies import Replies
from chatbot.reply import Reply
from chatbot.settings import Settings
from chatbot.uploads import Uploads
from chatbot.web import events
from chatbot.web.address import address_of
from chatbot.web.description import ASKING, COUNT, EVENTS, FILE, OWNED, TOKEN_OR_NOT, WHOLE_OR_EVENTS, ZIP, errors
from chatbot.web.schemas import (
    ChatBody,
    ChatOut,
    ConversationOut,
    ConversationsOut,
    ConversationWithMessagesOut,
    DefaultOut,
    HealthOut,
    InlineIn,
    MessageOut,
    ModelOut,
    ModelsOut,
    ProviderOut,
    SessionOut,
    StatusOut,
    TitleBody,
    UploadedIn,
    UsageOut,
)
from chatbot.web.sessions import Sessions

bearer = HTTPBearer(auto_error=False, description="A session's token, from POST /session or from an answer.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


class Api:
    """The operations, on the parts that they translate for."""

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        store: Store,
        providers: Providers,
        replies: Replies,
        uploads: Uploads,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._store = store
        self._providers = providers
        self._replies = replies
        self._uploads = uploads

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        owned = "/conversations/{conversation_id}"
        add = router.add_api_route
        add("/health", self.health, methods=["GET"], tags=["service"])
        add("/models", self.models, methods=["GET"], responses=errors(401), tags=["service"])
        add("/session", self.new_session, methods=["POST"], status_code=201, responses=errors(401), tags=["session"])
        add("/session", self.delete_session, methods=["DELETE"], responses=errors(401, 500), tags=["session"])
        everything: dict[str, Any] = {"response_class": Response, "responses": ZIP | errors(401, 500)}
        add("/session/export", self.export_session, methods=["GET"], tags=["session"], **everything)
        chat: dict[str, Any] = {"methods": ["POST"], "openapi_extra": TOKEN_OR_NOT, "tags": ["chat"]}
        add("/chat", self.chat, response_model=ChatOut, responses=WHOLE_OR_EVENTS | ASKING, **chat)
        add("/chat/stream", self.chat_stream, response_class=EventSourceResponse, responses=EVENTS | ASKING, **chat)
        mine: dict[str, Any] = {"responses": OWNED, "tags": ["conversations"]}
        add("/conversations", self.list_conversations, methods=["GET"], responses=errors(401, 500), tags=mine["tags"])
        taken = errors(401, 413, 422, 500)
        add(
            "/conversations/import",
            self.import_conversation,
            methods=["POST"],
            status_code=201,
            responses=taken,
            tags=mine["tags"],
        )
        add(owned, self.get_conversation, methods=["GET"], **mine)
        add(owned, self.rename, methods=["PATCH"], responses=OWNED | errors(413), tags=mine["tags"])
        add(owned, self.delete, methods=["DELETE"], **mine)
        add(f"{owned}/stop", self.stop, methods=["POST"], **mine)
        add(
            f"{owned}/export",
            self.export,
            methods=["GET"],
            response_class=Response,
            responses=FILE | OWNED,
            tags=mine["tags"],
        )
        add(
            f"{owned}/stream",
            self.resume,
            methods=["GET"],
            response_class=EventSourceResponse,
            responses=EVENTS | {204: {"description": "Nothing runs there."}} | OWNED,
            tags=mine["tags"],
        )
        return router

    async def health(self) -> HealthOut:
        """Whether the app is up."""
        return HealthOut(version=__version__)

    async def models(self) -> ModelsOut:
        """The providers with their models, and what a conversation starts with."""
        providers = await asyncio.to_thread(lambda: [self._provider(name) for name in PROVIDER_NAMES])
        default = self._providers.default
        chosen = DefaultOut(
            provider=default.provider if default else None, model=(default.model or None) if default else None
        )
        return ModelsOut(providers=providers, default=chosen)

    async def new_session(self) -> SessionOut:
        """Start a session. Keep the token: nothing else opens its conversations."""
        return SessionOut(token=self._sessions.new())

    async def delete_session(self, credentials: Credentials) -> StatusOut:
        """Remove everything that the session owns."""
        await self._replies.delete_session(self._owner(credentials))
        return StatusOut(status="deleted")

    async def export_session(self, credentials: Credentials) -> Response:
        """All conversations of the session as a zip, each as JSON and as Markdown."""
        content = await asyncio.to_thread(to_zip, self._store.memory(self._owner(credentials)))
        return _file(content, "application/zip", "conversations.zip")

    async def chat(self, body: ChatBody, credentials: Credentials, request: Request) -> Any:
        """Send a message and get the whole answer; with `stream`, as /chat/stream. Without a token a session begins."""
        token, reply = await self._begun(body, credentials, request)
        if body.stream:
            return events.stream(reply, token)
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
        )

    async def chat_stream(self, body: ChatBody, credentials: Credentials, request: Request) -> EventSourceResponse:
        """Send a message and watch the answer come. Closing the connection does not end it: stop does."""
        token, reply = await self._begun(body, credentials, request)
        return events.stream(reply, token)

    async def resume(
        self,
        conversation_id: str,
        credentials: Credentials,
        last_event_id: Annotated[
            int | None, Header(ge=0, description="The id of the last token event seen."), WithJsonSchema(COUNT)
        ] = None,
    ) -> Response:
        """Watch the answer under way, from its start or from where a connection broke."""
        owner = self._owner(credentials)
        if reply := self._replies.running(owner, conversation_id):
            return events.stream(reply, credentials.credentials if credentials else "", last_event_id)
        _, messages = await self._replies.messages(owner, conversation_id)
        answer = messages[-1] if messages and messages[-1].role == "assistant" else None
        if last_event_id is None or answer is None or answer.status == "running":  # running: begun this very moment
            return Response(status_code=204)
        return events.replay(conversation_id, answer, last_event_id)

    async def list_conversations(self, credentials: Credentials) -> ConversationsOut:
        """The session's conversations, the last changed one first."""
        memory = self._store.memory(self._owner(credentials))
        found = await asyncio.to_thread(memory.list_conversations)
        return ConversationsOut(conversations=[summary(conversation) for conversation in found])

    async def get_conversation(self, conversation_id: str, credentials: Credentials) -> ConversationWithMessagesOut:
        """A conversation with its messages; an answer under way as it stands now."""
        conversation, messages = await self._replies.messages(self._owner(credentials), conversation_id)
        return ConversationWithMessagesOut(
            conversation_id=conversation.conversation_id,
            title=conversation.title,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            messages=[MessageOut.of(message, conversation_id) for message in messages],
        )

    async def rename(self, conversation_id: str, body: TitleBody, credentials: Credentials) -> ConversationOut:
        """Give a conversation another title."""
        memory = self._store.memory(self._owner(credentials))
        await asyncio.to_thread(memory.rename_conversation, conversation_id, body.title)
        return summary(await asyncio.to_thread(memory.get_conversation, conversation_id))

    async def delete(self, conversation_id: str, credentials: Credentials) -> StatusOut:
        """Remove a conversation."""
        await self._replies.delete(self._owner(credentials), conversation_id)
        return StatusOut(status="deleted")

    async def stop(self, conversation_id: str, credentials: Credentials) -> StatusOut:
        """End the answer under way; what it has so far is kept."""
        owner = self._owner(credentials)
        if await self._replies.stop(owner, conversation_id):
            return StatusOut(status="stopped")
        await asyncio.to_thread(self._store.memory(owner).get_conversation, conversation_id)
        return StatusOut(status="idle")

    async def export(
        self,
        conversation_id: str,
        credentials: Credentials,
        file_format: Annotated[Literal["json", "md"], Query(alias="format")] = "json",
    ) -> Response:
        """A conversation as a file: `json` for importing it again, `md` for reading."""
        owner = self._owner(credentials)
        if file_format == "md":
            conversation, messages = await self._replies.messages(owner, conversation_id)
            return _file(to_markdown(conversation, messages).encode(), "text/markdown", f"{conversation_id}.md")
        content = await asyncio.to_thread(to_json, self._store.memory(owner), conversation_id)
        return _file(content, "application/json", f"{conversation_id}.json")

    async def import_conversation(self, content: ConversationFile, credentials: Credentials) -> ConversationOut:
        """Make an exported JSON file a conversation of this session."""
        memory = self._store.memory(self._owner(credentials))
        conversation_id = await asyncio.to_thread(from_json, memory, content)
        return summary(await asyncio.to_thread(memory.get_conversation, conversation_id))

    async def _begun(
        self, body: ChatBody, credentials: HTTPAuthorizationCredentials | None, request: Request
    ) -> tuple[str, Reply]:
        token = credentials.credentials if credentials else self._sessions.new()
        owner = self._sessions.owner(token)
        asked = body.model_dump(exclude={"message", "conversation_id", "attachments", "stream"})
        options = await asyncio.to_thread(lambda: complete(self._settings, self._providers, **asked))
        address = address_of(request, bool(self._settings.space_id))
        files = [await self._attached(owner, each, address) for each in body.attachments]
        where: dict[str, Any] = {"conversation_id": body.conversation_id, "address": address, "files": files}
        reply = await self._replies.start(owner, body.message, options, **where)
        return token, reply

    async def _attached(self, owner: str, given: InlineIn | UploadedIn, address: str) -> str:
        """The id of an attachment, which is kept first where it comes with the request."""
        if isinstance(given, UploadedIn):
            return given.attachment_id
        return (await self._uploads.add(owner, given.name, given.content(), address)).attachment_id

    def _owner(self, credentials: HTTPAuthorizationCredentials | None) -> str:
        return self._sessions.owner(credentials.credentials if credentials else None)

    def _provider(self, name: ProviderName) -> ProviderOut:
        models = [
            ModelOut(id=model, context_tokens=self._providers.context_tokens(Choice(name, model)))
            for model in self._providers.models(name)
        ]
        available = name in self._providers.offered
        return ProviderOut(name=name, label=self._providers.label(name), available=available, models=models)


def summary(conversation: Conversation) -> ConversationOut:
    """The conversation without its messages."""
    return ConversationOut.model_validate(conversation, from_attributes=True)


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
