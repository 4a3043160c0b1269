"""What the events of the settings form do."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError, NoProvider
from chatbot.page.error_toasts import warn
from chatbot.page.i18n import locale_of, provider_label
from chatbot.page.message_view import show_load_state
from chatbot.page.presets import choices
from chatbot.page.settings_values import SettingsValues, typed_keys
from chatbot.providers import traits
from chatbot.replies.options import check_prompt
from chatbot.types import PROVIDER_NAMES, ProviderName
from chatbot.web.services import Services

LOAD_STATE_SECONDS = 0.3
"""How often the page gets the progress of the local model while it loads."""

MAX_PROMPT_NAME = 60


class SettingsHandlers:
    """Keeps the fields of the form in step with each other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._providers = services.providers

    async def watch_local_model(self, provider: ProviderName, *keys: Any) -> AsyncGenerator[dict[str, Any]]:
        """If the local model is chosen: how far it is, until it is loaded or has failed. If nothing is set up: that,
        unless the visitor has typed `keys`."""
        model = self._providers.local_model if provider == "local" else None
        while model and model.state.phase == "loading":
            yield show_load_state(model)
            await asyncio.sleep(LOAD_STATE_SECONDS)
        if model:
            yield show_load_state(model)
        elif self._providers.offered or typed_keys(keys):
            yield {}
        else:
            yield {"name": "failed", "texts": [NoProvider().text.as_json()]}

    async def list_models(self, provider: ProviderName) -> dict[str, Any]:
        """The models of the provider that a page starts with, once its list is known."""
        return {"provider": provider, "models": await self._providers.wait_for_models(provider)}

    async def choose_provider(self, request: gr.Request, *fields: Any) -> dict[str, Any]:
        """The models of the provider that was chosen."""
        values = SettingsValues.of(fields)
        return {"provider": values.provider, "models": await self._models(values, request)}

    async def type_key(self, request: gr.Request, *fields: Any) -> tuple[Any, Any, ProviderName]:
        """Offers the providers that the visitor has a key for, and lists the models of the chosen one."""
        values = SettingsValues.of(fields)
        offered = [name for name in PROVIDER_NAMES if name in self._providers.offered or name in values.keys]
        labels = [(provider_label(name, self._providers.label(name)), name) for name in offered]
        chosen = values.provider if values.provider in offered else next(iter(offered), values.provider)
        models = await self._models(values._replace(provider=chosen), request)
        model = values.model if chosen == values.provider and values.model else next(iter(models), "")
        return gr.Dropdown(choices=labels, value=chosen), gr.Dropdown(choices=models, value=model), chosen

    def choose_model(self, provider: ProviderName, model: str | None) -> tuple[Any, Any]:
        """Temperature and reasoning effort are visible if the model takes them."""
        profile = traits(provider, model or "")
        return gr.Textbox(visible=bool(profile.takes_temperature)), gr.Dropdown(visible=bool(profile.takes_effort))

    async def list_prompts(self, request: gr.Request, token: str | None) -> Any:
        """The menu of prompts, with the visitor's saved ones."""
        memory = self._services.store.memory(self._services.tokens.session_id(token))
        saved = await asyncio.to_thread(memory.prompts.list)
        return gr.Dropdown(choices=choices(self._services.settings.chatbot_system_prompt, saved))

    async def save_prompt(self, request: gr.Request, token: str | None, name: str, prompt: str) -> tuple[Any, str]:
        """Saves a prompt under a name. Raises InvalidMessage if it is too long."""
        memory = self._services.store.memory(self._services.tokens.session_id(token))
        check_prompt(self._services.settings, prompt)
        if name.strip() and prompt.strip():
            await asyncio.to_thread(memory.prompts.save, name.strip()[:MAX_PROMPT_NAME], prompt)
        return await self.list_prompts(request, token), ""

    async def remove_prompt(self, request: gr.Request, token: str | None, prompt: str | None) -> Any:
        """Removes a saved prompt; those that come with the app stay."""
        memory = self._services.store.memory(self._services.tokens.session_id(token))
        for name, saved in (await asyncio.to_thread(memory.prompts.list)).items():
            if saved == prompt:
                await asyncio.to_thread(memory.prompts.delete, name)
        return await self.list_prompts(request, token)

    async def _models(self, values: SettingsValues, request: gr.Request) -> list[str]:
        """The models of the chosen provider, with the visitor's key if there is one."""
        if values.key:
            try:
                return await self._providers.list_models(values.provider, values.key)
            except ChatbotError as error:
                warn(error, locale_of(request))
        return await self._providers.wait_for_models(values.provider)
