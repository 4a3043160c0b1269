"""What the summary's event does: make one, or wait for one that is being made. The API does all else for the page."""

import asyncio
from collections.abc import Sequence
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError
from chatbot.page.conversation_view import ConversationViews
from chatbot.page.i18n import locale_of
from chatbot.page.settings_values import SettingsValues
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.options import resumed_options
from chatbot.replies.single_call import Caller
from chatbot.types import Options
from chatbot.web.client_address import client_address
from chatbot.web.services import Services


class SummaryHandlers:
    """The summary's event."""

    def __init__(self, services: Services, views: ConversationViews) -> None:
        self._services = services
        self._views = views

    async def summarize(
        self,
        request: gr.Request,
        token: str | None,
        view: int,
        conversation_id: str,
        fields: Sequence[Any],
        *,
        only_waits: bool,
    ) -> ViewUpdate:
        """Makes a summary with the conversation's own model, with the visitor's key for it if there is one;
        `only_waits` makes none. Returns the lines, which have the summary, or why it failed."""
        summarizing = self._services.summarizing
        session_id = self._services.tokens.session_id(token)
        try:
            if only_waits:
                await summarizing.wait(session_id, conversation_id)
            else:
                options = await asyncio.to_thread(self._options, session_id, conversation_id)
                key = SettingsValues.of(fields).keys.get(options.choice.provider)
                caller = Caller(session_id, key, client_address(request, self._services.is_behind_proxy))
                await summarizing.summarize(conversation_id, options, caller)
        except ChatbotError:
            pass  # the lines say why
        read = await self._views.read(session_id, conversation_id, locale_of(request))
        return {"view": view, "lines": read.lines}

    def _options(self, session_id: str, conversation_id: str) -> Options:
        conversation = self._services.store.memory(session_id).get_conversation(conversation_id)
        return resumed_options(self._services.settings, self._services.providers, conversation.options, {})
