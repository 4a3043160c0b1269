"""What the sidebar's events do: open, search, rename and delete conversations."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError, Unauthorized
from chatbot.i18n import texts
from chatbot.page.conversation_view import SHOWN_MESSAGES, ConversationViews, idle_update
from chatbot.page.i18n import locale_of
from chatbot.page.presets import choices, preset_of
from chatbot.page.settings_form import provider_choices
from chatbot.page.settings_values import typed_keys
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.limits import RateLimit
from chatbot.storage import ConversationMemory
from chatbot.types import Options
from chatbot.web.client_address import client_address
from chatbot.web.services import Services

MAX_TITLE_LENGTH = 200

MAX_LISTED = 200
"""The newest conversations in the list; search finds the others."""

BEAT_SECONDS = 20
"""How often the list is sent without a change: a page that hears nothing for longer asks again."""

WATCH_SECONDS = 120
"""How long one watch lasts. A page that is still there asks again; one that vanished unnoticed holds nothing longer."""

WATCHES_PER_MINUTE = 600
"""Of one session or address. Twice as many, those of WATCH_SECONDS, leave room in the queue for all others; through a
public link all visitors have one address."""


class SidebarHandlers:
    """Reads and changes the visitor's conversations. Every method takes the session's token from the browser."""

    def __init__(self, services: Services, views: ConversationViews) -> None:
        self._services = services
        self._views = views
        self._watches = RateLimit(WATCHES_PER_MINUTE)

    async def enter(
        self, request: gr.Request, token: str | None, last_open: str | None, *keys: Any
    ) -> tuple[str | None, ViewUpdate, Any]:
        """A page was loaded: its session's token, a new one unless the browser has one of ours, and the conversation
        that was open before the page was reloaded (`last_open`: its id, empty for a new chat, None for a new tab), or
        else the last changed one. `keys` are the visitor's own that the browser remembers: the menu of providers has
        theirs too."""
        providers, typed = self._services.providers, typed_keys(keys)
        choices = provider_choices(providers, typed)
        first: dict[str, Any] = {} if providers.offered else {"value": choices[0][1]} if choices else {}
        menu = gr.Dropdown(choices=choices, **first) if typed else gr.skip()
        return *await self._enter(request, token, last_open, keys), menu

    async def _enter(
        self, request: gr.Request, token: str | None, last_open: str | None, keys: Sequence[Any]
    ) -> tuple[str | None, ViewUpdate]:
        try:
            memory = self._memory(token)
        except Unauthorized:
            token = self._services.tokens.create()
            memory = self._memory(token)
        found = await asyncio.to_thread(memory.list_conversations)
        if last_open and memory.is_temporary(last_open):
            return token, {**await self.open(request, token, 0, last_open), "token": str(token)}
        if not found:
            return token, {"view": 0, "phase": "idle", "token": str(token)}
        if last_open == "":
            settings = await self._settings(request, token, found[0].options, keys)
            return token, {"view": 0, "phase": "idle", "token": str(token), **settings}
        exists = last_open in {conversation.conversation_id for conversation in found}
        wanted = str(last_open) if exists else found[0].conversation_id
        opened = await self.open(request, token, 0, wanted, keys=keys)
        return token, {**opened, "token": str(token)}

    async def open(
        self,
        request: gr.Request,
        token: str | None,
        view: int,
        conversation_id: str,
        place: str | None = None,
        keys: Sequence[Any] = (),
    ) -> ViewUpdate:
        """A conversation with its settings; an empty chat if it is gone. `place` is a message to scroll to, `keys` are
        the fields of the visitor's own keys."""
        try:
            read = await self._views.read(self._session_id(token), conversation_id, locale_of(request), place=place)
        except Unauthorized:
            raise
        except ChatbotError:
            return {
                "view": view,
                "phase": "idle",
                "conversation_id": "",
                "messages": [],
                "answer": [],
                "lines": {},
                "queued": [],
            }
        return {**idle_update(view, read), **await self._settings(request, token, read.conversation.options, keys)}

    async def watch(self, request: gr.Request, token: str | None) -> AsyncGenerator[dict[str, Any]]:
        """The list of conversations: now, after each change, and every BEAT_SECONDS. The last has `renew`: the page
        watches anew before this watch ends, because Gradio drops all events of a page at the moment when it has none.
        Raises TooManyMessages."""
        session_id, seen = self._session_id(token), -1
        self._watches.admit(session_id, client_address(request, self._services.is_behind_proxy))
        end, is_due = time.monotonic() + WATCH_SECONDS, False
        while not is_due:
            seen = await self._services.store.changes.wait(session_id, seen, BEAT_SECONDS)
            found = await asyncio.to_thread(self._memory(token).list_conversations)
            # Read last: the page must not know already that an answer listed as running has ended.
            running = await self._services.replies.all_running(session_id)
            is_due = time.monotonic() >= end
            yield {
                "conversations": [
                    {
                        "id": each.conversation_id,
                        "title": each.title,
                        "updated_at": each.updated_at,
                        "touched_at": each.touched_at,
                        "pinned": each.pinned,
                        "running": each.conversation_id in running,
                        "queued": each.queued,
                        "memory": each.memory,
                        "excluded": each.excluded,
                    }
                    for each in sorted(found, key=lambda each: not each.pinned)[:MAX_LISTED]
                ],
                "more": len(found) > MAX_LISTED,
                "renew": is_due,
                "beat": time.time(),  # Gradio sends no value that equals the one before
            }
        await asyncio.sleep(BEAT_SECONDS)

    async def show_earlier(
        self, request: gr.Request, token: str | None, view: int, conversation_id: str, first: str
    ) -> ViewUpdate:
        """The conversation with more of its messages before `first`, the id of the first on display."""
        session_id, locale = self._session_id(token), locale_of(request)
        read = await self._views.read(session_id, conversation_id, locale, place=first, more=SHOWN_MESSAGES)
        return idle_update(view, read)

    async def show_version(
        self, request: gr.Request, token: str | None, view: int, conversation_id: str, message_id: str
    ) -> ViewUpdate:
        """Another version of a message, with what follows it. A running answer is ended."""
        session_id = self._session_id(token)
        await self._services.replies.stop(session_id, conversation_id, holds_queue=True)
        await asyncio.to_thread(self._memory(token).show_version, conversation_id, message_id)
        return idle_update(view, await self._views.read(session_id, conversation_id, locale_of(request)))

    async def rename(self, token: str | None, conversation_id: str, title: str) -> None:
        """Gives a conversation another title."""
        title = title.strip()[:MAX_TITLE_LENGTH]
        await asyncio.to_thread(self._memory(token).rename_conversation, conversation_id, title)

    async def delete_all(self, request: gr.Request, token: str | None) -> None:
        """Deletes everything that the session has."""
        await self._services.replies.delete_session(self._session_id(token))

    async def search(self, token: str | None, query: str) -> dict[str, Any]:
        """Where the words of `query` are found."""
        found = await asyncio.to_thread(self._memory(token).search, query)
        results = [
            {
                "id": result.conversation.conversation_id,
                "title": result.conversation.title,
                "message_id": result.message_id,
                "excerpt": result.excerpt,
                "place": result.place,
            }
            for result in found
        ]
        return {"query": query, "found": results}

    async def _settings(
        self, request: gr.Request, token: str | None, options: Options | None, keys: Sequence[Any] = ()
    ) -> ViewUpdate:
        """The values of the settings form for `options`; none if there are no options, or their provider cannot be
        chosen."""
        providers = self._services.providers
        choosable = {*providers.offered, *(typed_keys(keys) if keys else ())}
        if options is None or options.choice.provider not in choosable:
            return {}
        choice = options.choice
        models = [[model, model] for model in providers.models(choice.provider)]
        saved = await asyncio.to_thread(self._memory(token).prompts.list)
        default = self._services.settings.chatbot_system_prompt
        presets = choices(default, saved, texts(locale_of(request)).__getitem__)
        return {
            "settings": [
                choice.provider,
                {"choices": models, "value": choice.model},
                options.system_prompt,
                str(options.max_tokens),
                str(options.history_limit),
                "" if options.temperature is None else str(options.temperature),
                options.effort or "",
                choice.provider,
                {"choices": presets, "value": preset_of(options.system_prompt, default, saved)},
            ]
        }

    def _session_id(self, token: str | None) -> str:
        return self._services.tokens.session_id(token)

    def _memory(self, token: str | None) -> ConversationMemory:
        return self._services.store.memory(self._session_id(token))
