"""StreamingChat: Gradio's chat, wired so that a message takes one round trip to its first token."""

from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from chatbot.page.chat_handlers import ChatHandlers, ChatRequest, TurnKind
from chatbot.page.error_toasts import with_error_toasts
from chatbot.page.i18n import text
from chatbot.page.layout import Controls
from chatbot.page.queue_handlers import QueueHandlers
from chatbot.page.settings_values import SettingsValues
from chatbot.page.view_update import ViewUpdate
from chatbot.web.gradio_patches import event_data

HIDDEN: dict[str, Any] = {"api_visibility": "undocumented", "show_progress": "hidden"}
IMMEDIATE: dict[str, Any] = HIDDEN | {"queue": False}
QUEUED: dict[str, Any] = HIDDEN | {"concurrency_limit": None}
EVERY: dict[str, Any] = IMMEDIATE | {"trigger_mode": "multiple"}
"""Also while one of the same kind runs: by default Gradio drops it, and “always_last” repeats the first one's data."""
STREAMED: dict[str, Any] = QUEUED | {"preprocess": False, "postprocess": False, "trigger_mode": "multiple"}
"""Fields and updates come and go as they are: Gradio would pass each field through a thread, each update through its
models."""

FAILED_JS = "() => window.chatbot.failed()"
"""After an event that raised: no update will come for its view."""

QUEUE_FAILED_JS = "() => window.chatbot.queueFailed()"
"""The same for an event of the queue, which leaves the view as it is."""


class StreamingChat(gr.ChatInterface):
    """Gradio's chat with its own wiring.

    Gradio's chain of events takes four to five round trips to the first token, and an exception leaves its textbox
    disabled. Here the scripts raise events on the hub `controls.turns`, and its updates set the chat. Stop ends the
    reply, not Gradio's event, so it works however an answer started. This overrides the private `_setup_events` and
    `_render_footer`; tests/page/test_gradio_wiring.py tests both.
    """

    def __init__(self, handlers: ChatHandlers, waiting: QueueHandlers, controls: Controls) -> None:
        self._handlers = handlers
        self._waiting = waiting
        self._controls = controls
        super().__init__(
            handlers.respond_to_program,
            chatbot=gr.Chatbot(
                elem_id="chat",
                show_label=False,
                container=False,
                scale=1,
                layout="panel",
                placeholder=text("welcome.text"),
                buttons=[],
                latex_delimiters=[],  # assets/messages.js draws the messages, formulas too
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
        """Places the instructions that are on, the messages that wait and the attachments of the next one in the
        chat's column, above the message box."""
        self._controls.chip.render()  # type: ignore[no-untyped-call]
        self._controls.queue.render()  # type: ignore[no-untyped-call]
        self._controls.files.render()  # type: ignore[no-untyped-call]

    def _setup_events(self) -> None:
        handlers, controls = self._handlers, self._controls
        turns, token = controls.turns, controls.token
        inputs = [token, *controls.form.all]
        self.textbox.submit(None, [self.textbox], None, js="(text) => window.chatbot.send(text)", **EVERY)
        self.textbox.stop(None, None, None, js="() => window.chatbot.stop()", **EVERY)
        apply_js = "() => window.chatbot.applied()"
        turns.apply(None, None, [self.chatbot, self.textbox], js=apply_js, **EVERY)
        streams = [
            turns.send(with_error_toasts(self._send), inputs, [controls.answers], **STREAMED),
            turns.retry(with_error_toasts(self._retry), inputs, [controls.answers], **STREAMED),
            turns.resume(with_error_toasts(self._resume), inputs, [controls.answers], **STREAMED),
            turns.edit(with_error_toasts(self._edit), inputs, [controls.answers], **STREAMED),
            turns.follow(with_error_toasts(self._follow), [token], [controls.answers], **STREAMED),
        ]
        turns.leave(self._leave, None, None, **EVERY)
        turns.stop(with_error_toasts(self._stop), [token], None, **EVERY)
        for listener, handler in ((turns.queue, self._wait), (turns.send_now, self._send_now)):
            event = listener(with_error_toasts(handler), inputs, [turns], **EVERY)
            event.failure(None, None, None, js=QUEUE_FAILED_JS, **EVERY)
        withdraw = turns.withdraw(with_error_toasts(self._withdraw), [token], [turns], **EVERY)
        withdraw.failure(None, None, None, js=QUEUE_FAILED_JS, **EVERY)
        undo = turns.undo(with_error_toasts(self._undo), [token], [turns], **EVERY)
        for event in (*streams, undo):
            event.failure(None, None, None, js=FAILED_JS, **EVERY)
        client = gr.State()
        form = controls.form
        self.fake_api_btn.click(
            with_error_toasts(handlers.respond_to_program),
            [self.textbox, client, form.provider, form.model, form.system_prompt],
            [self.api_response, client],
            api_name="chat",
            concurrency_limit=None,
            postprocess=False,
        )

    async def _send(
        self, request: gr.Request, event: gr.EventData, token: str, *fields: Any
    ) -> AsyncGenerator[ViewUpdate]:
        async for update in self._respond(request, event, token, fields, "new"):
            yield update

    async def _retry(
        self, request: gr.Request, event: gr.EventData, token: str, *fields: Any
    ) -> AsyncGenerator[ViewUpdate]:
        async for update in self._respond(request, event, token, fields, "retry"):
            yield update

    async def _resume(
        self, request: gr.Request, event: gr.EventData, token: str, *fields: Any
    ) -> AsyncGenerator[ViewUpdate]:
        async for update in self._respond(request, event, token, fields, "resume"):
            yield update

    async def _edit(
        self, request: gr.Request, event: gr.EventData, token: str, *fields: Any
    ) -> AsyncGenerator[ViewUpdate]:
        async for update in self._respond(request, event, token, fields, "edit"):
            yield update

    def _respond(
        self,
        request: gr.Request,
        event: gr.EventData,
        token: str,
        fields: tuple[Any, ...],
        kind: TurnKind,
    ) -> AsyncGenerator[ViewUpdate]:
        asked = ChatRequest(
            token,
            event_number(event, "view"),
            event_text(event, "conversation_id"),
            SettingsValues.of(fields),
            kind,
            event_text(event, "text"),
            event_text(event, "id"),
            event_texts(event, "files"),
            event_data(event).get("temporary") is True,
        )
        return self._handlers.respond(request, asked)

    async def _follow(self, request: gr.Request, event: gr.EventData, token: str) -> AsyncGenerator[ViewUpdate]:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        async for update in self._handlers.follow(request, token, view, conversation_id):
            yield update

    async def _wait(self, request: gr.Request, event: gr.EventData, token: str, *fields: Any) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        text, files = event_text(event, "text"), event_texts(event, "files")
        stops = event_data(event).get("stops") is True
        return await self._waiting.add(request, token, view, conversation_id, fields, text, files, stops=stops)

    async def _send_now(self, request: gr.Request, event: gr.EventData, token: str, *fields: Any) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        return await self._waiting.send_now(request, token, view, conversation_id, fields, event_text(event, "id"))

    async def _withdraw(self, request: gr.Request, event: gr.EventData, token: str) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        message_id, edits = event_text(event, "id"), event_data(event).get("edits") is True
        return await self._waiting.withdraw(request, token, view, conversation_id, message_id, edits=edits)

    async def _leave(self, request: gr.Request, event: gr.EventData) -> None:
        stops = event_data(event).get("stops") is True
        self._handlers.leave(request, event_number(event, "view"), stops=stops)

    async def _stop(self, request: gr.Request, event: gr.EventData, token: str) -> None:
        await self._handlers.stop(token, event_text(event, "conversation_id"))

    async def _undo(self, request: gr.Request, event: gr.EventData, token: str) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        return await self._handlers.undo(request, token, view, conversation_id)


def event_text(event: gr.EventData, name: str) -> str:
    """A text that the browser sent with an event; empty if there is none."""
    value = event_data(event).get(name)
    return value if isinstance(value, str) else ""


def event_texts(event: gr.EventData, name: str) -> tuple[str, ...]:
    """The texts of a list that the browser sent with an event."""
    values = event_data(event).get(name)
    return tuple(each for each in values if isinstance(each, str)) if isinstance(values, list) else ()


def event_number(event: gr.EventData, name: str) -> int:
    """A whole number that the browser sent with an event; 0 if there is none."""
    value = event_data(event).get(name)
    return value if isinstance(value, int) else 0
