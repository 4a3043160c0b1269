"""What an answer came from, took and cost: the facts, which assets/accounting.js puts into words for the line below it.
None of it is part of the answer's text."""

from collections.abc import Callable, Iterable
from typing import Any

from chatbot.types import StoredMessage

Facts = dict[str, Any]
"""What is known, as JSON's types. What is not known is not in it."""

BROKEN_OFF = ("stopped", "interrupted")
"""The endings of which it is told after how many tokens they came."""


def ending(answer: StoredMessage) -> Facts:
    """How the answer ended, empty where it ended by itself: a failure's sentence, or the reason, and after how many
    tokens. That a count is estimated is told with the others."""
    if answer.fault:
        return {"fault": answer.fault.message}
    if answer.finish_reason in (None, "stop"):
        return {}
    if answer.finish_reason == "length" and not answer.content:
        return {"reason": "reasoned"}  # the longest length was reached before the first word
    tokens = answer.usage.output_tokens if answer.finish_reason in BROKEN_OFF else None
    return {"reason": answer.finish_reason} | ({"tokens": tokens} if tokens else {})


def details(answer: StoredMessage, label: Callable[[str], str]) -> Facts:
    """Who answered, how quickly, from how much, and for what price in dollars."""
    usage, timing = answer.usage, answer.timing
    facts: Facts = {
        "provider": label(answer.provider) if answer.provider else None,
        "is_embedded": answer.provider == "local" or None,
        "model": answer.model or None,
        "first_token_s": timing.first_token_ms / 1000 if timing and timing.first_token_ms is not None else None,
        "tokens_per_s": _pace(answer),
        "input": usage.input_tokens if usage.output_tokens is not None else None,
        "output": usage.output_tokens,
        "estimated": usage.estimated or None,
        "cost": answer.cost,
        "seen": _seen(answer),
        "files": _files(answer),
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def total(answers: Iterable[StoredMessage]) -> Facts:
    """The tokens and the price of a whole conversation, empty where nothing is known. `partly`: of some answers the
    price is not known."""
    counted = [answer for answer in answers if answer.usage.output_tokens is not None]
    if not counted:
        return {}
    facts: Facts = {
        "tokens": sum((answer.usage.input_tokens or 0) + (answer.usage.output_tokens or 0) for answer in counted),
        "estimated": any(answer.usage.estimated for answer in counted),
    }
    costs = [answer.cost for answer in counted if answer.cost is not None]
    return facts | ({"cost": sum(costs), "partly": len(costs) < len(counted)} if costs else {})


def _pace(answer: StoredMessage) -> float | None:
    """Tokens a second from the first on, where there is a time to divide by."""
    timing, tokens = answer.timing, answer.usage.output_tokens
    if timing is None or timing.first_token_ms is None:
        return None
    seconds = (timing.total_ms - timing.first_token_ms) / 1000
    return tokens / seconds if tokens and seconds > 0 else None


def _seen(answer: StoredMessage) -> Facts | None:
    """How much of the conversation the model was sent, where it was not everything."""
    seen = answer.seen
    if seen is None or seen.total == seen.sent:
        return None
    return {"sent": seen.sent, "total": seen.total, "trimmed": seen.trimmed}


def _files(answer: StoredMessage) -> Facts | None:
    """What the model was not shown of the conversation's files, and why; nothing where it saw all as they are."""
    seen = answer.seen
    if seen is None:
        return None
    kept_back = {"left_out": seen.files_left_out, "unread": seen.files_unread, "as_text": seen.files_as_text}
    shown = seen.files - seen.files_left_out - seen.files_unread
    return {"shown": shown, "count": seen.files} | kept_back if any(kept_back.values()) else None
