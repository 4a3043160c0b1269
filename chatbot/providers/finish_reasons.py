"""What the end of a stream means: finish reasons and token counts, whichever server wrote them."""

import re
from collections.abc import Mapping
from typing import Any

from chatbot.errors import ProviderError, ProviderTimeout, ServiceUnavailable, StreamCutOff, UnreadableAnswer
from chatbot.types import FinishReason

MAX_TOKENS = 10**9
"""A larger count is nonsense, and is ignored."""

REASONS: tuple[tuple[re.Pattern[str], FinishReason | type[ProviderError] | None], ...] = (
    (re.compile(r"^(null|none|unknown|not_?finished|in_?progress|(finish_reason_)?unspecified)?$"), None),
    (re.compile(r"pause|compaction"), "paused"),
    (re.compile(r"refus|declin"), "refusal"),
    (
        re.compile(
            r"filter|safety|prohibit|blocklist|recitation|spii|sensitive|guardrail|moderat|polic|toxic|^language$|blocked"
        ),
        "content_filter",
    ),
    (re.compile(r"malformed|unexpected|invalid|missing"), UnreadableAnswer),
    (re.compile(r"resource|overload|capacity|unavailable|rate_?limit|unload"), ServiceUnavailable),
    (re.compile(r"time_?d?_?out|deadline|time_?limit"), ProviderTimeout),
    (re.compile(r"abort|cancel|incomplete|unfinished|interrupt|disconnect|userstopped"), StreamCutOff),
    (re.compile(r"length|max|limit|context|token_budget|exhaust"), "length"),
    (re.compile(r"stop|eos|\bend|end_|done|complete|finish|tool|function|normal|succe"), "stop"),
)
"""By what a reason says, in small letters; the first that matches counts. A reason that none matches, as `error`, is
no normal end: the answer was cut off."""


def finish_reason(value: object) -> FinishReason | type[ProviderError] | None:
    """How an answer with this finish reason ended: our reason, or the error that ended it; None if it says nothing."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("type", "reason", "value") if name in value), None)
    if isinstance(value, list):
        value = next(iter(value), None)
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    return next((reason for pattern, reason in REASONS if pattern.search(word)), StreamCutOff)


def token_count(value: Any) -> int | None:
    """A count of tokens as a server sent it; None for nonsense."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value <= MAX_TOKENS and value == int(value) else None
