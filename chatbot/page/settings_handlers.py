"""What the events of the model's fields do."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError, NoProvider
from chatbot.page.i18n import provider_label
from chatbot.page.message_view import sentence, show_model_state
from chatbot.page.presets import choices
from chatbot.page.settings_values import SettingsValues
from chatbot.providers import ProviderPool, takes_effort, takes_temperature
from chatbot.replies.options import check_prompt
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.types import PROVIDER_NAMES, ProviderName
from chatbot.web.session_tokens import SessionTokens

MODEL_SECONDS = 0.3
"""How often the page looks whether the embedded model is loaded, while it is being loaded."""


class SettingsHandlers:
    """Keeps the fields in step with each other."""

    def __init__(self, settings: Settings, sessions: SessionTokens, store: Store, providers: ProviderPool) -> None:
        self.settings = settings
        self.providers = providers
        self._sessions = sessions
        self._store = store

    async def follow_model(self, provider: ProviderName) -> AsyncGenerator[str]:
        """How far the embedded model is, where it is the chosen provider, until it is loaded or has failed."""
        embedded = self.providers.embedded if provider == "local" else None
        while embedded and embedded.state.phase == "loading":
            yield show_model_state(embedded.state, embedded.model)
            await asyncio.sleep(MODEL_SECONDS)
        if embedded:
            yield show_model_state(embedded.state, embedded.model)
        else:
            yield "" if self.providers.offered else sentence(NoProvider.sentence)

    async def provider_chosen(self, *fields: Any) -> dict[str, Any]:
        """The models of the provider that is chosen now, for models.js to list."""
        panel = SettingsValues(*fields)
        return {"provider": panel.provider, "models": await self._models(panel)}

    async def models_listed(self, provider: ProviderName) -> dict[str, Any]:
        """The models of the provider that a page starts with, once its list is known, for models.js."""
        return {"provider": provider, "models": await self.providers.listed_models(provider)}

    async def key_typed(self, *fields: Any) -> tuple[Any, Any, ProviderName]:
        """With a key of the visitor's own its provider can be chosen, and its models are listed."""
        panel = SettingsValues(*fields)
        keys = panel.keys()
        offered = [name for name in PROVIDER_NAMES if name in self.providers.offered or name in keys]
        providers = [(provider_label(name, self.providers.label(name)), name) for name in offered]
        kept = panel.provider if panel.provider in offered else next(iter(offered), panel.provider)
        models = await self._models(panel._replace(provider=kept))
        model = panel.model if kept == panel.provider and panel.model else next(iter(models), "")
        return gr.Dropdown(choices=providers, value=kept), gr.Dropdown(choices=models, value=model), kept

    def model_chosen(self, provider: ProviderName, model: str | None) -> tuple[Any, Any]:
        """Temperature and reasoning effort show only where the model takes them."""
        fits = takes_temperature(provider, model or ""), takes_effort(provider, model or "")
        return gr.Textbox(visible=fits[0]), gr.Dropdown(visible=fits[1])

    async def saved_prompts(self, token: str | None) -> Any:
        """The prompts to choose from, the visitor's own among them."""
        memory = self._store.memory(self._sessions.session_id(token))
        saved = await asyncio.to_thread(memory.saved_prompts)
        return gr.Dropdown(choices=choices(self.settings.chatbot_system_prompt, saved))

    async def save_prompt(self, token: str | None, name: str, prompt: str) -> tuple[Any, str]:
        """Keep a prompt under a name. Raises InvalidMessage where it is too long."""
        memory = self._store.memory(self._sessions.session_id(token))
        check_prompt(self.settings, prompt)
        if name.strip() and prompt.strip():
            await asyncio.to_thread(memory.save_prompt, name.strip()[:60], prompt)
        return await self.saved_prompts(token), ""

    async def remove_prompt(self, token: str | None, prompt: str | None) -> Any:
        """Forget a saved prompt; those that come with the app stay."""
        memory = self._store.memory(self._sessions.session_id(token))
        for name, saved in (await asyncio.to_thread(memory.saved_prompts)).items():
            if saved == prompt:
                await asyncio.to_thread(memory.delete_prompt, name)
        return await self.saved_prompts(token)

    async def _models(self, panel: SettingsValues) -> list[str]:
        """The models of the chosen provider, with the visitor's key where there is one."""
        if panel.key:
            try:
                return await self.providers.list_models(panel.provider, panel.key)
            except ChatbotError as error:
                gr.Warning(str(error))
        return self.providers.models(panel.provider)
