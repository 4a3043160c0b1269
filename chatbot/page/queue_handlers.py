"""What the events of the queue do: add a message while an answer runs, withdraw it, send it at once."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError
from chatbot.page.error_toasts import warn
from chatbot.page.i18n import locale_of
from chatbot.page.message_view import show_file
from chatbot.page.queue_view import show_queue
from chatbot.page.settings_values import SettingsValues
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.turns import Turn
from chatbot.web.client_address import client_address
from chatbot.web.services import Services


async def waiting_turn(request: gr.Request, services: Services, settings: SettingsValues) -> Turn:
    """How a message that waits is to be sent. Raises InvalidMessage and NoProvider."""
    options = await asyncio.to_thread(settings.options, services)
    return Turn(None, options, settings.key, client_address(request, services.is_behind_proxy))


class QueueHandlers:
    """The queue's events. They return the queue as it is then; a refusal is a toast, and gives back what was typed."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def add(
        self,
        request: gr.Request,
        token: str | None,
        view: int,
        conversation_id: str,
        fields: Sequence[Any],
        text: str,
        files: Sequence[str],
        *,
        stops: bool,
    ) -> ViewUpdate:
        """Adds a message; `stops` ends the running answer for it."""
        session_id = self._services.tokens.session_id(token)
        refused: ViewUpdate = {}
        try:
            turn = await waiting_turn(request, self._services, SettingsValues.of(fields))
            await self._services.queue.add(session_id, conversation_id, text, turn, files, stops=stops)
        except ChatbotError as error:
            warn(error, locale_of(request))
            refused = {"box": text, "returned": list(files)}
        return {**await self._listed(request, session_id, view, conversation_id), **refused}

    async def send_now(
        self,
        request: gr.Request,
        token: str | None,
        view: int,
        conversation_id: str,
        fields: Sequence[Any],
        message_id: str,
    ) -> ViewUpdate:
        """Sends a message before the others, and ends the running answer for it."""
        session_id = self._services.tokens.session_id(token)
        try:
            turn = await waiting_turn(request, self._services, SettingsValues.of(fields))
            await self._services.queue.send_now(session_id, conversation_id, message_id, turn)
        except ChatbotError as error:
            warn(error, locale_of(request))
        return await self._listed(request, session_id, view, conversation_id)

    async def withdraw(
        self,
        request: gr.Request,
        token: str | None,
        view: int,
        conversation_id: str,
        message_id: str,
        *,
        edits: bool,
    ) -> ViewUpdate:
        """Takes a message out of the queue; `edits` puts it into the message box."""
        session_id = self._services.tokens.session_id(token)
        returned: ViewUpdate = {}
        try:
            removed = await self._services.queue.withdraw(session_id, conversation_id, message_id)
            if edits:
                returned = {"box": removed.text, "undone": [show_file(each) for each in removed.attachments]}
        except ChatbotError as error:
            warn(error, locale_of(request))
        return {**await self._listed(request, session_id, view, conversation_id), **returned}

    async def _listed(self, request: gr.Request, session_id: str, view: int, conversation_id: str) -> ViewUpdate:
        locale = locale_of(request)
        read = partial(self._services.queue.list, session_id, conversation_id)
        try:
            queue = await asyncio.to_thread(show_queue, read, locale)
        except ChatbotError:  # deleted meanwhile
            queue = show_queue(list, locale)
        return {"view": view, **queue}
