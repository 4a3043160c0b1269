"""How stored messages look on the page: values for gr.Chatbot, and for the lines below its messages."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from chatbot.page.answer_details import details, ending
from chatbot.page.i18n import ENGLISH
from chatbot.page.safe_markdown import make_markdown_safe
from chatbot.providers import FETCHING, LOADING, WAITING, LoadState
from chatbot.types import Attachment, StoredMessage

GradioMessage = dict[str, Any]
"""A message as gr.Chatbot takes it, and as its part in the browser does: an answer's updates go there as they are. The
content is a list of parts, because of a plain string Gradio cuts the indentation, code's included."""

Turn = dict[str, Any]
"""What stands below a message, as assets/turns.js takes it."""

STATES = {WAITING: "model.waiting", FETCHING: "model.fetching", LOADING: "model.loading"}
"""The texts that say how far the embedded model is."""


def show(messages: Iterable[StoredMessage]) -> list[GradioMessage]:
    """The messages of a conversation, oldest first."""
    return [shown for message in messages for shown in show_message(message)]


def show_message(message: StoredMessage, waiting: str = "") -> list[GradioMessage]:
    """One message: for an answer its reasoning and its text. `waiting` says what an answer without a word yet is
    waiting for."""
    if message.role == "user":
        return [show_question(message.content)]
    reasoning = [_reasoning(message)] if message.reasoning else []
    if message.status == "running" and not message.content:
        return [*reasoning, _answer(f'<span class="typing">{escape(waiting)}</span>')]
    return [*reasoning, _answer(make_markdown_safe(message.content))]


def show_question(text: str) -> GradioMessage:
    """What a visitor says."""
    return {"role": "user", "content": [_text(make_markdown_safe(text))], "metadata": None, "options": None}


def turns(
    messages: Sequence[StoredMessage], versions: Mapping[str, tuple[str, ...]], label: Callable[[str], str]
) -> list[Turn]:
    """What stands below the messages, one for each run of messages by the same speaker: Gradio shows them as one. An
    answer under way can be tried again and taken back too."""
    rows: list[Turn] = []
    for message in messages:
        turn = _turn(message, label) | {"versions": _place(message.message_id, versions.get(message.message_id, ()))}
        rows[-1:] = [turn] if rows and rows[-1]["role"] == message.role else [*rows[-1:], turn]
    if rows and rows[-1]["role"] == "assistant":
        rows[-1]["undo"] = True
    return rows


def show_model_state(state: LoadState, model: str) -> str:
    """How far the embedded model is, with a plain word on what it is, for sentence.js."""
    if state.phase == "failed":
        return sentence(state.detail, name="failed")
    return words(STATES.get(state, "model.ready"), name=state.phase, note="model.toy", model=model)


def words(key: str, **values: Any) -> str:
    """One of the interface's texts with its values, for sentence.js."""
    return json.dumps({"key": key} | values)


def sentence(said: str, name: str = "") -> str:
    """Something that the app says in English only, a failure, for sentence.js."""
    return json.dumps({"sentence": said, "name": name})


def show_notice(sentence: str) -> list[GradioMessage]:
    """Something that the app has to say in an answer's place."""
    return [_answer(f'<span class="note">{escape(sentence)}</span>')]


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _answer(text: str) -> GradioMessage:
    return {"role": "assistant", "content": [_text(text)], "metadata": None, "options": None}


def _reasoning(message: StoredMessage) -> GradioMessage:
    is_over = bool(message.content) or message.status != "running"
    # always “done”: what is “pending” stands open, and would fold up under the reader's eyes
    # in English: assets/gradio.js translates what Gradio draws
    metadata: dict[str, Any] = {
        "title": ENGLISH["turn.reasoning" if is_over else "turn.reasoning.running"],
        "status": "done",
    }
    if message.timing and message.timing.reasoning_ms is not None:
        metadata["duration"] = message.timing.reasoning_ms / 1000
    said = [_text(make_markdown_safe(message.reasoning))]
    return {"role": "assistant", "content": said, "metadata": metadata, "options": None}


def _turn(message: StoredMessage, label: Callable[[str], str]) -> Turn:
    turn: Turn = {"id": message.message_id, "role": message.role, "text": message.content}
    if message.role == "user":
        return turn | ({"files": [show_file(each) for each in message.attachments]} if message.attachments else {})
    turn |= {"question": message.parent_id}
    if message.status == "running":
        return turn | {"text": ""}  # what is stored of it is behind what the page shows
    failed = message.status == "failed" or message.finish_reason == "interrupted"  # part-way is a failure too
    return turn | {
        "ending": ending(message),
        "failed": failed,
        "details": details(message, label),
    }


def show_file(attachment: Attachment) -> dict[str, Any]:
    """A file, as assets/enclosed.js takes it."""
    kind = "picture" if attachment.is_image else "document" if attachment.is_document else "text"
    extent = {"pages": attachment.pages, "size": attachment.size}
    return {"id": attachment.attachment_id, "name": attachment.name, "kind": kind} | extent


def _place(message_id: str, versions: tuple[str, ...]) -> dict[str, Any] | None:
    if len(versions) < 2:
        return None
    place = versions.index(message_id)
    around = ("", *versions, "")
    return {"number": place + 1, "count": len(versions), "previous": around[place], "next": around[place + 2]}
