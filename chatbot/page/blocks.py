"""The page: the chat, what stands beside it, and all that connects them."""

from typing import Any

import gradio as gr

from chatbot.page.accounts import Accounts
from chatbot.page.chat_handlers import ChatHandlers
from chatbot.page.chat_interface import ANY_TIME, AT_ONCE, EACH, QUEUED, StreamingChat, event_value
from chatbot.page.error_toasts import Handler, with_error_toasts
from chatbot.page.layout import asset, build_controls, element
from chatbot.page.notices import notices, sign_in_is_on
from chatbot.page.settings_handlers import SettingsHandlers
from chatbot.page.sidebar_handlers import SidebarHandlers

TITLE = "Chatbot"

EXAMPLES = ["example.recursion", "example.reminder", "example.cooking"]

KEPT_JS = """(token) => {
    try { return [token, sessionStorage.getItem("chatbot-open")]; } catch { return [token, null]; }
}"""
"""Which conversation the tab had open before it was loaded again."""

ENTERED_JS = """(token) => {
    Object.assign((window.chatbot ??= {}), { entered: true, token });
    document.dispatchEvent(new Event("chatbot:entered"));
}"""

OPEN_SIDEBAR_JS = """() => ({__type__: "update", open: innerWidth >= 768})"""
"""The sidebar begins closed: on a phone it would cover the chat."""

CLOSE_ON_PHONE_JS = """() => innerWidth < 768 ? {__type__: "update", open: false} : {__type__: "update"}"""

LEAVE_JS = """async () => {
    const page = window.chatbot;
    for (let i = 0; i < 100 && page.asked; i++) await new Promise((wake) => setTimeout(wake, 30));
    if (page.open) page.elsewhere = performance.now() + 3000;
}"""
"""When the server has heard what was just asked for: to cancel that before would take the question back."""

CHOSEN_JS = r"""(prompt) => /^preset\.\w+\.prompt$/.test(prompt) ? window.chatbot.t(prompt) : prompt ?? "" """
"""A saved prompt is its own text, one of ours the key of one."""

ASK_JS = """() => [{__type__: "update", visible: false}, {__type__: "update", visible: true}]"""
UNASK_JS = """() => [{__type__: "update", visible: true}, {__type__: "update", visible: false}]"""


class Page:
    """The whole page, ready to launch as `blocks`."""

    def __init__(
        self, handlers: ChatHandlers, sidebar: SidebarHandlers, events: SettingsHandlers, accounts: Accounts
    ) -> None:
        self._sidebar = sidebar
        enter = accounts.enter if sign_in_is_on(events.settings) else sidebar.enter
        with gr.Blocks(title=TITLE, fill_height=True, analytics_enabled=False) as self.blocks:
            self._controls = build_controls(events.settings, events.providers)
            self._chat = StreamingChat(handlers, self._controls)
            element("examples", EXAMPLES)
            self._controls.model_state.render()  # type: ignore[no-untyped-call]
            self._controls.turns.render()  # type: ignore[no-untyped-call]
            element("notices", notices(events.settings))
            element("tab")
            element("scrolling")
            element("code")
            element("shortcuts")
            element("gradio", scripts=["failures", "gradio"])
            self._watching = self._chat.answers
            self._enter(enter)
            self._list()
            self._turns()
            self._data()
            self._fields(events)
            self._hush()

    @property
    def _view(self) -> list[Any]:
        """What opening a conversation changes."""
        controls = self._controls
        return [controls.conversation, self._chat.chatbot, controls.turns, *controls.fields.opened]

    @property
    def _cleared(self) -> list[Any]:
        """What new_chat.js leaves empty, and the sidebar, which it closes on a phone."""
        controls = self._controls
        return [controls.conversation, self._chat.chatbot, controls.turns, self._chat.textbox, controls.sidebar]

    def _enter(self, enter: Handler) -> None:
        controls, load = self._controls, self.blocks.load
        entered = load(
            with_error_toasts(enter),
            controls.session,
            [controls.token, *self._view],
            js=KEPT_JS,
            **AT_ONCE,
        )
        self._entered = entered.then(None, [controls.token], None, js=ENTERED_JS, **AT_ONCE)
        load(None, None, [controls.sidebar], js=OPEN_SIDEBAR_JS, **AT_ONCE)
        controls.new_chat.click(None, None, None, js=LEAVE_JS, **AT_ONCE).then(
            None, None, None, cancels=self._watching, **AT_ONCE
        ).then(None, None, self._cleared, js=asset("new_chat.js"), **AT_ONCE)

    def _list(self) -> None:
        controls = self._controls
        controls.conversations.join(
            with_error_toasts(self._sidebar.join),
            [controls.token],
            [controls.conversations],
            **ANY_TIME,
        )
        for source in (controls.conversations, controls.search):
            source.open(None, None, None, cancels=self._watching, **AT_ONCE)
            source.open(
                with_error_toasts(self._open),
                [controls.token, *controls.fields.keys],
                [*self._view, self._chat.textbox],
                **EACH,
            ).then(None, None, [controls.sidebar], js=CLOSE_ON_PHONE_JS, **AT_ONCE)
        controls.conversations.rename(with_error_toasts(self._rename), [controls.token], None, **EACH)
        controls.conversations.remove(with_error_toasts(self._remove), [controls.token], None, **EACH)
        controls.search.search(with_error_toasts(self._search), [controls.token], [controls.search], **EACH)

    def _turns(self) -> None:
        controls, shown = self._controls, [self._chat.chatbot, self._chat.textbox, self._controls.turns]
        controls.turns.earlier(
            with_error_toasts(self._earlier), controls.session, [self._chat.chatbot, controls.turns], **AT_ONCE
        )
        controls.turns.version(None, None, None, cancels=self._watching, **AT_ONCE)
        controls.turns.version(with_error_toasts(self._version), controls.session, shown, **EACH)

    def _data(self) -> None:
        controls, data = self._controls, self._controls.data
        for button, path in (
            (data.markdown, "conversations/{id}/export?format=md"),
            (data.json, "conversations/{id}/export?format=json"),
            (data.everything, "session/export"),
        ):
            script = asset("download.js").replace("PATH", repr(path), 1)
            button.click(None, controls.session, [data.result], js=script, **AT_ONCE)
        asking = [data.delete, data.question]
        data.delete.click(None, None, asking, js=ASK_JS, **AT_ONCE)
        data.keep.click(None, None, asking, js=UNASK_JS, **AT_ONCE)
        data.really.click(None, None, asking, js=UNASK_JS, cancels=self._watching, **AT_ONCE)
        data.really.click(with_error_toasts(self._sidebar.remove_all), [controls.token], None, **AT_ONCE).then(
            None, None, self._cleared, js=asset("new_chat.js"), **AT_ONCE
        )

    def _fields(self, events: SettingsHandlers) -> None:
        controls, fields, prompts = self._controls, self._controls.fields, self._controls.prompts
        fitting = [fields.temperature, fields.effort]
        state: dict[str, Any] = {
            "fn": with_error_toasts(events.follow_model),
            "inputs": [fields.provider],
            "outputs": [controls.model_state],
        }
        self.blocks.load(**state, **QUEUED)
        listing: dict[str, Any] = {
            "fn": None,
            "inputs": [fields.arriving, fields.listed, fields.provider, fields.model],
            "outputs": [fields.model, fields.listed],
            "js": asset("models.js"),
        }
        self._entered.then(
            with_error_toasts(events.models_listed), [fields.provider], [fields.arriving], **AT_ONCE
        ).then(**listing, **AT_ONCE)
        fields.provider.input(with_error_toasts(events.provider_chosen), fields.all, [fields.arriving], **AT_ONCE).then(
            **listing, **AT_ONCE
        ).then(**state, **QUEUED)
        fields.model.change(events.model_chosen, [fields.provider, fields.model], fitting, **AT_ONCE)
        key_typed, offered = with_error_toasts(events.key_typed), [fields.provider, fields.model, fields.listed]
        for key in fields.keys:
            for typed in (key.blur, key.submit):
                typed(key_typed, fields.all, offered, **AT_ONCE).then(**state, **QUEUED)
        prompts.preset.focus(with_error_toasts(events.saved_prompts), [controls.token], [prompts.preset], **AT_ONCE)
        prompts.preset.input(None, [prompts.preset], [fields.system_prompt], js=CHOSEN_JS, **AT_ONCE)
        prompts.save.click(
            with_error_toasts(events.save_prompt),
            [controls.token, prompts.name, fields.system_prompt],
            [prompts.preset, prompts.name],
            **AT_ONCE,
        )
        prompts.remove.click(
            with_error_toasts(events.remove_prompt), [controls.token, prompts.preset], [prompts.preset], **AT_ONCE
        )

    def _hush(self) -> None:
        """Progress shows nowhere; told of it, the browser would look through every component that an event changes, all
        messages on show among them, at each step of each answer."""
        for event in self.blocks.fns.values():
            event.show_progress_on = [self._controls.conversation]

    async def _open(self, event: gr.EventData, token: str, *keys: Any) -> tuple[Any, ...]:
        opened = await self._sidebar.open(
            token, event_value(event, "id"), event_value(event, "message_id") or None, keys
        )
        return *opened, gr.Textbox(submit_btn=True, stop_btn=False)

    async def _rename(self, token: str, event: gr.EventData) -> None:
        await self._sidebar.rename(token, event_value(event, "id"), event_value(event, "title"))

    async def _remove(self, token: str, event: gr.EventData) -> None:
        await self._sidebar.remove(token, event_value(event, "id"))

    async def _search(self, token: str, event: gr.EventData) -> dict[str, Any]:
        return await self._sidebar.search(token, event_value(event, "query"))

    async def _earlier(self, token: str, conversation_id: str, event: gr.EventData) -> tuple[Any, ...]:
        return await self._sidebar.show_earlier(token, conversation_id, event_value(event, "id"))

    async def _version(self, token: str, conversation_id: str, event: gr.EventData) -> tuple[Any, ...]:
        return await self._sidebar.show_version(token, conversation_id, event_value(event, "id"))
