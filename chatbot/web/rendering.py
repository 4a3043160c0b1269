"""How a stored message looks on the page: values for gr.Chatbot."""

from collections.abc import Iterable
from html import escape
from typing import Any

from chatbot.messages import StoredMessage
from chatbot.providers import ModelState

Shown = dict[str, Any]
"""A message as gr.Chatbot takes it. The content is a list of parts, because of a plain string Gradio cuts the
indentation, code's included."""

ENDINGS = {
    "stopped": "You stopped this answer.",
    "interrupted": "This answer was cut off.",
    "length": "The answer reached the longest length that is set. Ask to go on, or raise “Longest answer”.",
    "refusal": "The model declined to answer this.",
    "content_filter": "The provider withheld the rest of this answer.",
}

TOY = (
    "This small model runs inside the app, so that you can try the chat without an API key. "
    "It is a toy: quick, free and often wrong."
)


def show(messages: Iterable[StoredMessage]) -> list[Shown]:
    """The messages of a conversation, oldest first."""
    return [shown for message in messages for shown in show_message(message)]


def show_message(message: StoredMessage, waiting: str = "") -> list[Shown]:
    """One message: for an answer its reasoning, its text, and a note where it did not end normally. `waiting` says
    what an answer without a word yet is waiting for."""
    if message.role == "user":
        return [{"role": "user", "content": [_text(message.content)]}]
    shown = [_reasoning(message)] if message.reasoning else []
    parts = [_text(message.content)] if message.content else []
    if note := _note(message):
        parts.append(_text(f'<span class="note">{escape(note)}</span>'))
    if not parts and not shown:
        parts = [_text(f'<span class="typing">{escape(waiting)}</span>')]
    return [*shown, {"role": "assistant", "content": parts}] if parts else shown


def show_model_state(state: ModelState) -> str:
    """How far the embedded model is, as HTML, with a plain word on what it is."""
    note = "" if state.phase == "failed" else f"<p>{TOY}</p>"
    return f'<p class="{state.phase}">{escape(state.detail)}</p>{note}'


def show_notice(sentence: str) -> list[Shown]:
    """Something that the app has to say in an answer's place."""
    return [{"role": "assistant", "content": [_text(f'<span class="note">{escape(sentence)}</span>')]}]


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _reasoning(message: StoredMessage) -> Shown:
    is_over = bool(message.content) or message.status != "running"
    metadata = {"title": "Reasoning", "status": "done" if is_over else "pending"}
    return {"role": "assistant", "content": [_text(message.reasoning)], "metadata": metadata}


def _note(message: StoredMessage) -> str | None:
    if message.fault:
        return message.fault.message
    return ENDINGS.get(message.finish_reason or "")
