"""Log output: one event a line, no secrets, and no texts of messages unless they are enabled."""

import io
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatbot import logs
from chatbot.logs import REDACTED, LogfmtFormatter, Redaction
from chatbot.settings import Settings
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.gradio_http import GradioEvents
from tests.support.running import RunningApp, two_providers

SECRETS = {
    "openai_api_key": "an-odd-key-of-no-known-shape",
    "anthropic_api_key": "sk-ant-api03-abcdefghijklmnop",
    "hf_token": "hf_abcdefghijklmnopqrstuvwx",
    "chatbot_secret": "the signing secret",
    "chatbot_auth": "anna:hunter2-and-more,ben:geheim:nis",
}
LINE = re.compile(r'time=\S+ level=(\w+) source=\S+ event=("(?:[^"\\]|\\.)*"|\S+)(?: \w+=("(?:[^"\\]|\\.)*"|\S+))*')
TOKEN = "0123456789abcdef0123456789abcdef.a-signature-of-43-letters-and_digits"
"""Has the form of a session token."""
TEXT = "Das Wetter in Reykjavik"


@contextmanager
def captured_output() -> Iterator[io.StringIO]:
    """Yields what is printed inside, with logging configured for SECRETS."""
    output, streams = io.StringIO(), (sys.stdout, sys.stderr)
    sys.stdout = sys.stderr = output
    root, app_logger = logging.getLogger(), logging.getLogger("chatbot")
    before, level = root.handlers[:], app_logger.level
    hooks = sys.unraisablehook, threading.excepthook, traceback.print_exc
    logs.configure(Settings.load(**SECRETS), ["made-by-the-app"])
    try:
        yield output
    finally:
        sys.stdout, sys.stderr = streams
        root.handlers[:] = before
        app_logger.setLevel(level)
        sys.unraisablehook, threading.excepthook, traceback.print_exc = hooks


def formatted(message: str, *arguments: object, with_texts: bool = False, **extra: object) -> str:
    record = logging.getLogger("chatbot.test").makeRecord(
        "chatbot.test", logging.INFO, "test.py", 1, message, arguments, None, extra=extra
    )
    return LogfmtFormatter(Redaction(), with_texts).format(record)


def test_an_event_is_one_line_whatever_it_contains() -> None:
    line = formatted("it\nis %s", 'a "word"', fields={"model": "a b=c\n", "count": 3, "nothing": None})
    assert line.splitlines() == [line]
    assert LINE.fullmatch(line)
    assert line.endswith('event="it\\nis a \\"word\\"" model="a b=c\\n" count=3')


def test_texts_are_logged_only_if_enabled() -> None:
    assert TEXT not in formatted("message", texts={"text": TEXT})
    assert f'text="{TEXT}"' in formatted("message", texts={"text": TEXT}, with_texts=True)


def test_an_exception_is_logged_with_its_place_without_its_text() -> None:
    with captured_output() as printed:
        try:
            int(TEXT)
        except ValueError:
            logging.getLogger("chatbot.test").exception("failed")
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert TEXT not in printed.getvalue()
    lines = printed.getvalue().splitlines()
    assert len(lines) == 2
    assert all("error=ValueError place=" in line and LINE.fullmatch(line) for line in lines)


class FailsInFinalizer:
    """Raises in its finalizer, where no caller can catch it."""

    def __del__(self) -> None:
        int(TEXT)


def test_an_uncaught_exception_is_one_line() -> None:
    with captured_output() as printed:
        FailsInFinalizer()
        thread = threading.Thread(target=int, args=[TEXT])
        thread.start()
        thread.join()
    assert TEXT not in printed.getvalue()
    lines = printed.getvalue().splitlines()
    assert len(lines) == 2
    assert all("event=uncaught error=ValueError place=" in line and LINE.fullmatch(line) for line in lines)


@pytest.mark.parametrize("secret", [*SECRETS.values(), "made-by-the-app", TOKEN, "sk-visitors-own1"])
def test_known_and_likely_secrets_are_redacted(secret: str) -> None:
    logger = logging.getLogger("chatbot.test")
    with captured_output() as printed:
        for word in [login.partition(":")[2] for login in secret.split(",")] if "anna:" in secret else [secret]:
            logger.warning("with %s in it", word)
            logger.warning("event", extra={"fields": {"model": word}})
            logging.getLogger("httpx2").error("HTTP Request: Authorization: Bearer %s", word)
            print(f"printed {word}")
            sys.stderr.write(f"Traceback: {word}\n")
            assert word not in printed.getvalue()
    assert printed.getvalue().count(REDACTED) >= 5


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer [hidden]"),
        ("{'api_key': 'abcdef'}", "{'api_key': '[hidden]'}"),
        ("GET /queue/data?session_hash=abc123&x=1", "GET /queue/data?session_hash=[hidden]&x=1"),
        ("a task-list of 20 words", "a task-list of 20 words"),
        ("session=0123456789abcdef0123456789abcdef model=gpt-6-luna", None),
    ],
)
def test_likely_secrets_are_recognized_by_their_form(text: str, hidden: str | None) -> None:
    assert Redaction()(text) == (hidden or text)


@pytest.mark.parametrize("name", ["openai", "anthropic", "httpx", "httpx2", "httpcore", "uvicorn.access", "gradio"])
def test_details_from_libraries_are_not_logged(name: str) -> None:
    logger = logging.getLogger(name)
    before = logger.level
    with captured_output() as printed:
        logger.setLevel(logging.DEBUG)
        logger.debug("Request options: %s", {"json_data": {"messages": TEXT}})
        logger.info("HTTP Request: POST")
        logger.setLevel(before)
    assert printed.getvalue() == ""


@pytest.mark.tier2
def test_malformed_gradio_events_log_one_line_each(upstream: FakeUpstream, tmp_path: Path) -> None:
    with RunningApp(tmp_path, two_providers(upstream)) as app, Visitor(app.url) as visitor:
        token = visitor.call("POST", "/session").json()["token"]
        client = GradioEvents(app.url)
        for event in client.events:
            data = client.data(event, token, "")
            values = [[1] if isinstance(each, (int, float)) else {"x": TEXT} if each == "" else each for each in data]
            client.queue([(event, values, {"text": TEXT})])
    assert "Traceback" not in app.log
    assert TEXT not in app.log
    assert all(line.startswith(("time=", "The chatbot is at")) for line in app.log.splitlines())


@pytest.mark.tier2
@pytest.mark.parametrize("with_texts", [False, True])
def test_the_running_app_logs_each_turn_and_no_secret(with_texts: bool, upstream: FakeUpstream, tmp_path: Path) -> None:
    verbose = {"OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", "CHATBOT_AUTH": "anna:hunter2-and-more"}
    environment = two_providers(upstream) | verbose | {"CHATBOT_LOG_TEXTS": str(with_texts)}
    app = RunningApp(tmp_path, environment, forked=False)  # with a command line of its own
    with app, Visitor(app.url) as visitor:
        visitor.token = visitor.http.post("/session", auth=("anna", "hunter2-and-more")).json()["token"]
        ids = [visitor.chat(TEXT, provider=provider) for provider in ("openai", "anthropic")]
        visitor.call("POST", "/chat", json={"message": TEXT, "model": "fault:echo_key"})
        visitor.call("POST", "/chat", json={"message": TEXT, "conversation_id": "0" * 32})
        token = visitor.token
        command = Path("/proc", str(app._process.pid), "cmdline") if app._process else Path()
        title = command.read_bytes().decode() if command.exists() else ""
        shown = [visitor.call("GET", path).text for path in ("/openapi.json", "/models", "/health")]
    secret = (tmp_path / "secret").read_text().strip()
    for known in ("sk-test-operator", "sk-ant-test-operator", "hunter2-and-more", secret):
        assert known not in app.log + title + "".join(shown)
    assert token not in app.log
    events = [line for line in app.log.splitlines() if line.startswith("time=")]
    assert all(LINE.fullmatch(line) for line in events)
    assert all(line.startswith(("time=", "The chatbot is at")) for line in app.log.splitlines())
    answers = [line for line in events if " event=answer " in line]
    assert [json.dumps(each["conversation_id"]).strip('"') in line for each, line in zip(ids, answers, strict=False)]
    assert len(answers) == 3
    assert "code=provider_invalid_key" in answers[2]
    assert any("event=refused" in line and "code=not_found" in line for line in events)
    assert (TEXT in app.log) == with_texts
