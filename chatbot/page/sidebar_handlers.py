"""What the sidebar's events do with the visitor's conversations: list, find, open, change, take along."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError, Unauthorized
from chatbot.page.conversation_view import NOTHING, SHOWN_MESSAGES, ConversationViews
from chatbot.page.message_view import GradioMessage
from chatbot.page.settings_values import typed_keys
from chatbot.providers import ProviderPool
from chatbot.replies.replies import Replies
from chatbot.storage import ConversationMemory, Store
from chatbot.types import Conversation, Options
from chatbot.web.session_tokens import SessionTokens

BEAT_SECONDS = 20
"""How often an open page hears from the server at least: so each notices when the other is gone."""

LISTED = 200
"""The newest conversations that the sidebar lists; search finds the others."""


class SidebarHandlers:
    """The sidebar's door to what is kept."""

    def __init__(
        self, sessions: SessionTokens, store: Store, providers: ProviderPool, replies: Replies, views: ConversationViews
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._providers = providers
        self._replies = replies
        self._views = views

    async def enter(self, token: str | None, kept: str | None) -> tuple[Any, ...]:
        """A page was opened: its session's token, a new one where the browser has none of ours, and the conversation
        that was open before the page was loaded again (`kept`: its id, empty for a new chat, None where the tab is
        new), or else the one that was changed last."""
        try:
            found = await asyncio.to_thread(self._memory(token).list_conversations)
        except Unauthorized:
            return self._sessions.new(), "", [], NOTHING, *self.settings_of(None)
        if not found:
            return token, "", [], NOTHING, *self.settings_of(None)
        if kept == "":
            return token, "", [], NOTHING, *self.settings_of(found[0].options)
        there = {conversation.conversation_id for conversation in found}
        return token, *await self.open(token, kept if kept in there else found[0].conversation_id)

    async def open(
        self, token: str | None, conversation_id: str, place: str | None = None, keys: Sequence[Any] = ()
    ) -> tuple[Any, ...]:
        """A conversation, its lines, and its settings; an empty chat where it is gone. `keys` are the visitor's own, as
        far as they are typed."""
        try:
            view = await self._views.of(self._sessions.session_id(token), conversation_id, place=place)
        except Unauthorized:
            raise
        except ChatbotError:
            return "", [], NOTHING, *self.settings_of(None)
        return conversation_id, view.messages, view.turns, *self.settings_of(view.conversation.options, keys)

    async def show_earlier(
        self, token: str | None, conversation_id: str, first: str
    ) -> tuple[list[GradioMessage], str]:
        """The conversation with some more of its messages before `first`, the id of the first on show."""
        owner = self._sessions.session_id(token)
        view = await self._views.of(owner, conversation_id, place=first, more=SHOWN_MESSAGES)
        return view.messages, view.turns

    async def show_version(self, token: str | None, conversation_id: str, message_id: str) -> tuple[Any, Any, Any]:
        """Another version of a message, with what followed it. An answer under way is ended."""
        owner = self._sessions.session_id(token)
        await self._replies.stop(owner, conversation_id)
        await asyncio.to_thread(self._store.memory(owner).show_version, conversation_id, message_id)
        view = await self._views.of(owner, conversation_id)
        return view.messages, gr.Textbox(submit_btn=True, stop_btn=False), view.turns

    async def join(self, token: str | None) -> AsyncGenerator[dict[str, Any]]:
        """The list of conversations, again whenever one of them has changed, for as long as the page is open."""
        owner = self._sessions.session_id(token)
        seen = -1
        while True:
            seen = await self._store.changes.wait(owner, seen, BEAT_SECONDS)
            found = await asyncio.to_thread(self._memory(token).list_conversations)
            yield self._listed(owner, found) | {"beat": time.time()}

    async def rename(self, token: str | None, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        await asyncio.to_thread(self._memory(token).rename_conversation, conversation_id, title.strip()[:200])

    async def remove(self, token: str | None, conversation_id: str) -> None:
        """Remove a conversation."""
        await self._replies.delete(self._sessions.session_id(token), conversation_id)

    async def remove_all(self, token: str | None) -> None:
        """Remove everything that the session has."""
        await self._replies.delete_session(self._sessions.session_id(token))

    async def search(self, token: str | None, query: str) -> dict[str, Any]:
        """Where the words of `query` are found."""
        found = await asyncio.to_thread(self._memory(token).search, query)
        hits = [
            {
                "id": hit.conversation.conversation_id,
                "title": hit.conversation.title,
                "message_id": hit.message_id,
                "excerpt": hit.excerpt,
                "place": hit.place,
            }
            for hit in found
        ]
        return {"query": query, "found": hits}

    def settings_of(self, options: Options | None, keys: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The panel's fields and whose models it lists, set to `options`; left as they are where there are none, or
        their provider cannot be chosen."""
        choosable = {*self._providers.offered, *(typed_keys(keys) if keys else ())}
        if options is None or options.choice.provider not in choosable:
            return (gr.skip(),) * 8
        choice = options.choice
        return (
            choice.provider,
            gr.Dropdown(choices=self._providers.models(choice.provider), value=choice.model),
            options.system_prompt,
            str(options.max_tokens),
            str(options.history_limit),
            "" if options.temperature is None else str(options.temperature),
            options.effort,
            choice.provider,
        )

    def _listed(self, owner: str, conversations: Sequence[Conversation]) -> dict[str, Any]:
        """The newest conversations, and whether there are more. Which of them run is looked up last: an answer that is
        said to run here must not have told the page already that it has ended."""
        running = self._replies.running_conversations(owner)
        listed = [
            {
                "id": conversation.conversation_id,
                "title": conversation.title,
                "updated_at": conversation.updated_at,
                "touched_at": conversation.touched_at,
                "running": conversation.conversation_id in running,
            }
            for conversation in conversations[:LISTED]
        ]
        return {"conversations": listed, "more": len(conversations) > LISTED}

    def _memory(self, token: str | None) -> ConversationMemory:
        return self._store.memory(self._sessions.session_id(token))
