"""How the messages look that wait for the end of an answer; assets/queue.js draws them."""

from collections.abc import Sequence
from typing import Any

from chatbot.page.message_view import show_file
from chatbot.replies.message_queue import WaitingMessage


def show_queue(waiting: Sequence[WaitingMessage], locale: str) -> list[dict[str, Any]]:
    """The queue, as assets/queue.js takes it."""
    return [
        {
            "id": each.message.message_id,
            "text": each.message.text,
            "files": [show_file(file) for file in each.message.attachments],
            "refusal": each.refusal.text.worded(locale) if each.refusal else None,
        }
        for each in waiting
    ]
