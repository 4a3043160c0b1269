"""What the page's events do. Each takes the session's token from the browser, and trusts nothing else from there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, NamedTuple

import gradio as gr

from chatbot.errors import ChatbotError, NoProvider, Unauthorized
from chatbot.memory import ConversationMemory, Store
from chatbot.messages import StoredMessage
from chatbot.options import complete
from chatbot.providers import Providers, takes_temperature
from chatbot.replies import Replies
from chatbot.reply import Reply
from chatbot.settings import ProviderName, Settings
from chatbot.web.rendering import Shown, show, show_message, show_model_state, show_notice
from chatbot.web.sessions import Sessions

SHOWN_MESSAGES = 30
"""The newest messages of a conversation that the page holds: every update sends them all through Gradio."""

MODEL_SECONDS = 0.3
"""How often the page looks whether the embedded model is loaded, while it is being loaded."""

READY: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
"""The button in the message box: send, or stop."""


class Update(NamedTuple):
    """What a step of an answer changes on the page: its messages, the message box, and the open conversation."""

    answer: list[Shown]
    textbox: Any
    conversation_id: Any


class Handlers:
    """The page's door to the road."""

    def __init__(
        self, settings: Settings, sessions: Sessions, store: Store, providers: Providers, replies: Replies
    ) -> None:
        self.settings = settings
        self.providers = providers
        self._sessions = sessions
        self._store = store
        self._replies = replies

    async def enter(self, token: str | None) -> tuple[str, str, list[Shown]]:
        """A page was opened: its session's token, a new one where the browser has none of ours, and the conversation
        that was changed last."""
        try:
            memory = self._memory(token)
        except Unauthorized:
            return self._sessions.new(), "", []
        conversations = await asyncio.to_thread(memory.list_conversations)
        if not conversations:
            return str(token), "", []
        opened = conversations[0].conversation_id
        return str(token), opened, await self.shown(token, opened)

    async def shown(self, token: str | None, conversation_id: str) -> list[Shown]:
        """The newest messages of the conversation, without an answer that is under way."""
        try:
            messages = await asyncio.to_thread(self._memory(token).get_messages, conversation_id, SHOWN_MESSAGES)
        except ChatbotError:
            return []
        return show(message for message in messages if message.status != "running")

    async def respond(
        self,
        text: str,
        history: list[Shown],
        token: str | None,
        conversation_id: str,
        provider: ProviderName,
        model: str,
        system_prompt: str,
        max_tokens: float | None,
        history_limit: float | None,
        temperature: float | None,
        instead_of: str | None = None,
    ) -> AsyncGenerator[Update]:
        """The answer to `text`, again and again as it grows. Never raises: Gradio has nowhere to show it."""
        try:
            options = complete(
                self.settings,
                self.providers,
                provider=provider,
                model=model,
                system_prompt=system_prompt,
                max_tokens=max_tokens,
                history_limit=history_limit,
                temperature=temperature,
            )
            reply = await self._replies.start(
                self._sessions.owner(token),
                text,
                options,
                conversation_id=conversation_id or None,
                instead_of=instead_of,
            )
        except ChatbotError as error:
            yield Update(show_notice(str(error)), gr.Textbox(value=text, **READY), gr.skip())
            return
        async with aclosing(self._frames(reply)) as updates:
            async for update in updates:
                yield update

    async def answer_program(
        self,
        message: str,
        session: tuple[str, str] | None,
        provider: ProviderName,
        model: str,
        system_prompt: str,
    ) -> AsyncGenerator[tuple[str, tuple[str, str]]]:
        """The answer to `message`, its text again and again as it grows, for gradio_client, whose own the session is.

        Raises gr.Error, which the client raises in its turn.
        """
        token, conversation_id = session or (self._sessions.new(), "")
        try:
            options = complete(
                self.settings, self.providers, provider=provider, model=model, system_prompt=system_prompt
            )
            owner = self._sessions.owner(token)
            reply = await self._replies.start(owner, message, options, conversation_id=conversation_id or None)
        except ChatbotError as error:
            raise gr.Error(str(error), print_exception=False) from None
        async with aclosing(reply.frames(self._replies.frame_interval)) as frames:
            async for frame in frames:
                yield frame.content, (token, reply.conversation_id)
        if reply.error:
            raise gr.Error(str(reply.error), print_exception=False)

    async def follow(self, token: str | None, conversation_id: str) -> AsyncGenerator[tuple[list[Shown], Any]]:
        """The conversation with the answer that is under way in it, if one is, until it has ended."""
        reply = self._running(token, conversation_id)
        if reply is None:
            yield gr.skip(), gr.skip()
            return
        history = await self.shown(token, conversation_id)
        async with aclosing(self._frames(reply)) as updates:
            async for update in updates:
                yield history + update.answer, update.textbox

    async def stop(self, token: str | None, conversation_id: str) -> None:
        """End the answer under way in the conversation; what it has stays."""
        await self._replies.stop(self._sessions.owner(token), conversation_id)

    async def last_turn(self, token: str | None, conversation_id: str) -> tuple[list[Shown], StoredMessage | None]:
        """The last message of the visitor's, and what the page shows before it. An answer under way is ended."""
        await self.stop(token, conversation_id)
        messages = await asyncio.to_thread(self._memory(token).get_messages, conversation_id, SHOWN_MESSAGES)
        places = [place for place, message in enumerate(messages) if message.role == "user"]
        if not places:
            return show(messages), None
        return show(messages[: places[-1]]), messages[places[-1]]

    async def undo(self, token: str | None, conversation_id: str) -> tuple[list[Shown], Any]:
        """Take the last message and its answer back, the message into the box."""
        history, question = await self.last_turn(token, conversation_id)
        if question is None:
            return history, gr.skip()
        await asyncio.to_thread(self._memory(token).remove_from, conversation_id, question.message_id)
        return history, gr.Textbox(value=question.content, **READY)

    async def follow_model(self, provider: ProviderName) -> AsyncGenerator[str]:
        """How far the embedded model is, where it is the chosen provider, until it is loaded or has failed."""
        embedded = self.providers.embedded if provider == "local" else None
        while embedded and embedded.state.phase == "loading":
            yield show_model_state(embedded.state)
            await asyncio.sleep(MODEL_SECONDS)
        yield (show_model_state(embedded.state) if embedded else "" if self.providers.offered else NoProvider.sentence)

    def provider_chosen(self, provider: ProviderName) -> tuple[Any, Any]:
        """The model list and the temperature field follow the provider."""
        models = self.providers.models(provider)
        model = next(iter(models), "")
        return gr.Dropdown(choices=models, value=model), self.model_chosen(provider, model)

    def model_chosen(self, provider: ProviderName, model: str | None) -> Any:
        """The temperature field shows only where the model takes one."""
        return gr.Number(visible=takes_temperature(provider, model or ""))

    async def _frames(self, reply: Reply) -> AsyncGenerator[Update]:
        """The updates of a reply: at once that it has begun, then its text, at last that the box is free again."""
        first = show_message(reply.snapshot(), self._waiting_for(reply))
        yield Update(first, gr.Textbox(**BUSY), reply.conversation_id)
        async with aclosing(reply.frames(self._replies.frame_interval)) as frames:
            async for frame in frames:
                box = BUSY if frame.status == "running" else READY  # each time: a page that still loads loses the first
                yield Update(show_message(frame), gr.update(**box), gr.skip())

    def _waiting_for(self, reply: Reply) -> str:
        embedded = self.providers.embedded
        is_loading = embedded and embedded.state.phase != "ready" and reply.snapshot().provider == "local"
        return "Loading the embedded model…" if is_loading else ""

    def _memory(self, token: str | None) -> ConversationMemory:
        return self._store.memory(self._sessions.owner(token))

    def _running(self, token: str | None, conversation_id: str) -> Reply | None:
        return self._replies.running(self._sessions.owner(token), conversation_id)
