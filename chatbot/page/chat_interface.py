"""Gradio's chat, wired so that a message takes one round trip to its first token."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from chatbot.page.chat_handlers import READY, ChatHandlers, ChatRequest, Update
from chatbot.page.error_toasts import with_error_toasts
from chatbot.page.gradio_update import UNCHANGED, GradioUpdate
from chatbot.page.i18n import text
from chatbot.page.layout import Controls, asset
from chatbot.page.message_view import GradioMessage, show_question
from chatbot.page.settings_values import SettingsValues

LATEX: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
"""No single $: “between $5 and $10” is not a formula."""

BUSY_JS = """() => {
    window.chatbot.asked = true;
    return {__type__: "update", submit_btn: false, stop_btn: true};
}"""
"""At once: until the server has told, the page would take the answer for another tab's and follow it."""

QUIET: dict[str, Any] = {"api_visibility": "undocumented", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = QUIET | {"queue": False}
QUEUED: dict[str, Any] = QUIET | {"concurrency_limit": None}
ANY_TIME: dict[str, Any] = QUEUED | {"trigger_mode": "multiple"}
STREAMED: dict[str, Any] = QUEUED | {"postprocess": False}
"""An answer's updates go to the browser as they are: all messages on show would go through Gradio's models at each."""
EACH_STREAMED: dict[str, Any] = STREAMED | {"trigger_mode": "multiple"}
EACH: dict[str, Any] = AT_ONCE | {"trigger_mode": "multiple"}
"""Also while one of the kind runs: by default Gradio drops it, and “always_last” repeats the data of the first."""


class StreamingChat(gr.ChatInterface):
    """Gradio's chat with its own wiring.

    Gradio's own chain of events takes four to five round trips to the first token, and an exception leaves its
    textbox disabled. Here Enter runs a script, which queues the answer on the server and, while the request is on its
    way, shows the message and clears the box. Stop ends the Reply, not Gradio's event, so it works however an answer
    began. This overrides the private `_setup_events` and `_render_footer`: requirements.txt pins Gradio's minor
    version, tests/test_gradio_patches.py guards it.
    """

    def __init__(self, handlers: ChatHandlers, controls: Controls) -> None:
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
                placeholder=text("welcome.text"),
                buttons=[],
                latex_delimiters=LATEX,
                allow_tags=False,
                autoscroll=False,  # assets/scrolling.js does it
                feedback_options=None,
            ),
            textbox=gr.Textbox(
                elem_id="message",
                label=text("box.label"),
                placeholder=text("box.hint"),
                autofocus=True,
                submit_btn=True,
                stop_btn=True,
                max_lines=10,
                scale=7,
            ),
            concurrency_limit=None,
            api_name="chat",
        )

    def _render_footer(self) -> None:
        """What waits to go with the next message stands in the chat's own column, above the message box."""
        self._controls.files.render()  # type: ignore[no-untyped-call]

    def _setup_events(self) -> None:
        handlers, controls = self._handlers, self._controls
        turns, conversation = controls.turns, controls.conversation
        inputs = [*controls.session, *controls.fields.all]
        outputs = [self.chatbot, self.textbox, conversation, turns, controls.files]
        box_and_chat = [self.textbox, self.chatbot]
        self.textbox.submit(None, [self.textbox], None, js=asset("send.js"), **EACH)
        sent = turns.send(with_error_toasts(self._send), [self.textbox, *inputs], outputs, **EACH_STREAMED)
        turns.show(None, box_and_chat, box_and_chat, js=asset("show.js"), **EACH)
        self.textbox.stop(with_error_toasts(handlers.stop), controls.session, None, **AT_ONCE)
        followed = controls.conversations.follow(
            with_error_toasts(handlers.follow), controls.session, [self.chatbot, self.textbox, turns], **STREAMED
        )
        for event in (turns.retry, turns.edit):
            event(None, None, [self.textbox], js=BUSY_JS, cancels=[sent, followed], **AT_ONCE)
        again = turns.retry(with_error_toasts(self._retry), inputs, outputs, **EACH_STREAMED)
        edited = turns.edit(with_error_toasts(self._edit), inputs, outputs, **EACH_STREAMED)
        self.answers = [sent, again, edited, followed]
        turns.undo(None, None, None, cancels=self.answers, **AT_ONCE)
        undone = [self.chatbot, self.textbox, turns, controls.files]
        turns.undo(with_error_toasts(handlers.undo), controls.session, undone, **AT_ONCE)
        client = gr.State()
        provider, model, system_prompt = controls.fields.kept[:3]
        self.fake_api_btn.click(
            with_error_toasts(handlers.answer_program),
            [self.textbox, client, provider, model, system_prompt],
            [self.api_response, client],
            api_name="chat",
            concurrency_limit=None,
            postprocess=False,
        )

    async def _send(
        self, request: gr.Request, event: gr.EventData, text: str, token: str, conversation_id: str, *fields: Any
    ) -> AsyncGenerator[Any]:
        enclosed = sent_files(event)
        history = await self._handlers.shown(token, conversation_id) if conversation_id else []
        asked = ChatRequest(
            token, conversation_id, SettingsValues(*fields), self._handlers.client_address(request), files=enclosed
        )
        async for update in self._answered(text, history, asked):
            yield update

    async def _retry(
        self, request: gr.Request, event: gr.EventData, token: str, conversation_id: str, *fields: Any
    ) -> AsyncGenerator[Any]:
        asked = ChatRequest(
            token, conversation_id, SettingsValues(*fields), self._handlers.client_address(request), "again"
        )
        async for update in self._another(asked, event):
            yield update

    async def _edit(
        self, request: gr.Request, event: gr.EventData, token: str, conversation_id: str, *fields: Any
    ) -> AsyncGenerator[Any]:
        asked = ChatRequest(
            token, conversation_id, SettingsValues(*fields), self._handlers.client_address(request), "edited"
        )
        async for update in self._another(asked, event):
            yield update

    async def _another(self, asked: ChatRequest, event: gr.EventData) -> AsyncGenerator[Any]:
        """A turn in the place of one that is there, which stays as another version."""
        history, question = await self._handlers.turn_of(asked, event_value(event, "id"))
        if question is None:
            yield UNCHANGED, GradioUpdate(**READY), UNCHANGED, UNCHANGED, UNCHANGED
            return
        text = event_value(event, "text") or question.content
        async for update in self._answered(text, history, asked._replace(question=question.message_id)):
            yield update

    async def _answered(self, text: str, history: list[GradioMessage], asked: ChatRequest) -> AsyncGenerator[Update]:
        """The answer to `text` below all that stands before it, again and again as it grows."""
        before = [*history, show_question(text)]
        async with aclosing(self._handlers.respond(text, asked)) as updates:
            async for update in updates:
                yield update._replace(answer=before + update.answer)


def sent_files(event: gr.EventData) -> tuple[str, ...]:
    """The ids of the files that the browser says come with a message."""
    data = event._data
    ids = data.get("files") if isinstance(data, dict) else None
    return tuple(each for each in ids if isinstance(each, str)) if isinstance(ids, list) else ()


def event_value(event: gr.EventData, name: str) -> str:
    """What the browser says of an event, empty where it says nothing of the kind."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""
