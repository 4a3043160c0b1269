"""What stands beside the chat: the conversations, the model and its settings, and what is kept."""

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

STORAGE_KEY = "chatbot-session"
NOT_SECRET = "the browser is told this anyway"  # noqa: S105
"""gr.BrowserState wants a fixed "secret" to read what an earlier process wrote. It goes to every browser, so nothing
depends on it: the token inside is signed on the server."""

EFFORTS = [("The model's own", ""), ("Low", "low"), ("Medium", "medium"), ("High", "high")]

WHERE = (
    "Conversations are kept on the computer that runs this app, and nowhere else. This browser keeps the key that "
    "opens them; a model is sent what you ask it to answer, and nothing besides."
)

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
    outgoing: gr.Textbox
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


def element(name: str, value: Any = None, **options: Any) -> gr.HTML:
    """A part of the page that its script draws, from `value`. Nothing of the value goes through Gradio's templates:
    these would run what they find in it."""
    shared = ["dom", "enclosed"] if name in ("turns", "files") else ["dom"]
    script = "".join(asset(f"{each}.js") for each in (*shared, name))
    drawn: dict[str, Any] = {"html_template": "<div></div>", "js_on_load": script, "apply_default_css": False}
    return gr.HTML(value, elem_id=name, **drawn, **options)


def build_controls(settings: Settings, providers: Providers) -> Controls:
    """Lay the controls out on the page that is being built: the model above the chat, all else in a sidebar."""
    token = gr.BrowserState(storage_key=STORAGE_KEY, secret=NOT_SECRET)
    conversation, outgoing = gr.Textbox(visible=False), gr.Textbox(visible=False)
    turns, files = element("turns", "", render=False), element("files", "", render=False)
    model_state = gr.HTML(elem_id="model-state", render=False)
    provider, model = _model(providers)
    with gr.Sidebar(width=280, open=False, elem_id="sidebar") as sidebar:
        new_chat = gr.Button("New chat", elem_id="new-chat")
        if sign_in_is_on(settings):
            gr.LoginButton(logout_value="Sign out ({})", size="md", elem_id="sign-in")
        search = element("search", {})
        conversations = element("conversations")
        fields, prompts = _settings(settings, providers, provider, model)
        data = _data()
    return Controls(
        token,
        conversation,
        outgoing,
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
    named = [(providers.label(name), name) for name in offered]
    bare: dict[str, Any] = {"show_label": False, "container": False, "min_width": 120}
    with gr.Row(elem_id="models"):
        provider = gr.Dropdown(named, value=choice.provider, label="Provider", elem_id="provider", **bare)
        model = gr.Dropdown(
            providers.models(choice.provider),
            value=choice.model or None,
            label="Model: choose one, or type any name",
            allow_custom_value=True,
            elem_id="model",
            **bare,
        )
    return provider, model


def _settings(
    settings: Settings, providers: Providers, provider: gr.Dropdown, model: gr.Dropdown
) -> tuple[Fields, Prompts]:
    choice = providers.default or Choice("local", "")
    with gr.Accordion("Settings", open=False, elem_id="settings"):
        preset = gr.Dropdown(
            choices(settings.chatbot_system_prompt, {}),
            label="Start from",
            value=None,
            allow_custom_value=True,  # saved prompts come and go in other tabs
            elem_id="preset",
        )
        system_prompt = gr.Textbox(
            settings.chatbot_system_prompt,
            label="System prompt",
            info="What the model is told before the conversation",
            lines=3,
            max_lines=10,
            elem_id="system-prompt",
        )
        with gr.Row(elem_id="saving"):
            name = gr.Textbox(placeholder="Name it to keep it", show_label=False, max_length=60, elem_id="prompt-name")
            save = gr.Button("Save", size="sm", min_width=60, elem_id="save-prompt")
            remove = gr.Button("Forget", size="sm", min_width=60, elem_id="forget-prompt")
        max_tokens = gr.Number(
            settings.chatbot_max_tokens,
            label="Longest answer",
            info="In tokens; about ¾ of a word each",
            elem_id="max-tokens",
        )
        history_limit = gr.Number(
            settings.chatbot_history_limit,
            label="History limit",
            info="Messages of the conversation that the model sees",
            elem_id="history-limit",
        )
        temperature = gr.Number(
            settings.chatbot_temperature,
            label="Temperature",
            info="0 is sober, 2 is wild; empty is the model's own",
            visible=takes_temperature(choice.provider, choice.model),
            elem_id="temperature",
        )
        effort = gr.Dropdown(
            EFFORTS,
            value="",
            label="Reasoning effort",
            visible=takes_effort(choice.provider, choice.model),
            elem_id="effort",
        )
    keys = _keys(providers)
    listing = gr.Textbox(choice.provider, visible=False), gr.JSON(visible=False)
    fields = Fields(provider, model, system_prompt, max_tokens, history_limit, temperature, effort, keys, *listing)
    return fields, Prompts(preset, name, save, remove)


def _keys(providers: Providers) -> list[gr.Textbox]:
    with gr.Accordion("Your own API keys", open=False, elem_id="keys"):
        gr.HTML("<p>Used for your messages only, and forgotten when you leave this page.</p>")
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
    with gr.Accordion("Your data", open=False, elem_id="data"):
        gr.HTML(f"<p>{WHERE}</p>")
        with gr.Row():
            markdown = gr.Button("This chat as text", size="sm", elem_id="export-md")
            json = gr.Button("This chat as JSON", size="sm", elem_id="export-json")
        everything = gr.Button("All chats (zip)", size="sm", elem_id="export-all")
        file = gr.UploadButton("Import a file…", size="sm", file_types=[".json", ".zip"], elem_id="import")
        result = gr.HTML(elem_id="import-result")
        delete = gr.Button("Delete everything of mine", size="sm", variant="stop", elem_id="delete-all")
        with gr.Column(visible=False, elem_id="delete-question") as question:
            gr.HTML("<p>All your conversations and saved prompts will be gone for good.</p>")
            with gr.Row():
                really = gr.Button("Delete all", size="sm", variant="stop", elem_id="delete-really")
                keep = gr.Button("Keep them", size="sm", elem_id="delete-keep")
    return Data(markdown, json, everything, file, result, delete, question, really, keep)
