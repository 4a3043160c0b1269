"""The page's components beside the chat, and how Gradio is launched."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.page.i18n import text
from chatbot.page.model_picker import initial_picker
from chatbot.page.notices import has_sign_in, notices
from chatbot.page.script_element import script_element
from chatbot.page.scripts import ASSETS
from chatbot.page.settings_form import (
    PromptFields,
    SettingsFoot,
    SettingsForm,
    build_key_fields,
    build_model_fields,
    build_settings_form,
)
from chatbot.page.theme import theme
from chatbot.web.services import Services

STORAGE_KEY = "chatbot-session"
PUBLIC_KEY = "every browser gets this"
"""gr.BrowserState needs a fixed "secret" to read what an earlier process wrote. It goes to every browser, so nothing
depends on it: the token inside is signed on the server."""

EXAMPLES = ["example.recursion", "example.reminder", "example.cooking"]

LAUNCH: dict[str, Any] = {
    "ssr_mode": False,  # a Node proxy would answer our own routes with HTML
    "enable_monitoring": False,  # public by default
    "run_history": False,
    "pwa": False,
    "state_session_capacity": 500,  # Gradio keeps half a MiB of each page that was ever opened, by default of 10,000
    "footer_links": [],
    "theme": theme(),
    "favicon_path": ASSETS / "icon.svg",
}
"""How Gradio is launched, whatever the settings. The page's texts and styles come with its script (`page.scripts`)."""


@dataclass(frozen=True, slots=True)
class DataButtons:
    """What a visitor can do with their data."""

    markdown: gr.Button
    json: gr.Button
    everything: gr.Button
    delete: gr.Button
    question: gr.Column
    confirm: gr.Button
    cancel: gr.Button


@dataclass(frozen=True, slots=True)
class Controls:
    """The components that events read and change. `turns` is the hub of the conversation on display: the scripts send
    its events, and the server sends it ViewUpdates. Those of running answers go to `answers`: a busy browser shows only
    the last of several values that a component gets, and an answer's must not replace another event's."""

    token: gr.BrowserState
    turns: gr.HTML
    answers: gr.HTML
    queue: gr.HTML
    files: gr.HTML
    sidebar: gr.Sidebar
    new_chat: gr.Button
    search: gr.HTML
    conversations: gr.HTML
    picker: gr.HTML
    local_model: gr.HTML
    open_settings: gr.Button
    chip: gr.HTML
    own_keys: gr.HTML
    form: SettingsForm
    prompts: PromptFields
    settings_foot: SettingsFoot
    data: DataButtons
    memory: gr.HTML


TURN_EVENTS = (
    "send",
    "retry",
    "resume",
    "edit",
    "follow",
    "stop",
    "queue",
    "send_now",
    "withdraw",
    "summarize",
    "leave",
    "undo",
    "version",
    "earlier",
    "open",
    "apply",
    "opened",
    "widen",
)


def build_controls(services: Services) -> Controls:
    """Builds the controls: the model above the chat, all else in a sidebar."""
    settings, providers = services.settings, services.providers
    token = gr.BrowserState(storage_key=STORAGE_KEY, secret=PUBLIC_KEY)
    turns = script_element("turns", events=TURN_EVENTS, render=False)
    answers = script_element("answers", render=False)
    queue = script_element("queue", render=False)
    files = script_element("files", render=False)
    chip = script_element("chip", events=["off"], render=False)
    local_model = script_element("model-state", render=False)
    with gr.Row(elem_id="models"):
        initial = initial_picker(providers, can_download=settings.local_downloads())
        picker = script_element("picker", initial, events=["list", "choose"])
        provider, model = build_model_fields(providers)  # not displayed: the picker sets them
    script_element("temporary")
    with gr.Sidebar(width=280, open=False, elem_id="sidebar") as sidebar:
        new_chat = gr.Button(text("chat.new"), elem_id="new-chat")
        if has_sign_in(settings):
            gr.LoginButton(logout_value="Sign out ({})", size="md", elem_id="sign-in")
        search = script_element("search", {}, events=["search"])
        conversations = script_element("conversations", events=["rename", "watch"])
        with gr.Column(elem_id="sidebar-foot"):
            open_settings = gr.Button(text("settings.head"), elem_id="open-settings")
            keys, own_keys = build_key_fields(providers)
            memory = script_element("memory-panel", events=["suggest"])
            data = _build_data_buttons()
    form, prompts, settings_foot = build_settings_form(settings, providers, provider, model, keys)
    return Controls(
        token,
        turns,
        answers,
        queue,
        files,
        sidebar,
        new_chat,
        search,
        conversations,
        picker,
        local_model,
        open_settings,
        chip,
        own_keys,
        form,
        prompts,
        settings_foot,
        data,
        memory,
    )


def build_extras(services: Services) -> None:
    """Builds what stands around the chat and has no events in Python."""
    script_element("examples", EXAMPLES)
    script_element("notices", notices(services.settings))
    script_element("shortcuts")


def _build_data_buttons() -> DataButtons:
    with gr.Accordion(text("data.head"), open=False, elem_id="data"):
        gr.HTML(f"<p>{text('data.where')}</p>")
        with gr.Row():
            markdown = gr.Button(text("data.markdown"), size="sm", elem_id="export-md")
            json = gr.Button(text("data.json"), size="sm", elem_id="export-json")
        everything = gr.Button(text("data.all"), size="sm", elem_id="export-all")
        gr.Button(text("data.import"), size="sm", elem_id="import")
        script_element("import-result")
        delete = gr.Button(text("data.delete"), size="sm", variant="stop", elem_id="delete-all")
        with gr.Column(visible=False, elem_id="delete-question") as question:
            gr.HTML(f"<p>{text('data.question')}</p>")
            with gr.Row():
                confirm = gr.Button(text("data.really"), size="sm", variant="stop", elem_id="delete-really")
                cancel = gr.Button(text("data.keep"), size="sm", elem_id="delete-keep")
    return DataButtons(markdown, json, everything, delete, question, confirm, cancel)
