"""The settings form: the model, how it is to answer, and the visitor's own keys."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.page.i18n import provider_label, text
from chatbot.page.presets import choices
from chatbot.page.script_element import script_element
from chatbot.page.settings_values import KEYED
from chatbot.providers import ProviderPool, traits
from chatbot.providers.provider_pool import DISCOVERED
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, ModelChoice, ProviderName

KEY_FORMS: dict[ProviderName, str] = {"openai": "sk-…", "anthropic": "sk-ant-…", "huggingface": "hf_…"}
"""What a provider's keys look like. assets/keys.js knows where they are made."""

EFFORTS = [(text(f"effort.{effort or 'own'}"), effort) for effort in ("", "low", "medium", "high")]


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """The fields, in the order of `SettingsValues`. `listed` is the provider whose models are in the menu, `arriving`
    a list of models that the server has just sent."""

    provider: gr.Dropdown
    model: gr.Dropdown
    system_prompt: gr.Textbox
    max_tokens: gr.Textbox
    history_limit: gr.Textbox
    temperature: gr.Textbox
    effort: gr.Dropdown
    keys: list[gr.Textbox]
    listed: gr.Textbox
    arriving: gr.JSON

    @property
    def resettable(self) -> list[Any]:
        """The fields of the settings' dialog, in the order of `default_values`."""
        return [self.system_prompt, self.max_tokens, self.history_limit, self.temperature, self.effort]

    @property
    def stored(self) -> list[Any]:
        """The fields that a conversation stores."""
        return [self.provider, self.model, *self.resettable]

    @property
    def all(self) -> list[Any]:
        """Those, and the visitor's own keys, which nothing stores."""
        return [*self.stored, *self.keys]


@dataclass(frozen=True, slots=True)
class PromptFields:
    """Choosing, saving and removing a system prompt."""

    preset: gr.Dropdown
    name: gr.Textbox
    save: gr.Button
    remove: gr.Button


@dataclass(frozen=True, slots=True)
class SettingsFoot:
    """The dialog's last line: what was saved, as a Text's JSON, and setting all fields to their defaults."""

    said: gr.HTML
    reset: gr.Button


def build_model_fields(providers: ProviderPool) -> tuple[gr.Dropdown, gr.Dropdown]:
    """The menus of providers and models. Programs read them; people use the picker. Both are empty if no provider is
    set up."""
    choice = providers.default
    provider = gr.Dropdown(
        provider_choices(providers),
        value=choice.provider if choice else None,
        label=text("model.provider"),
        elem_id="provider",
    )
    model = gr.Dropdown(
        providers.models(choice.provider) if choice else [],
        value=(choice.model if choice else "") or None,
        label=text("model.model"),
        allow_custom_value=True,
        elem_id="model",
    )
    return provider, model


def provider_choices(providers: ProviderPool, keys: Collection[ProviderName] = ()) -> list[tuple[str, ProviderName]]:
    """The menu of providers: those that are set up, those that the visitor has `keys` for, and those that may be found
    on this machine at any time: Gradio takes nothing else as their field's value."""
    offered = [name for name in PROVIDER_NAMES if name in providers.offered or name in keys]
    names = [*offered, *(name for name in DISCOVERED if name not in offered)]
    return [(provider_label(name, providers.label(name)), name) for name in names]


def build_settings_form(
    settings: Settings, providers: ProviderPool, provider: gr.Dropdown, model: gr.Dropdown, keys: list[gr.Textbox]
) -> tuple[SettingsForm, PromptFields, SettingsFoot]:
    """The other fields, in three parts; assets/settings.js shows them in a dialog."""
    choice = providers.default or ModelChoice("local", "")
    profile = traits(choice.provider, choice.model)
    with gr.Column(elem_id="settings"):
        gr.HTML(f'<p class="about">{text("settings.about")}</p>')
        _part_head("settings.instructions")
        prompts, system_prompt = _prompt_fields(settings)
        _part_head("settings.answer")
        with gr.Row():
            max_tokens = _number_field(settings.chatbot_max_tokens, "settings.length", "max-tokens")
            temperature = _number_field(
                settings.chatbot_temperature,
                "settings.temperature",
                "temperature",
                visible=bool(profile.takes_temperature),
            )
            effort = gr.Dropdown(
                EFFORTS,
                value="",
                label=text("settings.effort"),
                info=text("settings.effort.info"),
                visible=bool(profile.takes_effort),
                elem_id="effort",
            )
        _part_head("memory.head")
        history_limit = _number_field(settings.chatbot_history_limit, "settings.history", "history-limit")
        _part_head("settings.look")
        script_element("preferences")
        with gr.Row(elem_id="settings-foot"):
            said = script_element("settings-said")
            reset = gr.Button(text("settings.reset"), size="sm", elem_id="reset-settings")
    listed, arriving = gr.Textbox(choice.provider if providers.default else "", visible=False), gr.JSON(visible=False)
    form = SettingsForm(
        provider, model, system_prompt, max_tokens, history_limit, temperature, effort, keys, listed, arriving
    )
    return form, prompts, SettingsFoot(said, reset)


def _part_head(key: str) -> None:
    gr.HTML(f"<h3>{text(key)}</h3>")


def _prompt_fields(settings: Settings) -> tuple[PromptFields, gr.Textbox]:
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
    return PromptFields(preset, name, save, remove), system_prompt


def _number_field(value: float | None, key: str, elem_id: str, *, visible: bool = True) -> gr.Textbox:
    """A field for a number. gr.Number draws an empty field as 0, and sends that with the next message."""
    written = None if value is None else str(value)
    info = text(f"{key}.info")
    return gr.Textbox(written, label=text(key), info=info, max_lines=1, visible=visible, elem_id=elem_id)


def build_key_fields(providers: ProviderPool) -> tuple[list[gr.Textbox], gr.HTML]:
    """The visitor's own keys, in the order of KEYED, and what checks them: assets/keys.js."""
    with gr.Accordion(text("keys.head"), open=False, elem_id="keys"):
        gr.HTML(f"<p>{text('keys.about')}</p>")
        fields = [_key_field(providers, name) for name in KEYED]
        return fields, script_element("own-keys", events=["check"])


def _key_field(providers: ProviderPool, name: ProviderName) -> gr.Textbox:
    return gr.Textbox(
        label=providers.label(name),
        placeholder=KEY_FORMS.get(name, ""),
        type="password",
        max_lines=1,
        visible=providers.takes_key(name),
        elem_id=f"{name}-key",
    )
