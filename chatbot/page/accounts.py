"""Visitors who have signed in with Hugging Face: what they say belongs to their account, in whatever browser."""

import asyncio
from contextlib import suppress
from typing import Any

import gradio as gr

from chatbot.errors import NotFound, Unauthorized
from chatbot.page.sidebar_handlers import SidebarHandlers
from chatbot.replies.replies import Replies
from chatbot.storage import ConversationMemory, Store
from chatbot.transfer import export_json, import_file
from chatbot.web.session_tokens import ACCOUNT, SessionTokens


class Accounts:
    """Lets a page in as the account that is signed in, or as nobody's."""

    def __init__(self, sessions: SessionTokens, store: Store, replies: Replies, sidebar: SidebarHandlers) -> None:
        self._sessions = sessions
        self._store = store
        self._replies = replies
        self._sidebar = sidebar

    async def enter(self, token: str | None, kept: str | None, profile: gr.OAuthProfile | None) -> tuple[Any, ...]:
        """A page was opened, by a browser with that token. Who has signed in gets their account's, and with it what
        this browser said before; who has signed out does not keep it. `kept` is the conversation that this tab had
        open."""
        before = self._owner(token)
        is_account = before is not None and before.startswith(ACCOUNT)
        if profile is None:
            return await self._sidebar.enter(None if is_account else token, kept)
        account = self._sessions.for_account(profile["sub"])
        if before and not is_account:
            await self._take_along(before, self._sessions.session_id(account))
        return await self._sidebar.enter(account, kept)

    def _owner(self, token: str | None) -> str | None:
        try:
            return self._sessions.session_id(token)
        except Unauthorized:
            return None

    async def _take_along(self, visitor: str, account: str) -> None:
        memory, target = self._store.memory(visitor), self._store.memory(account)
        for conversation in reversed(await asyncio.to_thread(memory.list_conversations)):
            with suppress(NotFound):  # another tab of the same browser was quicker
                await self._replies.stop(visitor, conversation.conversation_id)
                await asyncio.to_thread(_copy, memory, target, conversation.conversation_id)
                await self._replies.delete(visitor, conversation.conversation_id)
        for name, prompt in (await asyncio.to_thread(memory.saved_prompts)).items():
            await asyncio.to_thread(target.save_prompt, name, prompt)


def _copy(source: ConversationMemory, target: ConversationMemory, conversation_id: str) -> None:
    import_file(target, export_json(source, conversation_id))
