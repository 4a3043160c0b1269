"""What the page shows of a conversation, read from the store and never from what a browser sends back."""

import asyncio
from functools import partial
from itertools import dropwhile
from typing import Any, NamedTuple

from chatbot.memory.context_window import first_sent_id
from chatbot.page.answer_details import total
from chatbot.page.message_view import ShownMessage, lines, show
from chatbot.page.queue_view import show_queue
from chatbot.page.summary_view import show_summary
from chatbot.page.view_update import ViewUpdate
from chatbot.storage import ConversationMemory
from chatbot.types import PROVIDER_NAMES, Conversation, StoredMessage
from chatbot.web.services import Services

SHOWN_MESSAGES = 30
"""The newest messages of a conversation that the page holds: Gradio goes through all of them at every update."""


class ConversationView(NamedTuple):
    """A conversation as the page shows it: its messages without a running answer, and the lines below them."""

    messages: list[ShownMessage]
    lines: dict[str, Any]
    conversation: Conversation
    newest: str
    """The id of the newest message, empty if there is none."""
    queue: ViewUpdate
    """The messages that wait for the end of an answer."""


class ConversationViews:
    """Reads views."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read(
        self,
        session_id: str,
        conversation_id: str,
        locale: str,
        *,
        place: str | None = None,
        more: int = 0,
        without: str | None = None,
    ) -> ConversationView:
        """The newest messages; with `place`, a message's id, those from there on too, and `more` before it, and the
        page scrolls there. `without` is the id of a message that the caller shows. Raises NotFound."""
        return await asyncio.to_thread(self._read, session_id, conversation_id, locale, place, more, without)

    def _read(
        self, session_id: str, conversation_id: str, locale: str, place: str | None, more: int, without: str | None
    ) -> ConversationView:
        memory = self._services.store.memory(session_id)
        with memory.reading():
            return self._read_at_once(memory, session_id, conversation_id, locale, place, more, without)

    def _read_at_once(
        self,
        memory: ConversationMemory,
        session_id: str,
        conversation_id: str,
        locale: str,
        place: str | None,
        more: int,
        without: str | None,
    ) -> ConversationView:
        messages = memory.get_messages(conversation_id, None)
        if place and place not in (message.message_id for message in messages):
            memory.show_version(conversation_id, place)
            messages = memory.get_messages(conversation_id, None)
        position = next((at for at, message in enumerate(messages) if message.message_id == place), len(messages))
        first = max(0, min(len(messages) - SHOWN_MESSAGES, position - more))
        conversation = memory.get_conversation(conversation_id)
        shown = messages[first:]
        has_notes = any(each.note or each.memory for each in shown)
        notes = {note.note_id: note for note in memory.notes.list()} if has_notes else {}
        rows = lines(shown, memory.get_versions(conversation_id), self._label, notes)
        sent = next((each.seen for each in reversed(messages) if each.seen), None)
        fallen_out = sent is not None and sent.sent < sent.total
        state = self._services.summarizing.state(session_id, conversation_id, has_fallen_out=fallen_out)
        made = memory.summaries.list(conversation_id)
        below = {
            "touched_at": conversation.touched_at,
            "rows": rows,
            "window": _window(messages, shown, {row["id"] for row in rows}),
            "summary": show_summary(state, messages, rows, self._label, always=conversation.summarized),
            "earlier": first,
            "total": total([*memory.all_messages(conversation_id), *made]),
            "place": place,
            "temporary": conversation.temporary,
        }
        ended = [each for each in shown if each.status != "running" and each.message_id != without]
        newest = shown[-1].message_id if shown else ""
        queue = show_queue(partial(self._services.queue.list, session_id, conversation_id), locale)
        return ConversationView(show(ended, locale), below, conversation, newest, queue)

    def _label(self, provider: str) -> str:
        """The provider's label; its name if an import brought it along."""
        labels = (self._services.providers.label(name) for name in PROVIDER_NAMES if name == provider)
        return next(labels, provider)


def idle_update(view: int, read: ConversationView) -> ViewUpdate:
    """The update with a conversation of which nothing runs."""
    return {
        "view": view,
        "phase": "idle",
        "conversation_id": read.conversation.conversation_id,
        "messages": read.messages,
        "answer": [],
        "lines": read.lines,
        **read.queue,
    }


def _window(messages: list[StoredMessage], shown: list[StoredMessage], row_ids: set[str]) -> dict[str, Any] | None:
    """Where what the model saw for the newest answer begins: the id of the row, and how much it was. None if it saw the
    whole conversation, or the place is not on display."""
    place = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].seen), None)
    sent = messages[place].seen if place is not None else None
    first = first_sent_id(messages[:place], sent) if sent else None
    following = dropwhile(lambda each: each.message_id != first, shown)
    row = next((each.message_id for each in following if each.message_id in row_ids), None)
    if sent is None or row is None:
        return None
    pinned = {"pinned": sent.pinned, "pinned_left_out": sent.pinned_left_out}
    return {"id": row, "sent": sent.sent - sent.pinned, "total": sent.total, "trimmed": sent.trimmed} | pinned
