"""The facts below an answer: who wrote it, how long it took, what it used. assets/answer_words.js words them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from chatbot.memory.context_window import is_withheld
from chatbot.memory.memory_block import block
from chatbot.page.i18n import local_label
from chatbot.types import Note, SentMemory, StoredMessage, Summary, Usage

Facts = dict[str, Any]
"""Known facts as JSON's types; unknown ones are missing."""

CUT_SHORT = ("stopped", "interrupted")
"""The finish reasons that are shown with the number of tokens until then."""


def ending(answer: StoredMessage) -> Facts:
    """How the answer ended, empty if normally: a fault's text, or the reason and the number of tokens."""
    if answer.fault:
        return {"fault": answer.fault.words.as_json()}
    if answer.finish_reason in (None, "stop"):
        return {}
    if answer.finish_reason == "length" and not answer.content:
        return {"reason": "reasoned"}  # the longest answer was reached before the first word
    tokens = answer.usage.output_tokens if answer.finish_reason in CUT_SHORT else None
    return {"reason": answer.finish_reason} | ({"tokens": tokens} if tokens else {})


def was_cut(answer: StoredMessage) -> bool:
    """Whether the answer has some text, and ended before its end: it can go on."""
    is_part = answer.status == "interrupted" or answer.finish_reason in ("length", "paused")
    return bool(answer.content) and is_part and not is_withheld(answer)


def details(answer: StoredMessage, label: Callable[[str], str]) -> Facts:
    """Who answered, how quickly, from how much, and for what price in US dollars. Tokens and price are left out of an
    answer that costs nothing."""
    usage, timing = (Usage() if _is_free(answer) else answer.usage), answer.timing
    facts: Facts = {
        "provider": label(answer.provider) if answer.provider else None,
        "local": local_label(answer.model or "") if answer.provider == "local" else None,
        "model": answer.model or None,
        "first_token_s": timing.first_token_ms / 1000 if timing and timing.first_token_ms is not None else None,
        "tokens_per_s": _tokens_per_second(answer),
        "input": usage.input_tokens if usage.output_tokens is not None else None,
        "output": usage.output_tokens,
        "estimated": usage.estimated or None,
        "cost": answer.cost or None,
        "seen": _context(answer),
        "files": _files(answer),
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def show_memory(memory: SentMemory, notes: Mapping[str, Note]) -> Facts:
    """What of the visitor's memory went along: each part with what it came from, and the text as it was sent. `notes`
    are those that there are, by id."""
    passages = [
        {"conversation": each.conversation_id, "message": each.message_id, "date": each.date, "text": each.text}
        for each in memory.passages
    ]
    sources = {note_id: asdict(note.source) for note_id, note in notes.items() if note.source}
    sent = [{"id": each.note_id, "text": each.text, "source": sources.get(each.note_id)} for each in memory.notes]
    return {
        "notes": sent,
        "passages": passages,
        "summary": memory.summary.covers if memory.summary else None,
        "left_out": memory.notes_left_out + memory.passages_left_out,
        "text": block(memory),
    }


def total(made: Iterable[StoredMessage | Summary]) -> Facts:
    """The tokens and the price of a conversation's answers and summaries, empty if nothing is known, or they cost
    nothing. `partly`: some prices are not known."""
    counted = [each for each in made if each.usage.output_tokens is not None and not _is_free(each)]
    if not counted:
        return {}
    facts: Facts = {
        "tokens": sum((each.usage.input_tokens or 0) + (each.usage.output_tokens or 0) for each in counted),
        "estimated": any(each.usage.estimated for each in counted),
    }
    costs = [each.cost for each in counted if each.cost is not None]
    return facts | ({"cost": sum(costs), "partly": len(costs) < len(counted)} if costs else {})


def summary_details(summary: Summary, label: Callable[[str], str]) -> Facts:
    """Who made a summary, and for what price, as `details` says it of an answer."""
    is_local = summary.provider == "local"
    facts: Facts = {
        "provider": label(summary.provider) if summary.provider else None,
        "local": local_label(summary.model or "") if is_local else None,
        "model": summary.model or None,
        "estimated": summary.usage.estimated or None,
        "cost": None if is_local else summary.cost or None,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _is_free(made: StoredMessage | Summary) -> bool:
    return made.provider == "local" or made.cost == 0


def _tokens_per_second(answer: StoredMessage) -> float | None:
    """After the first token, if there is a time to divide by."""
    timing, tokens = answer.timing, answer.usage.output_tokens
    if timing is None or timing.first_token_ms is None:
        return None
    seconds = (timing.total_ms - timing.first_token_ms) / 1000
    return tokens / seconds if tokens and seconds > 0 else None


def _context(answer: StoredMessage) -> Facts | None:
    """How much of the conversation the model was sent, if not all."""
    sent = answer.seen
    if sent is None or sent.total == sent.sent:
        return None
    pinned = {"pinned": sent.pinned, "pinned_left_out": sent.pinned_left_out}
    seen = {"sent": sent.sent, "total": sent.total, "trimmed": sent.trimmed}
    return seen | {name: count for name, count in pinned.items() if count}


def _files(answer: StoredMessage) -> Facts | None:
    """Which of the conversation's files the model was not sent as they are, and why; None if it was sent all."""
    sent = answer.seen
    if sent is None:
        return None
    missing = {"left_out": sent.files_left_out, "unread": sent.files_unread, "as_text": sent.files_as_text}
    shown = sent.files - sent.files_left_out - sent.files_unread
    return {"shown": shown, "count": sent.files} | missing if any(missing.values()) else None
