"""What stands beside the chat: a new chat, the model, and its settings."""

from dataclasses import dataclass

import gradio as gr

from chatbot.providers import Choice, Providers, takes_temperature
from chatbot.settings import PROVIDER_NAMES, Settings

STORAGE_KEY = "chatbot-session"
NOT_SECRET = "the browser is told this anyway"  # noqa: S105
"""gr.BrowserState wants a fixed "secret" to read what an earlier process wrote. It goes to every browser, so nothing
depends on it: the token inside is signed on the server."""


@dataclass(frozen=True, slots=True)
class Controls:
    """The components that the chat's events read and change."""

    sidebar: gr.Sidebar
    token: gr.BrowserState
    conversation: gr.Textbox
    outgoing: gr.Textbox
    new_chat: gr.Button
    model_state: gr.HTML
    provider: gr.Dropdown
    model: gr.Dropdown
    system_prompt: gr.Textbox
    max_tokens: gr.Number
    history_limit: gr.Number
    temperature: gr.Number

    @property
    def inputs(self) -> list[gr.components.Component]:
        """What an answer depends on beside its message, in the order of `Handlers.respond`'s parameters."""
        return [self.token, self.conversation, *self.settings]

    @property
    def settings(self) -> list[gr.components.Component]:
        """The model and its settings, in the same order."""
        return [
            self.provider,
            self.model,
            self.system_prompt,
            self.max_tokens,
            self.history_limit,
            self.temperature,
        ]


def build_controls(settings: Settings, providers: Providers) -> Controls:
    """Lay the controls out in a sidebar of the page that is being built."""
    choice = providers.default or Choice("local", "")
    offered = [name for name in PROVIDER_NAMES if name in providers.offered or name == choice.provider]
    token = gr.BrowserState(storage_key=STORAGE_KEY, secret=NOT_SECRET)
    conversation = gr.Textbox(visible=False)
    outgoing = gr.Textbox(visible=False)
    with gr.Sidebar(width=300, open=False, elem_id="sidebar") as sidebar:
        new_chat = gr.Button("New chat", elem_id="new-chat")
        provider = gr.Dropdown(
            [(providers.label(name), name) for name in offered],
            value=choice.provider,
            label="Provider",
            elem_id="provider",
        )
        model = gr.Dropdown(
            providers.models(choice.provider),
            value=choice.model or None,
            label="Model",
            info="Choose one, or type any name",
            allow_custom_value=True,
            elem_id="model",
        )
        model_state = gr.HTML(elem_id="model-state")
        with gr.Accordion("Settings", open=False, elem_id="settings"):
            system_prompt = gr.Textbox(
                settings.chatbot_system_prompt,
                label="System prompt",
                info="What the model is told before the conversation",
                lines=3,
                max_lines=10,
                elem_id="system-prompt",
            )
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
    return Controls(
        sidebar,
        token,
        conversation,
        outgoing,
        new_chat,
        model_state,
        provider,
        model,
        system_prompt,
        max_tokens,
        history_limit,
        temperature,
    )
