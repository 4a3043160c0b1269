"""What a server says in place of an answer, or of the rest of one: its status, its codes and its words.

Servers put the same meaning into many shapes: an object, an array, a string; a field `error`, `detail` or `message`;
with an HTTP status, in a body with status 200, or in a record of a stream. All of them are collected here into one
value, whose meaning `error_meanings` tells. The words are read and go no further: they can hold keys and prompts.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

CODE_FIELDS = frozenset(
    {"code", "type", "status", "reason", "error_code", "error_type", "error_name", "object", "status_code", "errcode"}
)
ECHO_FIELDS = frozenset(
    {"input", "flagged_input", "prompt", "messages", "url", "path", "timestamp", "request_id", "user_id"}
)
"""Fields that repeat what was sent: they say nothing about the cause."""

ERROR_FIELDS = ("error", "errors", "details", "error_code", "error_msg", "errcode", "errmsg")
MESSAGE_FIELDS = ("message", "msg")
SUCCESS = (0, 200, "0", "200")
"""Codes of records that only say that all is well."""

MAX_DEPTH = 8
MAX_WORDS = 4000
"""Characters. The cause is named at the beginning."""

MAX_RETRY_SECONDS = 30 * 86_400.0
"""A longer wait is nonsense, and is ignored."""

CODE = re.compile(r"[\w.:/-]{1,80}")
STATUS = re.compile(r"[45]\d\d")
SECONDS = re.compile(r"\d{1,12}(\.\d{1,9})?")
NUMBER = re.compile(r"(?<![\w.])(?:(?<![\[(])\d{1,3}(?:,\d{3})+|\d{1,12})(?![\w]|\.\d)")
DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


class Refusal(Exception):
    """`status` is the HTTP status or the one that the body names, None if there is neither; `codes` are its codes and
    types in small letters, `words` its sentences in small letters. `is_protocol`: a server of the protocol wrote it,
    not a proxy. `retry_after` is in seconds."""

    def __init__(self, body: object, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        body = _parsed(body)
        found = [*_strings(body)]
        statuses = [int(value) for name, value in found if name in CODE_FIELDS and STATUS.fullmatch(value)]
        self.status = status if status is not None and status >= 300 else next(iter(statuses), None)
        codes = [(name, value) for name, value in found if name in CODE_FIELDS and CODE.fullmatch(value)]
        self.codes = frozenset(value.lower() for _, value in codes)
        self.words = " ".join(value for name, value in found if (name, value) not in codes)[:MAX_WORDS].lower()
        self.param = next((value for name, value in found if name == "param"), "")
        self.is_protocol = is_error(body)
        self.retry_after = _retry_after(headers or {}, found)

    @classmethod
    def from_sdk(cls, error: Exception) -> "Refusal":
        """What an SDK's error for a status says."""
        response = getattr(error, "response", None)
        headers = getattr(response, "headers", None)
        text = getattr(response, "text", None)
        status = getattr(error, "status_code", None)
        return cls(getattr(error, "body", None) if text is None else text, status, headers)


def is_error(value: object) -> bool:
    """Whether a JSON value is an error, in any of the shapes that servers give one."""
    if isinstance(value, list):
        return any(map(is_error, value))
    if not isinstance(value, Mapping):
        return False
    if "choices" in value:
        choices = value["choices"] if isinstance(value["choices"], list) else ()
        return bool(value.get("error") or any(as_mapping(choice).get("error") for choice in choices))
    is_marked = "error" in (value.get("object"), value.get("type"), value.get("status"))
    is_named = any(value.get(name) for name in ERROR_FIELDS)
    has_message = any(isinstance(value.get(name), str) for name in MESSAGE_FIELDS) and value.get("code") not in SUCCESS
    return is_marked or is_named or has_message or value.get("success") is False


def _parsed(body: object) -> object:
    """The JSON in a text; an empty text for a web page, whose words are a proxy's."""
    if not isinstance(body, str | bytes):
        return body
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text


def _strings(value: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """All texts and numbers in a JSON value, each with the name of its field."""
    if depth > MAX_DEPTH or name in ECHO_FIELDS:
        return
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _strings(each, str(key).lower(), depth + 1)
    elif isinstance(value, list):
        for each in value[:50]:
            yield from _strings(each, name, depth + 1)
    elif isinstance(value, str):
        inner = _parsed(value) if value.lstrip().startswith(("{", "[")) else value
        if isinstance(inner, Mapping | list):  # gateways put the error of the server behind them into a text
            yield from _strings(inner, name, depth + 1)
        else:
            yield name, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, f"{value}" if abs(value) < 10**15 else ""


def _retry_after(headers: Mapping[str, str], found: list[tuple[str, str]]) -> float | None:
    """How many seconds the headers or the body ask to wait."""
    for name in ("retry-after", "llm_provider-retry-after"):  # the second is LiteLLM's, of the server behind it
        if (seconds := _seconds(headers.get(name))) is not None:
            return seconds
        if (seconds := _seconds_until(headers.get(name), headers.get("date"))) is not None:
            return seconds
    if (milliseconds := _seconds(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    for name, value in found:
        if name == "retrydelay" and (delay := DELAY.fullmatch(value)):  # Google's
            return _seconds(delay[1])
        if name in ("retry_after", "retry_after_seconds", "estimated_time"):  # Hugging Face's, while a model loads
            return _seconds(value)
    return None


def _seconds(value: str | None) -> float | None:
    if value is None or not SECONDS.fullmatch(value := value.strip()):
        return None
    return _bounded(float(value))


def _seconds_until(value: str | None, now: str | None) -> float | None:
    """The seconds until an HTTP date, by the clock of the server that wrote it; None if it has passed."""
    try:
        until = parsedate_to_datetime(value or "")
        seconds = (until - (parsedate_to_datetime(now) if now else datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, or one without a time zone
        return None
    return _bounded(seconds) if seconds > 0 else None


def _bounded(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and seconds <= MAX_RETRY_SECONDS else None


def numbers(words: str) -> list[int]:
    """The whole numbers in a sentence, with or without commas between thousands."""
    return [int(each.replace(",", "")) for each in NUMBER.findall(words)]


def as_mapping(value: object) -> Mapping[str, Any]:
    """The value, if it is a JSON object; else an empty one."""
    return value if isinstance(value, Mapping) else {}
