"""What an answer depends on: the model, how it is to answer, and the visitor's own keys."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.page.i18n import provider_label, text
from chatbot.page.presets import choices
from chatbot.page.settings_values import KEYED
from chatbot.providers import ProviderPool, takes_effort, takes_temperature
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, ModelChoice

EFFORTS = [(text(f"effort.{effort or 'own'}"), effort) for effort in ("", "low", "medium", "high")]


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """What an answer depends on, in the order of `Panel`."""

    provider: gr.Dropdown
    model: gr.Dropdown
    system_prompt: gr.Textbox
    max_tokens: gr.Textbox
    history_limit: gr.Textbox
    temperature: gr.Textbox
    effort: gr.Dropdown
    keys: list[gr.Textbox]
    listed: gr.Textbox
    """Whose models are listed."""
    arriving: gr.JSON
    """Models that are to be listed, as the server has just told them."""

    @property
    def kept(self) -> list[Any]:
        """Those that a conversation keeps."""
        fits = [self.temperature, self.effort]
        return [self.provider, self.model, self.system_prompt, self.max_tokens, self.history_limit, *fits]

    @property
    def all(self) -> list[Any]:
        """Those, and the visitor's own keys, which nothing keeps."""
        return [*self.kept, *self.keys]

    @property
    def opened(self) -> list[Any]:
        """What opening a conversation sets."""
        return [*self.kept, self.listed]


@dataclass(frozen=True, slots=True)
class Prompts:
    """Choosing a system prompt, and keeping one."""

    preset: gr.Dropdown
    name: gr.Textbox
    save: gr.Button
    remove: gr.Button


def model_fields(providers: ProviderPool) -> tuple[gr.Dropdown, gr.Dropdown]:
    """Who answers: the provider and its model."""
    choice = providers.default or ModelChoice("local", "")
    offered = [name for name in PROVIDER_NAMES if name in providers.offered or name == choice.provider]
    named = [(provider_label(name, providers.label(name)), name) for name in offered]
    bare: dict[str, Any] = {"show_label": False, "container": False, "min_width": 120}
    with gr.Row(elem_id="models"):
        provider = gr.Dropdown(named, value=choice.provider, label=text("model.provider"), elem_id="provider", **bare)
        model = gr.Dropdown(
            providers.models(choice.provider),
            value=choice.model or None,
            label=text("model.model"),
            allow_custom_value=True,
            elem_id="model",
            **bare,
        )
    return provider, model


def settings_fields(
    settings: Settings, providers: ProviderPool, provider: gr.Dropdown, model: gr.Dropdown
) -> tuple[SettingsForm, Prompts]:
    """How they are to answer, and the visitor's own keys."""
    choice = providers.default or ModelChoice("local", "")
    with gr.Accordion(text("settings.head"), open=False, elem_id="settings"):
        prompts, system_prompt = _prompts(settings)
        length, read = settings.chatbot_max_tokens, settings.chatbot_history_limit
        max_tokens = _number(length, text("settings.length"), text("settings.length.info"), "max-tokens")
        history_limit = _number(read, text("settings.history"), text("settings.history.info"), "history-limit")
        temperature = _number(
            settings.chatbot_temperature,
            text("settings.temperature"),
            text("settings.temperature.info"),
            "temperature",
            visible=takes_temperature(choice.provider, choice.model),
        )
        effort = gr.Dropdown(
            EFFORTS,
            value="",
            label=text("settings.effort"),
            visible=takes_effort(choice.provider, choice.model),
            elem_id="effort",
        )
    keys = _keys(providers)
    listing = gr.Textbox(choice.provider, visible=False), gr.JSON(visible=False)
    fields = SettingsForm(
        provider, model, system_prompt, max_tokens, history_limit, temperature, effort, keys, *listing
    )
    return fields, prompts


def _prompts(settings: Settings) -> tuple[Prompts, gr.Textbox]:
    preset = gr.Dropdown(
        choices(settings.chatbot_system_prompt, {}),
        label=text("settings.preset"),
        value=settings.chatbot_system_prompt,
        allow_custom_value=True,  # saved prompts come and go in other tabs
        elem_id="preset",
    )
    system_prompt = gr.Textbox(
        settings.chatbot_system_prompt,
        label=text("settings.prompt"),
        info=text("settings.prompt.info"),
        lines=3,
        max_lines=10,
        elem_id="system-prompt",
    )
    with gr.Row(elem_id="saving"):
        hint = text("settings.name")
        name = gr.Textbox(label=hint, placeholder=hint, show_label=False, max_length=60, elem_id="prompt-name")
        save = gr.Button(text("settings.save"), size="sm", min_width=60, elem_id="save-prompt")
        remove = gr.Button(text("settings.forget"), size="sm", min_width=60, elem_id="forget-prompt")
    return Prompts(preset, name, save, remove), system_prompt


def _number(value: float | None, label: str, info: str, elem_id: str, *, visible: bool = True) -> gr.Textbox:
    """A field for a number. gr.Number draws an empty field as 0, and sends that with the next message."""
    written = None if value is None else str(value)
    return gr.Textbox(written, label=label, info=info, max_lines=1, visible=visible, elem_id=elem_id)


def _keys(providers: ProviderPool) -> list[gr.Textbox]:
    with gr.Accordion(text("keys.head"), open=False, elem_id="keys"):
        gr.HTML(f"<p>{text('keys.about')}</p>")
        return [
            gr.Textbox(
                label=providers.label(name),
                type="password",
                max_lines=1,
                visible=providers.takes_key(name),
                elem_id=f"{name}-key",
            )
            for name in KEYED
        ]
