"""Logs: one line an event, in logfmt, with no secret in it and, unless the operator asks for them, no message's text.

A line says what happened and to which session and conversation: `log.info("answer", extra={"fields": {…}})`. What was
said goes into `extra={"texts": {…}}`.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TextIO

from chatbot.settings import Settings

log = logging.getLogger(__name__)

OURS = "chatbot"
LONGEST_FOREIGN = 300
"""Characters of a line that another library writes."""
SHORTEST_SECRET = 6
"""Characters: a shorter one would be found in any text."""

HIDDEN = "[hidden]"
SECRET_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|hf|gsk|xai|pplx|nvapi|ghp|r8|fw|csk|tgp)[-_][\w-]{8,}"  # the providers' keys
    r"|\bAIza[\w-]{20,}"
    r"|\b[0-9a-f]{32}\.[\w-]{20,}"  # our own session tokens
    r"|(?P<name>\b(?:bearer|basic)\s+"
    r"|\b(?:api[-_]?key|authorization|password|secret|session_hash|session_token)[\"']?\s*[=:]\s*[\"']?)"
    r"(?!bearer|basic|\[)[^\s\"',&}]+",
    re.IGNORECASE,
)


class Redaction:
    """Hides what looks like a secret, and the `secrets` that are known."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({each for each in secrets if len(each) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text with every secret hidden."""
        known = self._known.sub(HIDDEN, text) if self._known else text
        return SECRET_SHAPES.sub(lambda found: (found["name"] or "") + HIDDEN, known)


class LogfmtFormatter(logging.Formatter):
    """Writes a record as one line. Of an exception it tells the kind and the place: its text may hold what was said."""

    def __init__(self, redact: Redaction, with_texts: bool) -> None:
        super().__init__()
        self._redact = redact
        self._with_texts = with_texts

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event = record.getMessage().strip()
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "source": record.name,
            "event": event if _is_ours(record) else event[:LONGEST_FOREIGN],
            **getattr(record, "fields", {}),
            **(getattr(record, "texts", {}) if self._with_texts else {}),
            **_exception(record),
        }
        told = (f"{name}={_quoted(str(value))}" for name, value in fields.items() if value is not None)
        return self._redact(" ".join(told))


class RedactedStream:
    """A stream that what was not written by a logger goes through as well."""

    def __init__(self, stream: TextIO, redact: Redaction) -> None:
        self._stream = stream
        self._redact = redact

    def write(self, text: str) -> int:
        """Write the text without the secrets in it."""
        self._stream.write(self._redact(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def begin(settings: Settings, secrets: Iterable[str] = ()) -> None:
    """From now on all that this process writes goes this way. `secrets` are known ones beside those in the settings."""
    redact = Redaction([*settings.secrets(), *secrets])
    sys.stdout, sys.stderr = RedactedStream(sys.stdout, redact), RedactedStream(sys.stderr, redact)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogfmtFormatter(redact, settings.chatbot_log_texts))
    handler.addFilter(_is_for_the_log)
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger(OURS).setLevel(settings.chatbot_log_level.upper())
    threading.excepthook = sys.unraisablehook = _uncaught
    traceback.print_exc = _printed  # Gradio's way to tell of failures


def adopt(*names: str) -> None:
    """Have loggers that were set up elsewhere write here and nowhere else."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _uncaught(event: Any) -> None:
    """What went wrong where no caller could be told, in a thread or while an object was let go: a line, as all else."""
    if event.exc_type and not issubclass(event.exc_type, SystemExit):
        log.error("uncaught", exc_info=(event.exc_type, event.exc_value, event.exc_traceback))


def _printed(*_: Any, **__: Any) -> None:
    """In the place of the trace of the exception that is being handled, whose text may hold what was said."""
    log.error("failed", exc_info=True)


def _is_for_the_log(record: logging.LogRecord) -> bool:
    """What the SDKs and web servers say in detail holds prompts and keys, whatever level somebody set for them."""
    return _is_ours(record) or record.levelno >= logging.WARNING


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == OURS


def _exception(record: logging.LogRecord) -> dict[str, str]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, _, trace = record.exc_info
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else None
    return {"error": kind.__name__} | ({"place": place} if place else {})


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[^\s\"=\\]+", value) and value.isprintable() else json.dumps(value)
