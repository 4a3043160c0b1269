"""Visitors who sign in with Hugging Face: their conversations belong to their account, in any browser."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import gradio as gr

from chatbot.errors import NotFound, TooManyConversations, Unauthorized
from chatbot.page.sidebar_handlers import SidebarHandlers
from chatbot.page.view_update import ViewUpdate
from chatbot.storage import ConversationMemory
from chatbot.transfer import export_json, import_file
from chatbot.transfer.notes import ExportedNote, import_notes
from chatbot.types import MemorySwitches
from chatbot.web.services import Services
from chatbot.web.session_tokens import ACCOUNT_PREFIX


class Accounts:
    """Opens the page for the account that is signed in, or for an anonymous visitor."""

    def __init__(self, services: Services, sidebar: SidebarHandlers) -> None:
        self._services = services
        self._sidebar = sidebar

    async def enter(
        self, request: gr.Request, token: str | None, last_open: str | None, profile: gr.OAuthProfile | None, *keys: Any
    ) -> tuple[str | None, ViewUpdate, Any]:
        """A page was loaded by a browser with that token. A visitor who has signed in gets the account's conversations,
        and those of this browser move there; one who has signed out leaves them. `last_open` and `keys` are as in
        `SidebarHandlers.enter`."""
        session_id = self._session_id(token)
        is_account = session_id is not None and session_id.startswith(ACCOUNT_PREFIX)
        if profile is None:
            return await self._sidebar.enter(request, None if is_account else token, last_open, *keys)
        account = self._services.tokens.create_for_account(profile["sub"])
        if session_id and not is_account:
            await self._move(session_id, self._services.tokens.session_id(account))
        return await self._sidebar.enter(request, account, last_open, *keys)

    def _session_id(self, token: str | None) -> str | None:
        try:
            return self._services.tokens.session_id(token)
        except Unauthorized:
            return None

    async def _move(self, visitor: str, account: str) -> None:
        """Moves everything of the visitor's session to the account's."""
        replies = self._services.replies
        source, target = self._services.store.memory(visitor), self._services.store.memory(account)
        for conversation in reversed(await asyncio.to_thread(source.list_conversations)):
            with suppress(NotFound):  # another tab of the same browser was faster
                await replies.stop(visitor, conversation.conversation_id, holds_queue=True)
                await asyncio.to_thread(_copy, source, target, conversation.conversation_id)
                await replies.delete(visitor, conversation.conversation_id)
        for name, prompt in (await asyncio.to_thread(source.prompts.list)).items():
            await asyncio.to_thread(target.prompts.save, name, prompt)
        with suppress(TooManyConversations):  # they stay in this browser's session, for when the account has room
            await asyncio.to_thread(_move_notes, source, target)


def _copy(source: ConversationMemory, target: ConversationMemory, conversation_id: str) -> None:
    """Copies a conversation, with the texts of messages that wait in it."""
    (copied,) = import_file(target, export_json(source, conversation_id))
    for waiting in source.queued.list(conversation_id):
        target.queued.add(copied, waiting.text)


def _move_notes(source: ConversationMemory, target: ConversationMemory) -> None:
    """Moves the notes, but not those that the account has already, and what the visitor has chosen for memory."""
    notes = source.notes.list()
    import_notes(target, [ExportedNote.model_validate(asdict(each)) for each in notes])
    for note in notes:
        source.notes.delete(note.note_id)
    switches = source.notes.get_switches()
    if switches != MemorySwitches():
        target.notes.set_switches(memory=switches.memory, recall=switches.recall)
