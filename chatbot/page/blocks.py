"""The page: its components, and the events that connect them."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from chatbot.page.accounts import Accounts
from chatbot.page.chat_handlers import ChatHandlers
from chatbot.page.chat_interface import (
    EVERY,
    FAILED_JS,
    IMMEDIATE,
    QUEUED,
    STREAMED,
    StreamingChat,
    event_number,
    event_text,
)
from chatbot.page.conversation_view import ConversationViews
from chatbot.page.error_toasts import with_error_toasts
from chatbot.page.layout import Controls, build_controls, build_extras
from chatbot.page.memory_handlers import MemoryHandlers
from chatbot.page.model_picker import list_all_models
from chatbot.page.notices import has_sign_in
from chatbot.page.queue_handlers import QueueHandlers
from chatbot.page.settings_form import SettingsForm
from chatbot.page.settings_handlers import SettingsHandlers, default_values
from chatbot.page.settings_values import KEYED
from chatbot.page.sidebar_handlers import SidebarHandlers
from chatbot.page.summary_handlers import SummaryHandlers
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.options import MAX_HISTORY
from chatbot.settings import Settings
from chatbot.web.gradio_patches import event_data
from chatbot.web.services import Services

TITLE = "Chatbot"

Event = dict[str, Any]
"""The arguments of a Gradio event that several components raise."""

REMEMBERED_KEYS_JS = f"window.chatbot.rememberedKeys({json.dumps(KEYED)})"
LAST_OPEN_JS = f"(token) => [token, window.chatbot.lastOpen(), ...{REMEMBERED_KEYS_JS}]"
OPEN_SIDEBAR_JS = "() => window.chatbot.sidebarUpdate(innerWidth >= 768 && innerHeight >= 480)"
"""The sidebar starts closed: on a phone it would cover the chat, upright or not."""
SELECT_PRESET_JS = "(prompt) => window.chatbot.presetText(prompt)"
SHOW_PRESET_JS = "(prompt, preset) => window.chatbot.showPreset(prompt, preset, {})"
KEEP_PRESET_JS = "(prompt, preset) => window.chatbot.isPreset(preset, prompt) ? preset : null"
LIST_MODELS_JS = "(...values) => window.chatbot.listModels(...values)"
SUMMARY_FAILED_JS = "() => window.chatbot.summaryFailed()"
ASK_JS = "() => window.chatbot.visible(false, true)"
UNASK_JS = "() => window.chatbot.visible(true, false)"


SHOW_MODEL_JS = "(provider, model) => window.chatbot.showModel(provider, model)"
CHOOSE_MODEL_JS = "() => window.chatbot.modelChosen()"


def build_page(services: Services) -> gr.Blocks:
    """The whole page, ready to launch."""
    views = ConversationViews(services)
    sidebar = SidebarHandlers(services, views)
    page = gr.Blocks(title=TITLE, fill_height=True, analytics_enabled=False)
    with page:
        controls = build_controls(services)
        StreamingChat(ChatHandlers(services, views), QueueHandlers(services), controls)
        controls.local_model.render()  # type: ignore[no-untyped-call]
        controls.turns.render()  # type: ignore[no-untyped-call]
        controls.answers.render()  # type: ignore[no-untyped-call]
        build_extras(services)
        entered = _connect_conversations(page, services, controls, sidebar)
        _connect_data(controls, sidebar)
        _connect_memory(services, controls)
        _connect_summary(services, views, controls)
        _connect_settings(entered, services, controls)
    return page


def _connect_conversations(page: gr.Blocks, services: Services, controls: Controls, sidebar: SidebarHandlers) -> Any:
    """Connects loading the page, and opening, searching and changing conversations."""
    token, turns, form = controls.token, controls.turns, controls.form

    async def open_conversation(request: gr.Request, event: gr.EventData, token: str, *keys: Any) -> ViewUpdate:
        conversation_id, place = event_text(event, "id"), event_text(event, "message_id") or None
        return await sidebar.open(request, token, event_number(event, "view"), conversation_id, place, keys)

    async def show_earlier(request: gr.Request, event: gr.EventData, token: str) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        return await sidebar.show_earlier(request, token, view, conversation_id, event_text(event, "id"))

    async def show_version(request: gr.Request, event: gr.EventData, token: str) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        return await sidebar.show_version(request, token, view, conversation_id, event_text(event, "id"))

    async def rename(request: gr.Request, event: gr.EventData, token: str) -> None:
        await sidebar.rename(token, event_text(event, "id"), event_text(event, "title"))

    async def search(request: gr.Request, event: gr.EventData, token: str) -> dict[str, Any]:
        return await sidebar.search(token, event_text(event, "query"))

    enter = Accounts(services, sidebar).enter if has_sign_in(services.settings) else sidebar.enter
    last_open = gr.Textbox(visible=False)  # carries what LAST_OPEN_JS returns
    page.load(None, None, form.keys, js=f"() => {REMEMBERED_KEYS_JS}", **IMMEDIATE)
    carried, entering = [token, last_open, *form.keys], [token, turns, form.provider]
    entered = page.load(with_error_toasts(enter), carried, entering, js=LAST_OPEN_JS, **IMMEDIATE)
    page.load(None, None, [controls.sidebar], js=OPEN_SIDEBAR_JS, **IMMEDIATE)
    controls.new_chat.click(None, None, None, js="() => window.chatbot.newChat()", **EVERY)
    shown = [*form.stored, form.listed, controls.prompts.preset, controls.sidebar]
    turns.opened(None, None, shown, js="() => window.chatbot.opened()", **EVERY)
    turns.widen(None, None, [form.history_limit], js=f"() => '{MAX_HISTORY}'", **EVERY)
    for listener, handler, inputs in (
        (turns.open, open_conversation, [token, *form.keys]),
        (turns.earlier, show_earlier, [token]),
        (turns.version, show_version, [token]),
    ):
        event = listener(with_error_toasts(handler), inputs, [turns], **EVERY)
        event.failure(None, None, None, js=FAILED_JS, **EVERY)
    controls.conversations.rename(with_error_toasts(rename), [token], None, **EVERY)
    controls.conversations.watch(with_error_toasts(sidebar.watch), [token], [controls.conversations], **STREAMED)
    controls.search.search(with_error_toasts(search), [token], [controls.search], **EVERY)
    return entered


def _connect_data(controls: Controls, sidebar: SidebarHandlers) -> None:
    """Connects exporting and deleting."""
    data = controls.data
    for button, what in ((data.markdown, "md"), (data.json, "json"), (data.everything, "all")):
        button.click(None, None, None, js=f"() => window.chatbot.download({what!r})", **EVERY)
    asking = [data.delete, data.question]
    data.delete.click(None, None, asking, js=ASK_JS, **IMMEDIATE)
    data.cancel.click(None, None, asking, js=UNASK_JS, **IMMEDIATE)
    data.confirm.click(None, None, asking, js=UNASK_JS, **IMMEDIATE)
    data.confirm.click(with_error_toasts(sidebar.delete_all), [controls.token], None, **IMMEDIATE).success(
        None, None, None, js="() => window.chatbot.newChat()", **EVERY
    )


def _connect_memory(services: Services, controls: Controls) -> None:
    """Connects asking for suggestions of notes."""
    handlers = MemoryHandlers(services)

    async def suggest(request: gr.Request, event: gr.EventData, token: str, *fields: Any) -> dict[str, Any]:
        return await handlers.suggest(request, token, event_text(event, "conversation_id"), fields)

    inputs = [controls.token, *controls.form.all]
    controls.memory.suggest(with_error_toasts(suggest), inputs, [controls.memory], **STREAMED)


def _connect_summary(services: Services, views: ConversationViews, controls: Controls) -> None:
    """Connects making a summary."""
    handlers = SummaryHandlers(services, views)

    async def summarize(request: gr.Request, event: gr.EventData, token: str, *fields: Any) -> ViewUpdate:
        view, conversation_id = event_number(event, "view"), event_text(event, "conversation_id")
        only_waits = event_data(event).get("only_waits") is True
        return await handlers.summarize(request, token, view, conversation_id, fields, only_waits=only_waits)

    inputs = [controls.token, *controls.form.all]
    made = controls.turns.summarize(with_error_toasts(summarize), inputs, [controls.turns], **STREAMED)
    made.failure(None, None, None, js=SUMMARY_FAILED_JS, **EVERY)


def _connect_settings(entered: Any, services: Services, controls: Controls) -> None:
    """Connects the model picker, the visitor's keys and the settings form."""
    handlers, form = SettingsHandlers(services), controls.form
    watched: Event = {
        "fn": handlers.watch_local_model,
        "inputs": [form.provider, form.model, *form.keys],
        "outputs": [controls.local_model],
        **QUEUED,
    }
    loaded: Event = watched | {"fn": handlers.load_local_model}

    async def list_all(*keys: Any) -> AsyncGenerator[dict[str, Any]]:
        async for value in list_all_models(services.providers, *keys):
            yield dict(value)

    async def check_key(request: gr.Request, event: gr.EventData, *fields: Any) -> tuple[Any, ...]:
        name = next((name for name in KEYED if name == event_text(event, "provider")), None)
        return await handlers.check_key(request, name, *fields) if name else (gr.skip(),) * 4

    all_lists: Event = {"fn": list_all, "inputs": form.keys, "outputs": [controls.picker], **STREAMED}
    _connect_model_fields(entered, handlers, form, watched)
    controls.picker.list(**all_lists)
    chosen = [form.provider, form.model, form.listed]
    controls.picker.choose(None, None, chosen, js=CHOOSE_MODEL_JS, **EVERY).then(**loaded)
    checked = controls.own_keys.check(with_error_toasts(check_key), form.all, [*chosen, controls.own_keys], **EVERY)
    checked.then(**all_lists).then(**watched)
    _connect_prompts(handlers, controls, services.settings.chatbot_system_prompt)
    _connect_defaults(services.settings, controls)


def _connect_model_fields(entered: Any, handlers: SettingsHandlers, form: SettingsForm, watched: Event) -> None:
    """Connects the provider and the model, which the picker sets."""
    listed: Event = {
        "fn": None,
        "inputs": [form.arriving, form.listed, form.provider, form.model],
        "outputs": [form.model, form.listed],
        "js": LIST_MODELS_JS,
        **IMMEDIATE,
    }
    # Last: by then the list of conversations is watched. Gradio drops all events of a page that has none for a moment.
    chosen = with_error_toasts(handlers.choose_provider)
    for choosing in (entered.then, form.provider.input):
        choosing(chosen, form.all, [form.arriving], **IMMEDIATE).then(**listed).then(**watched)
    for field in (form.provider, form.model):
        field.change(None, [form.provider, form.model], None, js=SHOW_MODEL_JS, **EVERY)
    fitting = [form.temperature, form.effort]
    form.model.change(handlers.choose_model, [form.provider, form.model], fitting, **IMMEDIATE)


def _connect_prompts(handlers: SettingsHandlers, controls: Controls, standard: str) -> None:
    """Connects choosing, saving and removing prompts, and the chip of one that is not the `standard`."""
    form, prompts, token, said = controls.form, controls.prompts, controls.token, controls.settings_foot.said
    list_prompts = with_error_toasts(handlers.list_prompts)
    prompts.preset.focus(list_prompts, [token], [prompts.preset], **IMMEDIATE)
    prompts.preset.input(None, [prompts.preset], [form.system_prompt], js=SELECT_PRESET_JS, **IMMEDIATE)
    instructions = [form.system_prompt, prompts.preset]
    # Not its input: Gradio raises no such event for what is typed first after a value was set.
    kept = form.system_prompt.change(None, instructions, [prompts.preset], js=KEEP_PRESET_JS, **EVERY)
    for changed in (kept.then, prompts.preset.change):
        changed(None, instructions, None, js=SHOW_PRESET_JS.format(json.dumps(standard)), **EVERY)
    controls.chip.off(None, None, instructions, js=f"() => {json.dumps([standard, standard])}", **EVERY)
    prompts.save.click(
        with_error_toasts(handlers.save_prompt),
        [token, prompts.name, form.system_prompt],
        [prompts.preset, prompts.name, said],
        **IMMEDIATE,
    )
    prompts.remove.click(
        with_error_toasts(handlers.remove_prompt), [token, prompts.preset], [prompts.preset, said], **IMMEDIATE
    )


def _connect_defaults(settings: Settings, controls: Controls) -> None:
    """Connects opening the settings, and setting them to their defaults."""
    form, foot = controls.form, controls.settings_foot
    controls.open_settings.click(None, None, None, js="() => window.chatbot.openSettings()", **EVERY)
    fields = [*form.resettable, controls.prompts.preset, foot.said]
    foot.reset.click(lambda: default_values(settings), None, fields, **IMMEDIATE)
