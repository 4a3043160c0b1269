"""The HTTP API: the second door to the road. It translates between HTTP and the road, and decides nothing.

Here are a message's operations, and those of sessions and models; conversations and files have modules of their own.
"""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from chatbot import __version__
from chatbot.api import sse as events
from chatbot.api.auth import Credentials, owner
from chatbot.api.openapi import ASKING, EVENTS, TOKEN_OR_NOT, WHOLE_OR_EVENTS, errors
from chatbot.api.requests import ChatBody, InlineIn, UploadedIn
from chatbot.api.responses import (
    ChatOut,
    DefaultOut,
    HealthOut,
    ModelOut,
    ModelsOut,
    ProviderOut,
    SessionOut,
    StatusOut,
    UsageOut,
)
from chatbot.providers import ProviderPool
from chatbot.replies.options import resolve_options
from chatbot.replies.replies import Replies
from chatbot.replies.reply import Reply
from chatbot.replies.uploads import Uploads
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, ModelChoice, ProviderName
from chatbot.web.client_address import client_address
from chatbot.web.session_tokens import SessionTokens


class Api:
    """The operations, on the parts that they translate for."""

    def __init__(
        self,
        settings: Settings,
        sessions: SessionTokens,
        providers: ProviderPool,
        replies: Replies,
        uploads: Uploads,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._providers = providers
        self._replies = replies
        self._uploads = uploads

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        add = router.add_api_route
        add("/health", self.health, methods=["GET"], tags=["service"])
        add("/models", self.models, methods=["GET"], responses=errors(401), tags=["service"])
        add("/session", self.new_session, methods=["POST"], status_code=201, responses=errors(401), tags=["session"])
        add("/session", self.delete_session, methods=["DELETE"], responses=errors(401, 500), tags=["session"])
        chat: dict[str, Any] = {"methods": ["POST"], "openapi_extra": TOKEN_OR_NOT, "tags": ["chat"]}
        add("/chat", self.chat, response_model=ChatOut, responses=WHOLE_OR_EVENTS | ASKING, **chat)
        add("/chat/stream", self.chat_stream, response_class=EventSourceResponse, responses=EVENTS | ASKING, **chat)
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
        await self._replies.delete_session(owner(self._sessions, credentials))
        return StatusOut(status="deleted")

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

    async def _begun(self, body: ChatBody, credentials: Credentials, request: Request) -> tuple[str, Reply]:
        token = credentials.credentials if credentials else self._sessions.new()
        session_id = self._sessions.session_id(token)
        asked = body.model_dump(exclude={"message", "conversation_id", "attachments", "stream"})
        options = await asyncio.to_thread(lambda: resolve_options(self._settings, self._providers, **asked))
        address = client_address(request, bool(self._settings.space_id))
        files = [await self._attached(session_id, each, address) for each in body.attachments]
        where: dict[str, Any] = {"conversation_id": body.conversation_id, "address": address, "files": files}
        reply = await self._replies.start(session_id, body.message, options, **where)
        return token, reply

    async def _attached(self, session_id: str, given: InlineIn | UploadedIn, address: str) -> str:
        """The id of an attachment, which is kept first where it comes with the request."""
        if isinstance(given, UploadedIn):
            return given.attachment_id
        return (await self._uploads.add(session_id, given.name, given.content(), address)).attachment_id

    def _provider(self, name: ProviderName) -> ProviderOut:
        models = [
            ModelOut(id=model, context_tokens=self._providers.context_tokens(ModelChoice(name, model)))
            for model in self._providers.models(name)
        ]
        available = name in self._providers.offered
        return ProviderOut(name=name, label=self._providers.label(name), available=available, models=models)
