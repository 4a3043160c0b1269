"""What the chat's events do: answer, stop, follow, undo. They trust nothing that the browser sends but the token."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import count
from typing import Literal, NamedTuple

import gradio as gr

from chatbot.errors import Busy, ChatbotError
from chatbot.i18n import Text
from chatbot.page.conversation_view import ConversationViews, idle_update
from chatbot.page.error_toasts import error_toast, warn
from chatbot.page.i18n import local_label, locale_of
from chatbot.page.message_view import show_file, show_message, show_notice, waiting_words
from chatbot.page.queue_handlers import waiting_turn
from chatbot.page.settings_values import SettingsValues
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.options import resolve_options
from chatbot.replies.reply import Reply
from chatbot.types import PROVIDER_NAMES, ProviderName, StoredMessage
from chatbot.web.client_address import client_address
from chatbot.web.services import Services

FIRST_UPDATE_SECONDS = 0.04
"""How long the first update waits for the first token: with both at once the page draws once instead of twice, which
takes it 10 ms each."""

MOST_PAGES = 10_000
"""Of how many pages it is known which views they have left. Others are sent an answer to its end."""

TurnKind = Literal["new", "edit", "retry", "resume"]


class ChatRequest(NamedTuple):
    """A turn that the page asks for. `kind`: a new message, another version of the message `question`, another answer
    to it, or more of the last answer. `files` are the ids of uploads; a new conversation is `temporary` if it is to be
    in memory only."""

    token: str | None
    view: int
    conversation_id: str
    settings: SettingsValues
    kind: TurnKind
    text: str = ""
    question: str = ""
    files: tuple[str, ...] = ()
    temporary: bool = False


class ChatHandlers:
    """The chat's events."""

    def __init__(self, services: Services, views: ConversationViews) -> None:
        self._services = services
        self._views = views
        self._left: OrderedDict[str, int] = OrderedDict()
        """By page, the newest view that it has left. Gradio may hear of that before the view's own event."""
        self._stopped: OrderedDict[tuple[str, int], None] = OrderedDict()
        """By page and view, the answers that were stopped before the page knew their conversation."""

    async def respond(self, request: gr.Request, asked: ChatRequest) -> AsyncGenerator[ViewUpdate]:
        """The answer, again and again as it grows. Never raises: a refusal is an update too."""
        try:
            reply = await self._start_or_queue(request, asked)
        except ChatbotError as error:
            if asked.kind == "new" and self._has_left(request, asked.view):
                warn(error, locale_of(request))  # its answer is where nobody looks
            yield await self._refusal(asked, error, locale_of(request))
            return
        following = self.follow(request, asked.token, asked.view, asked.conversation_id)
        is_new = asked.kind == "new"
        async with aclosing(
            self._updates_for(request, reply, asked.view, is_new=is_new) if reply else following
        ) as updates:
            async for update in updates:
                yield update

    async def respond_to_program(
        self,
        request: gr.Request,
        message: str,
        session: tuple[str, str] | None,
        provider: ProviderName,
        model: str,
        system_prompt: str,
    ) -> AsyncGenerator[tuple[str, tuple[str, str]]]:
        """The text of the answer, again and again as it grows, for gradio_client, which keeps `session` for the next
        message. Raises gr.Error."""
        services = self._services
        token, conversation_id = session or (services.tokens.create(), "")
        try:
            options = resolve_options(
                services.settings,
                services.providers,
                {"provider": provider, "model": model, "system_prompt": system_prompt},
            )
            reply = await services.replies.start(
                services.tokens.session_id(token),
                message,
                options,
                conversation_id=conversation_id or None,
                address=self._address(request),
            )
        except ChatbotError as error:
            raise error_toast(error, locale_of(request)) from None
        async with aclosing(reply.snapshots(services.replies.update_interval)) as snapshots:
            async for snapshot in snapshots:
                yield snapshot.content, (token, reply.conversation_id)
        if reply.error:
            raise error_toast(reply.error, locale_of(request))

    async def follow(
        self, request: gr.Request, token: str | None, view: int, conversation_id: str
    ) -> AsyncGenerator[ViewUpdate]:
        """The conversation as it is now, and its running answer, if there is one, until it has ended."""
        locale = locale_of(request)
        try:
            session_id = self._session_id(token)
            reply = await self._services.replies.find_running(session_id, conversation_id)
            if reply is None:
                read = await self._views.read(session_id, conversation_id, locale)
                yield idle_update(view, read)
                return
        except ChatbotError:  # deleted meanwhile: the list will tell the page, which then leaves it
            yield {"view": view, "phase": "idle"}
            return
        async with aclosing(self._updates_for(request, reply, view)) as updates:
            async for update in updates:
                yield update

    def leave(self, request: gr.Request, view: int, *, stops: bool = False) -> None:
        """The page has left a view: no more updates are sent to it. Its answer goes on, unless the visitor `stops` it:
        the page did not know its conversation yet."""
        page = str(request.session_hash)
        self._left[page] = max(view, self._left.get(page, view))
        self._left.move_to_end(page)
        if stops:
            self._stopped[page, view] = None
        for known in (self._left, self._stopped):
            if len(known) > MOST_PAGES:
                known.popitem(last=False)

    def _has_left(self, request: gr.Request, view: int) -> bool:
        return view <= self._left.get(str(request.session_hash), -1)

    async def stop(self, token: str | None, conversation_id: str) -> None:
        """Ends the running answer; its text stays."""
        await self._services.replies.stop(self._session_id(token), conversation_id)

    async def undo(self, request: gr.Request, token: str | None, view: int, conversation_id: str) -> ViewUpdate:
        """Takes the last message and its answer back: the message into the box, its attachments above it."""
        session_id = self._session_id(token)
        question = await self._services.replies.undo(session_id, conversation_id)
        read = await self._views.read(session_id, conversation_id, locale_of(request))
        undone = [show_file(each) for each in question.attachments]
        return {**idle_update(view, read), "box": question.content, "undone": undone}

    async def _start_or_queue(self, request: gr.Request, asked: ChatRequest) -> Reply | None:
        """Starts the turn. None if another tab, or a program, was quicker: then a new message waits for that answer's
        end."""
        try:
            return await self._start(request, asked)
        except Busy:
            if asked.kind != "new":
                raise
        session_id = self._session_id(asked.token)
        turn = await waiting_turn(request, self._services, asked.settings)
        await self._services.queue.add(session_id, asked.conversation_id, asked.text, turn, asked.files)
        return None

    async def _start(self, request: gr.Request, asked: ChatRequest) -> Reply:
        services, settings, address = self._services, asked.settings, self._address(request)
        session_id = self._session_id(asked.token)
        options = await asyncio.to_thread(settings.options, services)
        if asked.kind == "new":
            return await services.replies.start(
                session_id,
                asked.text,
                options,
                conversation_id=asked.conversation_id or None,
                key=settings.key,
                address=address,
                files=asked.files,
                temporary=asked.temporary,
            )
        await services.replies.stop(session_id, asked.conversation_id, holds_queue=True)
        if asked.kind == "resume":
            return await services.replies.resume(
                session_id, asked.conversation_id, options, key=settings.key, address=address
            )
        if asked.kind == "retry":
            return await services.replies.retry(
                session_id, asked.conversation_id, asked.question, options, key=settings.key, address=address
            )
        return await services.replies.start(
            session_id,
            asked.text,
            options,
            conversation_id=asked.conversation_id,
            edited=asked.question,
            key=settings.key,
            address=address,
        )

    async def _refusal(self, asked: ChatRequest, error: ChatbotError, locale: str) -> ViewUpdate:
        """Says why a turn did not start, and gives back what was typed for it."""
        update: ViewUpdate = {"view": asked.view, "phase": "idle", "returned": list(asked.files)}
        if asked.kind == "new":
            update["answer"] = show_notice(error.text.worded(locale))
        else:
            warn(error, locale)
        if asked.kind in ("new", "edit"):
            update["box"] = asked.text
        if asked.kind == "new":
            return update
        try:
            read = await self._views.read(self._session_id(asked.token), asked.conversation_id, locale)
        except ChatbotError:
            return update
        return {**idle_update(asked.view, read), **update, "answer": show_notice(error.text.worded(locale))}

    async def _updates_for(
        self, request: gr.Request, reply: Reply, view: int, *, is_new: bool = False
    ) -> AsyncGenerator[ViewUpdate]:
        """The updates of a reply, until the page leaves the view."""
        self.leave(request, view - 1)
        async with aclosing(self._updates(reply, view, locale_of(request), is_new=is_new)) as updates:
            async for update in updates:
                if self._has_left(request, view):
                    if (str(request.session_hash), view) in self._stopped:
                        await self._services.replies.stop(reply.session_id, reply.conversation_id)
                    return
                yield update

    async def _updates(
        self, reply: Reply, view: int, locale: str, *, is_new: bool = False
    ) -> AsyncGenerator[ViewUpdate]:
        """The updates of a reply, then of those to messages that waited for its end: the conversation with the text as
        it grows, and the facts below it at the end. Each is whole: a busy browser shows only the last of several that
        come together. Gradio sends what is new in it. But the first text of an answer to a message that `is_new`, which
        the page shows already, comes alone if it is quick: reading the conversation would hold it up."""
        for part in count(1):
            whole: ViewUpdate = {}
            interval = self._services.replies.update_interval
            async with aclosing(reply.snapshots(interval, FIRST_UPDATE_SECONDS)) as snapshots:
                async for snapshot in snapshots:
                    if snapshot.status != "running":
                        continue  # what ends it is about to be stored
                    waiting = "" if snapshot.content else self._waiting_for(reply, snapshot, locale)
                    answer = show_message(snapshot, locale, waiting)
                    if is_new and snapshot.content and not whole:
                        place: ViewUpdate = {"view": view, "conversation_id": reply.conversation_id}
                        yield {**place, "phase": "running", "answer": answer}
                        # The page draws it. Then comes the rest, even if no more text does.
                        await asyncio.sleep(interval())
                    whole = whole or await self._whole(reply, view, locale)
                    yield {**whole, "part": 2 * part, "phase": "running", "answer": answer}
            following = self._services.replies.running(reply.session_id, reply.conversation_id)
            if following is None:
                break
            reply, is_new = following, False
        whole |= await self._whole(reply, view, locale)
        yield {**whole, "part": 2 * part + 1, "phase": "idle", "answer": show_message(reply.snapshot(), locale)}

    async def _whole(self, reply: Reply, view: int, locale: str) -> ViewUpdate:
        """The conversation without its answer, and the lines below, as JSON: Gradio walks through every object of an
        update four times. Nothing more if it was deleted meanwhile, or the answer is not on display any more."""
        answer = reply.snapshot().message_id
        try:
            read = await self._views.read(reply.session_id, reply.conversation_id, locale, without=answer)
        except ChatbotError:
            return {"view": view, "conversation_id": reply.conversation_id}
        if read.newest != answer:
            return {"view": view, "conversation_id": reply.conversation_id}
        shown = {"messages": read.messages, "lines": read.lines, **read.queue}
        unchanged = json.dumps(shown, ensure_ascii=False)
        return {"view": view, "conversation_id": reply.conversation_id, "unchanged": unchanged}

    def _waiting_for(self, reply: Reply, answer: StoredMessage, locale: str) -> str:
        providers = self._services.providers
        name = next((name for name in PROVIDER_NAMES if name == answer.provider), None)
        if answer.reasoning or name is None:
            return ""
        label = Text(local_label(answer.model or "")) if name == "local" else providers.label(name)
        state = providers.local_models.state(answer.model or "") if name == "local" and providers.local_models else None
        is_loading = state is not None and state.phase != "ready"
        return waiting_words(label, reply.elapsed_seconds, locale, is_loading=is_loading)

    def _session_id(self, token: str | None) -> str:
        return self._services.tokens.session_id(token)

    def _address(self, request: gr.Request) -> str:
        return client_address(request, self._services.is_behind_proxy)
