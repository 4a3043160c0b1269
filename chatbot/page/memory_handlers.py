"""What the memory panel's event does: ask a model for suggestions. All else the panel does by the API."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError
from chatbot.page.i18n import local_label, locale_of
from chatbot.page.settings_values import SettingsValues
from chatbot.replies.single_call import Caller
from chatbot.web.client_address import client_address
from chatbot.web.services import Services

log = logging.getLogger(__name__)


class MemoryHandlers:
    """The memory panel's event."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def suggest(
        self, request: gr.Request, token: str | None, conversation_id: str, fields: Sequence[Any]
    ) -> dict[str, Any]:
        """Asks the chosen model, with the visitor's own key if there is one, which facts of the conversation to
        remember. Returns the texts and what the call used, or why it failed, for assets/memory_panel.js."""
        services, settings = self._services, SettingsValues.of(fields)
        try:
            session_id = services.tokens.session_id(token)
            options = await asyncio.to_thread(settings.options, services)
            found = await services.suggestions.suggest(
                conversation_id,
                options,
                Caller(session_id, settings.key, client_address(request, services.is_behind_proxy)),
            )
        except ChatbotError as error:
            return {"conversation_id": conversation_id, "failure": error.text.worded(locale_of(request))}
        except Exception:  # or the panel would wait for ever
            log.exception("the suggestions failed")
            return {"conversation_id": conversation_id, "failure": ChatbotError().text.worded(locale_of(request))}
        facts = {
            "provider": services.providers.label(found.choice.provider),
            "local": local_label(found.choice.model) if found.choice.provider == "local" else None,
            "model": found.choice.model,
            "input": found.usage.input_tokens if found.usage.output_tokens is not None else None,
            "output": found.usage.output_tokens,
            "estimated": found.usage.estimated or None,
            "cost": found.cost,
        }
        known = {name: fact for name, fact in facts.items() if fact is not None}
        return {"conversation_id": conversation_id, "texts": list(found.texts), "details": known}
