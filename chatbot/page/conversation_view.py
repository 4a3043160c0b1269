"""What the page shows of a conversation, read from the store: never from what a browser says it shows."""

import asyncio
import json
from typing import NamedTuple

from chatbot.page.answer_details import total
from chatbot.page.message_view import GradioMessage, show, turns
from chatbot.providers import ProviderPool
from chatbot.storage import Store
from chatbot.types import PROVIDER_NAMES, Conversation, StoredMessage

SHOWN_MESSAGES = 30
"""The newest messages of a conversation that the page holds: every update sends them all through Gradio."""

NOTHING = ""
"""The lines below the messages of a chat that is still empty."""


def empty(conversation_id: str) -> str:
    """The lines of a page that has yet to learn what stands in that conversation."""
    return json.dumps({"conversation_id": conversation_id})


class ConversationView(NamedTuple):
    """A conversation as the page shows it: its messages without an answer under way, and what stands below them, for
    turns.js: JSON, since Gradio's browser client writes the next update of an event into the objects of the last."""

    messages: list[GradioMessage]
    turns: str
    conversation: Conversation
    newest: str
    """The id of the newest message, empty where there is none."""


class ConversationViews:
    """Reads what the page shows."""

    def __init__(self, store: Store, providers: ProviderPool) -> None:
        self._store = store
        self._providers = providers

    async def of(
        self,
        session_id: str,
        conversation_id: str,
        most: int = SHOWN_MESSAGES,
        place: str | None = None,
        more: int = 0,
        without: str | None = None,
    ) -> ConversationView:
        """The newest `most` messages; with `place`, a message's id, also those from there on and `more` before it, and
        the page goes there. `without` is the id of a message that the caller shows. Raises NotFound."""
        return await asyncio.to_thread(self._read, session_id, conversation_id, most, place, more, without)

    async def before(self, session_id: str, conversation_id: str, message_id: str) -> list[StoredMessage]:
        """The messages that led to that one, the newest that a page shows. Raises NotFound where it is not on show."""
        memory = self._store.memory(session_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        places = [place for place, message in enumerate(messages) if message.message_id == message_id]
        return messages[: places[0] + 1][-SHOWN_MESSAGES - 1 :] if places else []

    def _read(
        self, session_id: str, conversation_id: str, most: int, place: str | None, more: int, without: str | None
    ) -> ConversationView:
        memory = self._store.memory(session_id)
        everything = memory.get_messages(conversation_id, None)
        if place and place not in (message.message_id for message in everything):
            memory.show_version(conversation_id, place)
            everything = memory.get_messages(conversation_id, None)
        where = next((at for at, message in enumerate(everything) if message.message_id == place), len(everything))
        first = max(0, min(len(everything) - most, where - more))
        conversation = memory.get_conversation(conversation_id)
        messages = everything[first:]
        rows = turns(messages, memory.get_versions(conversation_id), self._label)
        below = {
            "conversation_id": conversation_id,
            "touched_at": conversation.touched_at,
            "rows": rows,
            "running": any(message.status == "running" for message in messages),
            "earlier": first,
            "total": total(memory.all_messages(conversation_id)),
            "place": place,
        }
        ended = [each for each in messages if each.status != "running" and each.message_id != without]
        newest = messages[-1].message_id if messages else ""
        return ConversationView(show(ended), json.dumps(below), conversation, newest)

    def _label(self, provider: str) -> str:
        """The provider's label; of one that an import brought along, the name."""
        return next((self._providers.label(name) for name in PROVIDER_NAMES if name == provider), provider)
