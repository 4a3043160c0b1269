"""What an answer came from, took and cost, in words for the line below it. None of it is part of the answer's text."""

from collections.abc import Callable, Iterable

from chatbot.messages import StoredMessage, Usage

ENDINGS = {
    "stopped": "Stopped by you{after}.",
    "interrupted": "This answer was cut off{after}.",
    "length": "The answer reached the longest length that is set. Ask to go on, or raise “Longest answer”.",
    "refusal": "The model declined to answer this.",
    "content_filter": "The provider withheld the rest of this answer.",
}

REASONED = "The model spent the whole length that is set on reasoning. Raise “Longest answer”, then try again."
"""Said where the longest length was reached before the first word."""

ESTIMATED = " (estimated)"
"""Said of tokens, and of the price that follows from them, where the provider did not count."""

LEAST = 12
"""Places behind the point beyond which a price is nothing. Only an imported file can have one as small."""

NOT_OURS = "a model"
"""The provider of an answer that was imported without one."""


def ending(answer: StoredMessage) -> str:
    """How the answer ended, empty where it ended by itself. That a count is estimated is told with the others."""
    if answer.fault:
        return answer.fault.message
    if answer.finish_reason == "length" and not answer.content:
        return REASONED
    words = answer.usage.output_tokens
    after = f" after {words:,} token{'s' * (words != 1)}" if words else ""
    return ENDINGS.get(answer.finish_reason or "", "").format(after=after)


def details(answer: StoredMessage, label: Callable[[str], str]) -> str:
    """Who answered, how quickly, from how much, and for what price; what is not known is left out."""
    parts = [_who(answer, label), *_pace(answer), _tokens(answer), _price(answer), _seen(answer), *_files(answer)]
    return " · ".join(part for part in parts if part)


def total(answers: Iterable[StoredMessage]) -> str:
    """The tokens and the price of a whole conversation, empty where nothing is known."""
    counted = [answer for answer in answers if answer.usage.output_tokens is not None]
    if not counted:
        return ""
    tokens = sum((answer.usage.input_tokens or 0) + (answer.usage.output_tokens or 0) for answer in counted)
    about = "about " if any(answer.usage.estimated for answer in counted) else ""
    costs = [answer.cost for answer in counted if answer.cost is not None]
    spent = f" · {about}{price(sum(costs))}" if costs else ""
    at_least = " for those with a known price" if costs and len(costs) < len(counted) else ""
    return f"This conversation: {about}{tokens:,} tokens{spent}{at_least}"


def price(dollars: float | None) -> str:
    """`dollars` to the cent, or, below one, to two digits that say something."""
    if dollars is None:
        return ""
    if dollars >= 0.01 or dollars <= 0:
        return f"${dollars:.2f}"
    places = next((place for place in range(3, LEAST) if dollars * 10**place >= 1), LEAST)
    return f"${dollars:.{places + 1}f}"


def _who(answer: StoredMessage, label: Callable[[str], str]) -> str:
    provider = label(answer.provider) if answer.provider else NOT_OURS
    return f"{provider} · {answer.model}" if answer.model else provider


def _pace(answer: StoredMessage) -> list[str]:
    timing, tokens = answer.timing, answer.usage.output_tokens
    if timing is None or timing.first_token_ms is None:
        return []
    parts = [f"first token {timing.first_token_ms / 1000:.1f} s"]
    seconds = (timing.total_ms - timing.first_token_ms) / 1000
    if tokens and seconds > 0:
        parts.append(f"{tokens / seconds:.0f} tokens/s")
    return parts


def _tokens(answer: StoredMessage) -> str:
    usage = answer.usage
    if usage.output_tokens is None:
        return ""
    read = f"{usage.input_tokens:,} in, " if usage.input_tokens is not None else ""
    return f"{read}{usage.output_tokens:,} out{_estimated(usage)}"


def _price(answer: StoredMessage) -> str:
    return price(answer.cost) + _estimated(answer.usage) if answer.cost is not None else ""


def _estimated(usage: Usage) -> str:
    return ESTIMATED if usage.estimated else ""


def _seen(answer: StoredMessage) -> str:
    if answer.seen is None or answer.seen.total == answer.seen.sent:
        return ""
    why = ", the rest was too long for the model" if answer.seen.trimmed else ""
    return f"{answer.seen.sent} of {answer.seen.total} messages sent{why}"


def _files(answer: StoredMessage) -> list[str]:
    """What the model was not shown of the conversation's files, and why; nothing where it saw all as they are."""
    seen = answer.seen
    if seen is None:
        return []
    shown = seen.files - seen.files_left_out - seen.files_unread
    parts = [f"{shown} of {_count(seen.files, 'file')} sent"] if shown < seen.files else []
    if seen.files_left_out:
        parts.append(f"{_count(seen.files_left_out, 'file')} left out for want of room")
    if seen.files_unread:
        parts.append(f"{_count(seen.files_unread, 'file')} that this model does not read")
    if seen.files_as_text:
        parts.append(f"of {_count(seen.files_as_text, 'PDF')} the text alone")
    return parts


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
