"""What stands beside the chat: the conversations, the model and its settings, and what is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.page.i18n import text
from chatbot.page.notices import sign_in_is_on
from chatbot.page.settings_form import Prompts, SettingsForm, model_fields, settings_fields
from chatbot.providers import ProviderPool
from chatbot.settings import Settings

STORAGE_KEY = "chatbot-session"
NOT_SECRET = "the browser is told this anyway"  # noqa: S105
"""gr.BrowserState wants a fixed "secret" to read what an earlier process wrote. It goes to every browser, so nothing
depends on it: the token inside is signed on the server."""

ASSETS = Path(__file__).with_name("assets")


@dataclass(frozen=True, slots=True)
class Data:
    """What can be done with what is kept."""

    markdown: gr.Button
    json: gr.Button
    everything: gr.Button
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
    fields: SettingsForm
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


def build_controls(settings: Settings, providers: ProviderPool) -> Controls:
    """Lay the controls out on the page that is being built: the model above the chat, all else in a sidebar."""
    token = gr.BrowserState(storage_key=STORAGE_KEY, secret=NOT_SECRET)
    conversation = gr.Textbox(visible=False)
    turns = element("turns", "", scripts=["accounting", "enclosed", "turns"], render=False)
    files = element("files", "", scripts=["enclosed", "files"], render=False)
    model_state = element("model-state", "", scripts=["sentence"], render=False)
    provider, model = model_fields(providers)
    with gr.Sidebar(width=280, open=False, elem_id="sidebar") as sidebar:
        new_chat = gr.Button(text("chat.new"), elem_id="new-chat")
        if sign_in_is_on(settings):
            gr.LoginButton(logout_value="Sign out ({})", size="md", elem_id="sign-in")
        search = element("search", {})
        conversations = element("conversations")
        fields, prompts = settings_fields(settings, providers, provider, model)
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


def _data() -> Data:
    with gr.Accordion(text("data.head"), open=False, elem_id="data"):
        gr.HTML(f"<p>{text('data.where')}</p>")
        with gr.Row():
            markdown = gr.Button(text("data.markdown"), size="sm", elem_id="export-md")
            json = gr.Button(text("data.json"), size="sm", elem_id="export-json")
        everything = gr.Button(text("data.all"), size="sm", elem_id="export-all")
        gr.Button(text("data.import"), size="sm", elem_id="import")
        result = element("import-result", "", scripts=["sentence", "import"])
        delete = gr.Button(text("data.delete"), size="sm", variant="stop", elem_id="delete-all")
        with gr.Column(visible=False, elem_id="delete-question") as question:
            gr.HTML(f"<p>{text('data.question')}</p>")
            with gr.Row():
                really = gr.Button(text("data.really"), size="sm", variant="stop", elem_id="delete-really")
                keep = gr.Button(text("data.keep"), size="sm", elem_id="delete-keep")
    return Data(markdown, json, everything, result, delete, question, really, keep)
