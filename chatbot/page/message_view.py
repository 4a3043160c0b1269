"""How stored messages look: their HTML, and the lines below them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import Any

from chatbot.errors import waiting_time
from chatbot.i18n import Text, texts
from chatbot.page.answer_details import details, ending, show_memory, was_cut
from chatbot.page.i18n import local_label
from chatbot.page.markdown import GrowingAnswer, render_answer, render_typed
from chatbot.providers.local.local_models import LocalModels
from chatbot.replies.reply import WAITING_SECONDS
from chatbot.types import Attachment, Note, StoredMessage

ShownMessage = dict[str, Any]
"""A message as assets/messages.js takes it: its role, the HTML of each of its blocks, and Gradio's metadata."""

GROWING_ANSWERS = 200
"""Running answers whose rendering is kept; one more begins anew, which costs it a few milliseconds."""

END_TAGS = re.compile(r"(?:</\w+>(?:<td[^>]*></td>)*)+\Z")
"""Those of a block, with the empty cells of a table's last row."""

Line = dict[str, Any]
"""What stands below a message; assets/turns.js draws it."""


def show(messages: Iterable[StoredMessage], locale: str) -> list[ShownMessage]:
    """The messages of a conversation, oldest first."""
    return [shown for message in messages for shown in show_message(message, locale)]


def show_message(message: StoredMessage, locale: str, waiting: str = "") -> list[ShownMessage]:
    """One message: of an answer, its reasoning and its text. `waiting` says what an answer without text waits for."""
    if message.role == "user":
        return [show_question(message.content)]
    reasoning = [_reasoning(message, locale)] if message.reasoning else []
    is_running = message.status == "running"
    if is_running and not message.content:
        return [*reasoning, _answer([f'<span class="typing">{escape(waiting)}</span>'])]
    content = _grown(message.message_id, message.content) if is_running else render_answer(message.content)
    return [*reasoning, _answer(content)]


def waiting_words(label: Text | str, seconds: float, locale: str, *, is_loading: bool = False) -> str:
    """What an answer without text waits for: the provider with that `label` or, if `is_loading`, its model. From
    WAITING_SECONDS on it says for how long: a server may take minutes to load its model."""
    if seconds < WAITING_SECONDS:
        return Text("model.patience").worded(locale) if is_loading else ""
    what = Text("model.patience") if is_loading else Text("model.waiting", {"provider": label})
    since = Text("model.waiting.time", {"what": what, "wait": waiting_time(seconds, exact=True)})
    return since.worded(locale)


def show_question(text: str) -> ShownMessage:
    """A visitor's message."""
    return {"role": "user", "blocks": render_typed(text), "metadata": None}


def show_notice(text: str) -> list[ShownMessage]:
    """What the app says in an answer's place."""
    return [_answer([f'<span class="note">{escape(text)}</span>'])]


def lines(
    messages: Sequence[StoredMessage],
    versions: Mapping[str, tuple[str, ...]],
    label: Callable[[str], str],
    notes: Mapping[str, Note] = MappingProxyType({}),
) -> list[Line]:
    """The lines below the messages, one for each run of messages by the same speaker, which Gradio shows as one.
    `notes` are those that there are, by id."""
    found: list[Line] = []
    for message in messages:
        line = _line(message, label, notes) | {
            "versions": _version(message.message_id, versions.get(message.message_id, ()))
        }
        line |= {"note": message.note} if message.note in notes else {}
        found[-1:] = [line] if found and found[-1]["role"] == message.role else [*found[-1:], line]
    if found and found[-1]["role"] == "assistant":
        found[-1]["undo"] = True
        found[-1]["resumes"] = was_cut(messages[-1])
    return found


def show_load_state(local_models: LocalModels, model: str) -> dict[str, Any]:
    """How far the local model is: when it is loaded, with its speed; of the demo model, with a word on what it is.
    assets/main.js draws it. Empty if it is neither loaded nor about to be."""
    state, server = local_models.state(model), local_models.server
    if state is None:
        return {}
    notes = [Text("model.demo")] if local_label(model) == "provider.demo" and state.phase != "failed" else []
    is_measured = state.phase == "ready" and server.tokens_per_second
    rate = Text("model.rate", {"model": model, "rate": round(server.tokens_per_second or 0)})
    return {"name": state.phase, "texts": [each.as_json() for each in (rate if is_measured else state.text, *notes)]}


def show_file(attachment: Attachment) -> dict[str, Any]:
    """An attachment, as assets/attachments.js takes it."""
    kind = "picture" if attachment.is_image else "document" if attachment.is_document else "text"
    extent = {"pages": attachment.pages, "size": attachment.size}
    return {"id": attachment.attachment_id, "name": attachment.name, "kind": kind} | extent


def _grown(name: str, text: str) -> Sequence[str]:
    """The blocks of a text that grows. The last has no end tags: its HTML then only grows too, so Gradio sends no more
    than what is new, and a browser adds them."""
    *blocks, last = _growing(name).render(text) or [""]
    return [*blocks, END_TAGS.sub("", last)]


@lru_cache(GROWING_ANSWERS)
def _growing(name: str) -> GrowingAnswer:
    """What is rendered of a running text so far."""
    return GrowingAnswer()


def _answer(blocks: Sequence[str]) -> ShownMessage:
    return {"role": "assistant", "blocks": [*blocks], "metadata": None}


def _reasoning(message: StoredMessage, locale: str) -> ShownMessage:
    is_over = bool(message.content) or message.status != "running"
    # Always “done”: Gradio opens a “pending” one, and would fold it up while it is read.
    metadata: dict[str, Any] = {
        "title": texts(locale)["turn.reasoning" if is_over else "turn.reasoning.running"],
        "status": "done",
    }
    if message.timing and message.timing.reasoning_ms is not None:
        metadata["duration"] = message.timing.reasoning_ms / 1000
    name = f"reasoning of {message.message_id}"
    blocks = render_answer(message.reasoning) if is_over else _grown(name, message.reasoning)
    return {"role": "assistant", "blocks": blocks, "metadata": metadata}


def _line(message: StoredMessage, label: Callable[[str], str], notes: Mapping[str, Note]) -> Line:
    line: Line = {"id": message.message_id, "role": message.role, "text": message.content}
    line |= {"pinned": True} if message.pinned else {}
    if message.role == "user":
        return line | ({"files": [show_file(each) for each in message.attachments]} if message.attachments else {})
    line |= {"question": message.parent_id}
    if message.status == "running":
        return line | {"text": ""}  # the stored text is behind the one on the page
    failed = message.status == "failed" or message.finish_reason == "interrupted"
    facts = details(message, label)
    if message.memory:
        line["memory"] = show_memory(message.memory, notes) | {"seen": facts.pop("seen", None)}
    return line | {"ending": ending(message), "failed": failed, "details": facts}


def _version(message_id: str, versions: tuple[str, ...]) -> dict[str, Any] | None:
    if len(versions) < 2:
        return None
    place = versions.index(message_id)
    around = ("", *versions, "")
    return {"number": place + 1, "count": len(versions), "previous": around[place], "next": around[place + 2]}
