"""What the events of the settings form do."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr
from pydantic import SecretStr

from chatbot.errors import ChatbotError, InvalidKey, NoProvider
from chatbot.i18n import Text
from chatbot.page.error_toasts import warn
from chatbot.page.i18n import locale_of
from chatbot.page.message_view import show_load_state
from chatbot.page.presets import choices
from chatbot.page.settings_form import provider_choices
from chatbot.page.settings_values import SettingsValues, typed_keys
from chatbot.providers.provider_pool import DISCOVERED
from chatbot.replies.options import check_prompt
from chatbot.settings import Settings
from chatbot.types import ModelChoice, ProviderName
from chatbot.web.services import Services

LOAD_STATE_SECONDS = 0.3
"""How often the page gets the progress of the local model while it loads."""

MAX_PROMPT_NAME = 60


class SettingsHandlers:
    """Keeps the fields of the form in step with each other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._providers = services.providers

    async def watch_local_model(
        self, provider: ProviderName, model: str | None, *keys: Any
    ) -> AsyncGenerator[dict[str, Any]]:
        """If a local model is chosen: how far it is, until it is loaded or has failed. If nothing is set up: that,
        unless the visitor has typed `keys`."""
        local_models, name = self._providers.local_models, model or ""
        if provider == "local" and local_models:
            while (state := local_models.state(name)) and state.phase == "loading":
                yield show_load_state(local_models, name)
                await asyncio.sleep(LOAD_STATE_SECONDS)
            yield show_load_state(local_models, name)
        elif self._providers.offered or typed_keys(keys):
            yield {}
        else:
            yield {"name": "failed", "texts": [NoProvider().text.as_json()]}

    async def load_local_model(
        self, provider: ProviderName, model: str | None, *keys: Any
    ) -> AsyncGenerator[dict[str, Any]]:
        """The visitor has chosen a model. Loads it if it is a local one, and says how far it is, as
        `watch_local_model` does."""
        local_models = self._providers.local_models
        if provider == "local" and local_models and model:
            loading = asyncio.create_task(local_models.load(model))
            while not loading.done():
                yield show_load_state(local_models, model)
                await asyncio.wait([loading], timeout=LOAD_STATE_SECONDS)
            if isinstance(error := loading.exception(), ChatbotError):
                yield {"name": "failed", "texts": [error.text.as_json()]}
                return
        async for state in self.watch_local_model(provider, model, *keys):
            yield state

    async def choose_provider(self, request: gr.Request, *fields: Any) -> dict[str, Any]:
        """The models of the provider that was chosen."""
        values = SettingsValues.of(fields)
        return {"provider": values.provider, "models": await self._models(values, request)}

    async def check_key(
        self, request: gr.Request, name: ProviderName, *fields: Any
    ) -> tuple[Any, Any, ProviderName, dict[str, Any]]:
        """The visitor has typed or removed a key for the provider `name`. Asks it for its models, and chooses it if the
        key works. The menus of providers and models, the provider whose models are listed, and what the check found."""
        values = SettingsValues.of(fields)
        models, text = await self._try_key(name, values.keys.get(name))
        choices = provider_choices(self._providers, values.keys)
        offered = [each for _, each in choices if each not in DISCOVERED]  # those are never chosen by themselves
        if models:
            chosen = name
        else:
            chosen = values.provider if values.provider in offered else next(iter(offered), values.provider)
            models = await self._models(values._replace(provider=chosen), request)
        model = values.model if chosen == values.provider and values.model else next(iter(models), "")
        menus = gr.Dropdown(choices=choices, value=chosen), gr.Dropdown(choices=models, value=model)
        return *menus, chosen, {"provider": name, "text": text}

    async def _try_key(self, name: ProviderName, key: SecretStr | None) -> tuple[list[str], dict[str, Any] | None]:
        """The models that the key may use, and what to say about it."""
        if key is None:
            return [], None
        try:
            models = await self._providers.list_models(name, key)
        except InvalidKey:
            return [], Text("keys.refused").as_json()
        except ChatbotError as error:
            return [], error.text.as_json()
        return models, {"key": "keys.works", "count": len(models)}

    async def choose_model(self, provider: ProviderName, model: str | None) -> tuple[Any, Any]:
        """Temperature and reasoning effort are visible if the model takes them."""
        profile = await asyncio.to_thread(self._providers.profile, ModelChoice(provider, model or ""))
        return gr.Textbox(visible=bool(profile.takes_temperature)), gr.Dropdown(visible=bool(profile.takes_effort))

    async def list_prompts(self, request: gr.Request, token: str | None) -> Any:
        """The menu of prompts, with the visitor's saved ones."""
        memory = self._services.store.memory(self._services.tokens.session_id(token))
        saved = await asyncio.to_thread(memory.prompts.list)
        return gr.Dropdown(choices=choices(self._services.settings.chatbot_system_prompt, saved))

    async def save_prompt(
        self, request: gr.Request, token: str | None, name: str, prompt: str
    ) -> tuple[Any, str, dict[str, Any]]:
        """Saves a prompt under a name; the menu, an empty name, and what became of it."""
        memory = self._services.store.memory(self._services.tokens.session_id(token))
        name = name.strip()[:MAX_PROMPT_NAME]
        if not name or not prompt.strip():
            return gr.skip(), name, Text("settings.unnamed").as_json()
        try:
            check_prompt(self._services.settings, prompt)
            await asyncio.to_thread(memory.prompts.save, name, prompt)
        except ChatbotError as error:  # a toast would be behind the dialog
            return gr.skip(), name, error.text.as_json()
        return await self.list_prompts(request, token), "", Text("settings.saved", {"name": name}).as_json()

    async def remove_prompt(
        self, request: gr.Request, token: str | None, prompt: str | None
    ) -> tuple[Any, dict[str, Any]]:
        """Removes a saved prompt; those that come with the app stay. The menu, and what became of it."""
        memory = self._services.store.memory(self._services.tokens.session_id(token))
        saved = await asyncio.to_thread(memory.prompts.list)
        names = [name for name, each in saved.items() if each == prompt]
        for name in names:
            await asyncio.to_thread(memory.prompts.delete, name)
        said = Text("settings.forgotten", {"name": names[0]}) if names else Text("settings.built_in")
        return await self.list_prompts(request, token), said.as_json()

    async def _models(self, values: SettingsValues, request: gr.Request) -> list[str]:
        """The models of the chosen provider, with the visitor's key if there is one."""
        if values.key:
            try:
                return await self._providers.list_models(values.provider, values.key)
            except ChatbotError as error:
                warn(error, locale_of(request))
        return await self._providers.wait_for_models(values.provider)


def default_values(settings: Settings) -> tuple[Any, ...]:
    """The operator's defaults for `SettingsForm.resettable`, the menu of prompts, and that they are back."""
    prompt, temperature = settings.chatbot_system_prompt, settings.chatbot_temperature
    numbers = str(settings.chatbot_max_tokens), str(settings.chatbot_history_limit)
    written = "" if temperature is None else str(temperature)
    return prompt, *numbers, written, "", prompt, Text("settings.defaults").as_json()
