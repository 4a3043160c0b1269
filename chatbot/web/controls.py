"""What stands beside the chat: the conversations, the model and its settings, and what is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.messages import PROVIDER_NAMES, Choice
from chatbot.providers import Providers, takes_effort, takes_temperature
from chatbot.settings import Settings
from chatbot.web.notices import sign_in_is_on
from chatbot.web.panel import KEYED
from chatbot.web.presets import choices
from chatbot.web.texts import provider_label, text

STORAGE_KEY = "chatbot-session"
NOT_SECRET = "the browser is told this anyway"  # noqa: S105
"""gr.BrowserState wants a fixed "secret" to read what an earlier process wrote. It goes to every browser, so nothing
depends on it: the token inside is signed on the server."""

EFFORTS = [(text(f"effort.{effort or 'own'}"), effort) for effort in ("", "low", "medium", "high")]

ASSETS = Path(__file__).with_name("assets")


@dataclass(frozen=True, slots=True)
class Fields:
    """What an answer depends on, in the order of `Panel`."""

    provider: gr.Dropdown
    model: gr.Dropdown
    system_prompt: gr.Textbox
    max_tokens: gr.Number
    history_limit: gr.Number
    temperature: gr.Number
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


@dataclass(frozen=True, slots=True)
class Data:
    """What can be done with what is kept."""

    markdown: gr.Button
    json: gr.Button
    everything: gr.Button
    file: gr.UploadButton
    result: gr.HTML
    delete: gr.Button
    question: gr.Column
    really: gr.Button
    keep: gr.Button


@dataclass(frozen=True, slots=True)
class Controls:
    """The components that the page's events read and change."""

    token: gr.BrowserState
    conversation: gr.Textbox
    files: gr.HTML
    turns: gr.HTML
    sidebar: gr.Sidebar
    new_chat: gr.Button
    search: gr.HTML
    conversations: gr.HTML
    model_state: gr.HTML
    fields: Fields
    prompts: Prompts
    data: Data

    @property
    def session(self) -> list[Any]:
        """Whose page it is, and which conversation is open."""
        return [self.token, self.conversation]


def asset(name: str) -> str:
    """A script of the page's."""
    return (ASSETS / name).read_text("utf-8")


def element(name: str, value: Any = None, scripts: Iterable[str] = (), **options: Any) -> gr.HTML:
    """A part of the page that its script draws, or those `scripts`, from `value`. Nothing of the value goes through
    Gradio's templates: these would run what they find in it."""
    script = "".join(asset(f"{each}.js") for each in ("dom", *(scripts or [name])))
    drawn: dict[str, Any] = {"html_template": "<div></div>", "js_on_load": script, "apply_default_css": False}
    return gr.HTML(value, elem_id=name, **drawn, **options)


def build_controls(settings: Settings, providers: Providers) -> Controls:
    """Lay the controls out on the page that is being built: the model above the chat, all else in a sidebar."""
    token = gr.BrowserState(storage_key=STORAGE_KEY, secret=NOT_SECRET)
    conversation = gr.Textbox(visible=False)
    turns = element("turns", "", scripts=["accounting", "enclosed", "turns"], render=False)
    files = element("files", "", scripts=["enclosed", "files"], render=False)
    model_state = element("model-state", "", scripts=["sentence"], render=False)
    provider, model = _model(providers)
    with gr.Sidebar(width=280, open=False, elem_id="sidebar") as sidebar:
        new_chat = gr.Button(text("chat.new"), elem_id="new-chat")
        if sign_in_is_on(settings):
            gr.LoginButton(logout_value="Sign out ({})", size="md", elem_id="sign-in")
        search = element("search", {})
        conversations = element("conversations")
        fields, prompts = _settings(settings, providers, provider, model)
        data = _data()
    return Controls(
        token,
        conversation,
        files,
        turns,
        sidebar,
        new_chat,
        search,
        conversations,
        model_state,
        fields,
        prompts,
        data,
    )


def _model(providers: Providers) -> tuple[gr.Dropdown, gr.Dropdown]:
    choice = providers.default or Choice("local", "")
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


def _settings(
    settings: Settings, providers: Providers, provider: gr.Dropdown, model: gr.Dropdown
) -> tuple[Fields, Prompts]:
    choice = providers.default or Choice("local", "")
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
    fields = Fields(provider, model, system_prompt, max_tokens, history_limit, temperature, effort, keys, *listing)
    return fields, prompts


def _prompts(settings: Settings) -> tuple[Prompts, gr.Textbox]:
    preset = gr.Dropdown(
        choices(settings.chatbot_system_prompt, {}),
        label=text("settings.preset"),
        value=None,
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


def _number(value: float | None, label: str, info: str, elem_id: str, *, visible: bool = True) -> gr.Number:
    return gr.Number(value, label=label, info=info, visible=visible, elem_id=elem_id)


def _keys(providers: Providers) -> list[gr.Textbox]:
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


def _data() -> Data:
    with gr.Accordion(text("data.head"), open=False, elem_id="data"):
        gr.HTML(f"<p>{text('data.where')}</p>")
        with gr.Row():
            markdown = gr.Button(text("data.markdown"), size="sm", elem_id="export-md")
            json = gr.Button(text("data.json"), size="sm", elem_id="export-json")
        everything = gr.Button(text("data.all"), size="sm", elem_id="export-all")
        file = gr.UploadButton(text("data.import"), size="sm", file_types=[".json", ".zip"], elem_id="import")
        result = element("import-result", "", scripts=["sentence"])
        delete = gr.Button(text("data.delete"), size="sm", variant="stop", elem_id="delete-all")
        with gr.Column(visible=False, elem_id="delete-question") as question:
            gr.HTML(f"<p>{text('data.question')}</p>")
            with gr.Row():
                really = gr.Button(text("data.really"), size="sm", variant="stop", elem_id="delete-really")
                keep = gr.Button(text("data.keep"), size="sm", elem_id="delete-keep")
    return Data(markdown, json, everything, file, result, delete, question, really, keep)
