"""What the chat's events do. Each takes the session's token from the browser, and trusts nothing else from there."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal, NamedTuple

import gradio as gr

from chatbot.errors import ChatbotError
from chatbot.page.conversation_view import SHOWN_MESSAGES, ConversationViews, empty
from chatbot.page.gradio_update import UNCHANGED, GradioUpdate
from chatbot.page.i18n import ENGLISH
from chatbot.page.message_view import GradioMessage, show, show_file, show_message, show_notice
from chatbot.page.settings_values import SettingsValues
from chatbot.providers import ProviderPool
from chatbot.replies.options import resolve_options
from chatbot.replies.replies import Replies
from chatbot.replies.reply import Reply
from chatbot.settings import Settings
from chatbot.types import ProviderName, StoredMessage
from chatbot.web.client_address import client_address
from chatbot.web.session_tokens import SessionTokens

READY: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
"""The button in the message box: send, or stop."""

BEGUN_SECONDS = 0.04
"""How long the page waits for an answer's first word before it is told that there will be one: with both at once it has
one thing to draw and not two, which takes it 10 ms each."""

Kind = Literal["new", "edited", "again"]
"""A turn: a message that goes on from the last, another version of a message, or another answer to it."""


class ChatRequest(NamedTuple):
    """Who asks, from where, in which conversation, and for what; `question` is the message that a turn is another
    version of, or another answer to; `files` are the ids of those that come with it."""

    token: str | None
    conversation_id: str
    panel: SettingsValues
    address: str
    kind: Kind = "new"
    question: str = ""
    files: tuple[str, ...] = ()


class Update(NamedTuple):
    """What a step of an answer changes: its messages, the message box, the open conversation, the lines below,
    the files that wait for the next message. For the browser as it is: Gradio's server has nothing to make of it."""

    answer: list[GradioMessage]
    textbox: GradioUpdate = UNCHANGED
    conversation_id: str | GradioUpdate = UNCHANGED
    turns: str | GradioUpdate = UNCHANGED
    files: str | GradioUpdate = UNCHANGED


class ChatHandlers:
    """The chat's door to the road."""

    def __init__(
        self,
        settings: Settings,
        sessions: SessionTokens,
        providers: ProviderPool,
        replies: Replies,
        views: ConversationViews,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._providers = providers
        self._replies = replies
        self._views = views

    def client_address(self, request: gr.Request) -> str:
        """Where a page's request comes from."""
        return client_address(request, bool(self._settings.space_id))

    async def respond(self, text: str, asked: ChatRequest) -> AsyncGenerator[Update]:
        """The answer to `text`, again and again as it grows. Never raises: Gradio has nowhere to show it."""
        try:
            reply = await self._begun(text, asked)
        except ChatbotError as error:
            yield self._refusal(text, asked, error)
            return
        async with aclosing(self._frames(reply, SHOWN_MESSAGES + 2)) as updates:
            async for update in updates:
                yield update

    async def answer_program(
        self,
        request: gr.Request,
        message: str,
        session: tuple[str, str] | None,
        provider: ProviderName,
        model: str,
        system_prompt: str,
    ) -> AsyncGenerator[tuple[str, tuple[str, str]]]:
        """The answer to `message`, its text again and again as it grows, for gradio_client, whose own the session is.

        Raises gr.Error, which the client raises in its turn.
        """
        token, conversation_id = session or (self._sessions.new(), "")
        try:
            options = resolve_options(
                self._settings, self._providers, provider=provider, model=model, system_prompt=system_prompt
            )
            owner = self._sessions.session_id(token)
            where: dict[str, Any] = {
                "conversation_id": conversation_id or None,
                "address": self.client_address(request),
            }
            reply = await self._replies.start(owner, message, options, **where)
        except ChatbotError as error:
            raise gr.Error(str(error), print_exception=False) from None
        async with aclosing(reply.snapshots(self._replies.update_interval)) as snapshots:
            async for frame in snapshots:
                yield frame.content, (token, reply.conversation_id)
        if reply.error:
            raise gr.Error(str(reply.error), print_exception=False)

    async def shown(self, token: str | None, conversation_id: str) -> list[GradioMessage]:
        """The newest messages of the conversation, without an answer that is under way."""
        try:
            view = await self._views.of(self._sessions.session_id(token), conversation_id)
        except ChatbotError:
            return []
        return view.messages

    async def follow(self, token: str | None, conversation_id: str) -> AsyncGenerator[tuple[Any, Any, Any]]:
        """The conversation as it is now, and the answer under way in it, if one is, until it has ended."""
        try:
            owner = self._sessions.session_id(token)
            reply = self._replies.running(owner, conversation_id)
            # named before the disk is read: it may end in between, and must not be shown twice
            answer = reply.snapshot().message_id if reply else None
            view = await self._views.of(owner, conversation_id, without=answer)
        except ChatbotError:  # deleted meanwhile: the list will tell the page, which then leaves it
            yield UNCHANGED, GradioUpdate(**READY), UNCHANGED
            return
        if reply is None:
            yield view.messages, GradioUpdate(**READY), view.turns
            return
        async with aclosing(self._frames(reply, SHOWN_MESSAGES)) as updates:
            async for update in updates:
                yield view.messages + update.answer, update.textbox, update.turns

    async def stop(self, token: str | None, conversation_id: str) -> None:
        """End the answer under way in the conversation; what it has stays."""
        await self._replies.stop(self._sessions.session_id(token), conversation_id)

    async def turn_of(self, asked: ChatRequest, question: str) -> tuple[list[GradioMessage], StoredMessage | None]:
        """A message of the visitor's, None where it is gone, and what stands before it. An answer under way is
        ended."""
        try:
            await self.stop(asked.token, asked.conversation_id)
            messages = await self._views.before(self._sessions.session_id(asked.token), asked.conversation_id, question)
        except ChatbotError:
            return [], None
        return show(messages[:-1]), messages[-1] if messages and messages[-1].role == "user" else None

    async def undo(self, token: str | None, conversation_id: str) -> tuple[Any, Any, Any, Any]:
        """Take the last message and its answer back, the message into the box, and its files above it."""
        owner = self._sessions.session_id(token)
        taken = await self._replies.undo(owner, conversation_id)
        view = await self._views.of(owner, conversation_id)
        again = json.dumps({"again": [show_file(each) for each in taken.attachments], "at": time.time()})
        files = again if taken.attachments else gr.skip()
        return view.messages, gr.Textbox(value=taken.content, **READY), view.turns, files

    def _refusal(self, text: str, asked: ChatRequest, error: ChatbotError) -> Update:
        """Says why a turn was refused before it began, and gives back what was typed for it."""
        if asked.kind == "new":
            back = json.dumps({"back": asked.files, "at": time.time()}) if asked.files else UNCHANGED
            return Update(show_notice(str(error)), GradioUpdate(value=text, **READY), files=back)
        gr.Warning(str(error))
        box = GradioUpdate(**READY) if asked.kind == "again" else GradioUpdate(value=text, **READY)
        # knowing of no change, the page asks for all
        return Update(show_notice(str(error)), box, turns=empty(asked.conversation_id))

    async def _begun(self, text: str, asked: ChatRequest) -> Reply:
        owner, panel = self._sessions.session_id(asked.token), asked.panel
        options = await asyncio.to_thread(panel.options, self._settings, self._providers)
        caller: dict[str, Any] = {"key": panel.key, "address": asked.address}
        if asked.kind == "again":
            return await self._replies.retry(owner, asked.conversation_id, asked.question, options, **caller)
        where: dict[str, Any] = {"conversation_id": asked.conversation_id or None, "edited": asked.question or None}
        where["files"] = asked.files
        return await self._replies.start(owner, text, options, **where, **caller)

    async def _frames(self, reply: Reply, most: int) -> AsyncGenerator[Update]:
        """The updates of a reply: soon that it has begun, with its first words where these are as quick, then its text
        as it grows, at last that the box is free again.
        `most` is how many messages the page shows then, the answer included: each line belongs to one of them."""
        opening: dict[str, Any] = {
            "conversation_id": reply.conversation_id,
            "turns": await self._turns(reply, most) or UNCHANGED,
        }
        async with aclosing(reply.snapshots(self._replies.update_interval, BEGUN_SECONDS)) as snapshots:
            async for frame in snapshots:
                if frame.status == "running":  # busy each time: a page that still loads loses the first
                    yield Update(show_message(frame, self._waiting_for(frame)), GradioUpdate(**BUSY), **opening)
                    opening = {}
        # together: a page that is free but has no lines of this answer takes it for another tab's, and asks for all
        opening["turns"] = await self._turns(reply, most) or UNCHANGED
        yield Update(show_message(reply.snapshot()), GradioUpdate(**READY), **opening)

    async def _turns(self, reply: Reply, most: int) -> str | None:
        try:
            view = await self._views.of(reply.session_id, reply.conversation_id, most)
        except ChatbotError:  # deleted meanwhile, as above
            return None
        is_newest = view.newest == reply.snapshot().message_id
        return view.turns if is_newest else empty(reply.conversation_id)  # or another tab shows something else by now

    def _waiting_for(self, answer: StoredMessage) -> str:
        embedded = self._providers.embedded
        is_loading = embedded and embedded.state.phase != "ready" and answer.provider == "local"
        return ENGLISH["model.patience"] if is_loading else ""
