"""The page: a ChatInterface whose events are wired for one round trip, and the controls beside it."""

from collections.abc import AsyncGenerator
from typing import Any, cast

import gradio as gr

from chatbot.web.controls import Controls, build_controls
from chatbot.web.handlers import SHOWN_MESSAGES, Handlers

TITLE = "Chatbot"

WELCOME = """
# How can I help you today?
Type a message below. Your conversations are kept on the computer that runs this app.
"""

LATEX: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
"""No single $: “between $5 and $10” is not a formula."""

SEND_JS = f"""
async (text, messages) => {{
    for (let i = 0; i < 100 && !window.chatbotEntered; i++) await new Promise(wake => setTimeout(wake, 50));
    const busy = document.querySelector("#message .stop-button");
    if (busy || !text.trim()) return [text, messages, ""];
    const sent = {{role: "user", content: [{{type: "text", text}}], metadata: null, options: null}};
    const box = {{__type__: "update", value: "", submit_btn: false, stop_btn: true}};
    return [box, [...(messages ?? []), sent].slice(-{SHOWN_MESSAGES}), text];
}}
"""
"""In the browser, with no round trip: show the message, clear the box, offer to stop, and hand the text on; nothing of
it while an answer is still coming. A very quick hand waits until the page knows its session."""

ENTERED_JS = "() => { window.chatbotEntered = true; }"

NEW_CHAT_JS = """
async () => {
    document.querySelector("#message textarea")?.focus();
    await new Promise(wake => setTimeout(wake, 100));
    const box = {__type__: "update", submit_btn: true, stop_btn: false};
    const sidebar = innerWidth < 768 ? {__type__: "update", open: false} : {__type__: "update"};
    return ["", [], box, sidebar];
}
"""
"""Clears the page, once the updates of an answer that was just left have come to rest: they would fill it again."""

OPEN_SIDEBAR_JS = """() => ({__type__: "update", open: innerWidth >= 768})"""
"""The sidebar begins closed: on a phone it would cover the chat."""

QUIET: dict[str, Any] = {"api_visibility": "undocumented", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = QUIET | {"queue": False}
QUEUED: dict[str, Any] = QUIET | {"concurrency_limit": None}


class Chat(gr.ChatInterface):
    """Gradio's chat with its own wiring.

    Gradio's own chain of events takes four to five round trips to the first token, and an exception leaves its
    textbox disabled. Here Enter does two things at once: in the browser the message appears and the box clears, on
    the server `fn` is queued. Stop ends the Reply, not Gradio's event, so it works however an answer began. This
    overrides the private `_setup_events`: requirements.txt pins Gradio's minor version, tests/test_ui.py guards it.
    """

    def __init__(self, handlers: Handlers, controls: Controls) -> None:
        self._handlers = handlers
        self._controls = controls
        self.answers: list[Any] = []
        super().__init__(
            handlers.respond,
            chatbot=gr.Chatbot(
                elem_id="chat",
                show_label=False,
                container=False,
                scale=1,
                layout="panel",
                placeholder=WELCOME,
                buttons=["copy", "copy_all"],
                latex_delimiters=LATEX,
                allow_tags=False,
                feedback_options=None,
            ),
            textbox=gr.Textbox(
                elem_id="message",
                label="Message",
                placeholder="Type a message",
                autofocus=True,
                submit_btn=True,
                stop_btn=True,
                max_lines=10,
                scale=7,
            ),
            additional_inputs=list[str | gr.components.Component](controls.inputs),
            concurrency_limit=None,
            api_name="chat",
        )
        self.additional_outputs = [self.textbox, controls.conversation]

    def _setup_events(self) -> None:
        inputs, conversation = self._controls.inputs, self._controls.conversation
        session = [self._controls.token, conversation]
        outputs = [self.null_component, self.chatbot, self.textbox, conversation]
        box_and_chat = [self.textbox, self.chatbot]
        sent = self.textbox.submit(
            None, box_and_chat, [*box_and_chat, self._controls.outgoing], js=SEND_JS, **AT_ONCE
        ).then(self._send, [self._controls.outgoing, *inputs], outputs, **QUEUED)
        self.textbox.stop(self._handlers.stop, session, None, **AT_ONCE)
        retried = self.chatbot.retry(self._retry, inputs, outputs, **QUEUED)
        self.chatbot.undo(self._handlers.undo, session, [self.chatbot, self.textbox], **AT_ONCE)
        self.answers = [sent, retried]
        client = gr.State()
        self.fake_api_btn.click(
            self._handlers.answer_program,
            [self.textbox, client, self._controls.provider, self._controls.model, self._controls.system_prompt],
            [self.api_response, client],
            api_name="chat",
            concurrency_limit=None,
            postprocess=False,
        )

    async def _send(self, text: str, token: str, conversation_id: str, *settings: Any) -> AsyncGenerator[Any]:
        if not text:
            yield (gr.skip(),) * 4  # a generator without a single yield would empty its outputs
            return
        history = await self._handlers.shown(token, conversation_id) if conversation_id else []
        async for update in self._stream_fn(text, cast(Any, history), token, conversation_id, *settings):
            yield update

    async def _retry(self, token: str, conversation_id: str, *settings: Any) -> AsyncGenerator[Any]:
        history, question = await self._handlers.last_turn(token, conversation_id)
        if question is None:
            yield (gr.skip(),) * 4
            return
        again = (token, conversation_id, *settings, question.message_id)
        async for update in self._stream_fn(question.content, cast(Any, history), *again):
            yield update


def build_page(handlers: Handlers) -> gr.Blocks:
    """The whole page, ready to launch."""
    with gr.Blocks(title=TITLE, fill_height=True, analytics_enabled=False) as page:
        controls = build_controls(handlers.settings, handlers.providers)
        chat = Chat(handlers, controls)
        session = [controls.token, controls.conversation]
        view = [controls.conversation, chat.chatbot]
        entered = page.load(handlers.enter, [controls.token], [controls.token, *view], **AT_ONCE)
        entered.then(None, None, None, js=ENTERED_JS, **AT_ONCE)
        followed = entered.then(handlers.follow, session, [chat.chatbot, chat.textbox], **QUEUED)
        watching = [*chat.answers, followed]
        cleared = [*view, chat.textbox, controls.sidebar]
        controls.new_chat.click(None, None, None, cancels=watching, **AT_ONCE)  # first, or a last update comes after
        controls.new_chat.click(None, None, cleared, js=NEW_CHAT_JS, **AT_ONCE)
        page.load(None, None, [controls.sidebar], js=OPEN_SIDEBAR_JS, **AT_ONCE)
        model_state = {
            "fn": handlers.follow_model,
            "inputs": [controls.provider],
            "outputs": [controls.model_state],
        }
        page.load(**model_state, **QUEUED)
        controls.provider.input(
            handlers.provider_chosen, [controls.provider], [controls.model, controls.temperature], **AT_ONCE
        ).then(**model_state, **QUEUED)
        controls.model.change(
            handlers.model_chosen, [controls.provider, controls.model], [controls.temperature], **AT_ONCE
        )
    return cast(gr.Blocks, page)
