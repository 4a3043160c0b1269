"""Logging: one line an event in logfmt, without secrets and, unless CHATBOT_LOG_TEXTS is set, without messages' texts.

A line names the event, the session and the conversation: `log.info("answer", extra={"fields": {…}})`. Texts of messages
go into `extra={"texts": {…}}`.
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

APP = "chatbot"
MAX_LIBRARY_LINE = 300
"""Characters of a line that another library logs."""
MIN_SECRET_LENGTH = 6
"""Characters: a shorter secret would be found in any text."""

REDACTED = "[hidden]"
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
    """Replaces the known `secrets`, and whatever has the shape of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({each for each in secrets if len(each) >= MIN_SECRET_LENGTH}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        known = self._known.sub(REDACTED, text) if self._known else text
        return SECRET_SHAPES.sub(lambda found: (found["name"] or "") + REDACTED, known)


class LogfmtFormatter(logging.Formatter):
    """Writes a record as one line. Of an exception it writes only the class and the place: its text may quote."""

    def __init__(self, redact: Redaction, with_texts: bool) -> None:
        super().__init__()
        self._redact = redact
        self._with_texts = with_texts

    def format(self, record: logging.LogRecord) -> str:
        event = record.getMessage().strip()
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "source": record.name,
            "event": event if _is_ours(record) else event[:MAX_LIBRARY_LINE],
            **getattr(record, "fields", {}),
            **(getattr(record, "texts", {}) if self._with_texts else {}),
            **_exception_fields(record),
        }
        pairs = (f"{name}={_quote(str(value))}" for name, value in fields.items() if value is not None)
        return self._redact(" ".join(pairs))


class RedactedStream:
    """A stream whose text is redacted, for what libraries print."""

    def __init__(self, stream: TextIO, redact: Redaction) -> None:
        self._stream = stream
        self._redact = redact

    def write(self, text: str) -> int:
        """Writes the text without its secrets."""
        self._stream.write(self._redact(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def configure(settings: Settings, secrets: Iterable[str] = ()) -> None:
    """Installs redacting handlers on logging, stdout, stderr and uncaught exceptions, for the whole process. `secrets`
    are hidden besides those of the settings."""
    redact = Redaction([*settings.secrets(), *secrets])
    sys.stdout, sys.stderr = RedactedStream(sys.stdout, redact), RedactedStream(sys.stderr, redact)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogfmtFormatter(redact, settings.chatbot_log_texts))
    handler.addFilter(_is_logged)
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger(APP).setLevel(settings.chatbot_log_level.upper())
    threading.excepthook = sys.unraisablehook = _log_uncaught
    traceback.print_exc = _log_printed  # Gradio prints failures with it, and their texts


def redirect(*names: str) -> None:
    """Lets loggers that a library configured write through our handler only."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _log_uncaught(event: Any) -> None:
    if event.exc_type and not issubclass(event.exc_type, SystemExit):
        log.error("uncaught", exc_info=(event.exc_type, event.exc_value, event.exc_traceback))


def _log_printed(*_: Any, **__: Any) -> None:
    log.error("failed", exc_info=True)


def _is_logged(record: logging.LogRecord) -> bool:
    """Debug and info lines of the SDKs and web servers hold prompts and keys: they are dropped at every level."""
    return _is_ours(record) or record.levelno >= logging.WARNING


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == APP


def _exception_fields(record: logging.LogRecord) -> dict[str, str]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, _, trace = record.exc_info
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else None
    return {"error": kind.__name__} | ({"place": place} if place else {})


def _quote(value: str) -> str:
    return value if re.fullmatch(r"[^\s\"=\\]+", value) and value.isprintable() else json.dumps(value)
