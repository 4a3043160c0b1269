"""How the messages look that wait for the end of an answer; assets/queue.js draws them."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from chatbot.page.message_view import show_file
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.message_queue import WaitingMessage


def show_queue(read: Callable[[], Sequence[WaitingMessage]], locale: str) -> ViewUpdate:
    """The queue that `read` returns, as assets/queue.js takes it. Raises what `read` raises."""
    read_at = time.monotonic()
    return {"queued": [_show_message(each, locale) for each in read()], "queued_at": read_at}


def _show_message(waiting: WaitingMessage, locale: str) -> dict[str, Any]:
    return {
        "id": waiting.message.message_id,
        "text": waiting.message.text,
        "files": [show_file(file) for file in waiting.message.attachments],
        "refusal": waiting.refusal.text.worded(locale) if waiting.refusal else None,
    }
