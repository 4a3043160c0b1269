"""The process: starting, using and ending it."""

import os
import signal
import time
from pathlib import Path

import httpx
import orjson
import pytest
from gradio_client import Client

from chatbot import __version__
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import RunningApp, two_providers


@pytest.fixture
def environment(upstream: FakeUpstream) -> dict[str, str]:
    return two_providers(upstream)


@pytest.mark.tier2
def test_without_settings_the_embedded_model_answers(tmp_path: Path) -> None:
    with RunningApp(tmp_path, {}, forked=False) as app:
        client = Client(app.url, verbose=False)
        updates = list(client.submit("Write one short sentence about the sea.", api_name="/chat"))
    assert len(updates) > 1
    assert len(updates[-1]) > len(updates[0]) > 0


@pytest.mark.first_case
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_and_stores_partial_answers(
    number: signal.Signals, tmp_path: Path, environment: dict[str, str]
) -> None:
    with RunningApp(tmp_path, environment) as app:
        pages = [Client(app.url, verbose=False) for _ in range(2)]
        jobs = [page.submit("Count.", model="pace:5x2000", api_name="/chat") for page in pages]
        programs = [Visitor(app.url) for _ in range(3)]
        running = [(each, each.begin("Count.", model="pace:5x2000")) for _ in range(6) for each in programs]
        deadline = time.monotonic() + 20
        while not all(job.outputs() for job in jobs) and time.monotonic() < deadline:
            time.sleep(0.05)
        for program, conversation_id in running:
            while not program.messages(conversation_id)[-1]["content"] and time.monotonic() < deadline:
                time.sleep(0.05)
        status = app.stop(number)
    assert status == 0
    answers = [_answers(path) for path in (tmp_path / "sessions").glob("*/*.json")]
    assert [len(answer) for answer in answers] == [1] * 20
    assert all(answer[0]["status"] == "interrupted" and answer[0]["content"] for answer in answers)


@pytest.mark.tier2
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_while_the_process_ends_its_health_is_draining(tmp_path: Path, environment: dict[str, str]) -> None:
    with RunningApp(tmp_path, environment) as app, httpx.Client(base_url=app.url) as client:
        visitor = Visitor(app.url)
        visitor.begin("Count.", model="pace:5x2000")
        assert client.get("/health").status_code == 200
        (session,) = (tmp_path / "sessions").iterdir()
        os.mkfifo(session / "draft")  # the next write waits until somebody reads it
        os.kill(app.process_id, signal.SIGTERM)
        while (health := client.get("/health")).status_code == 200:
            time.sleep(0.01)
        reader = os.open(session / "draft", os.O_RDONLY | os.O_NONBLOCK)
        assert app.stop() == 0
        os.close(reader)
    assert health.status_code == 503
    assert health.json() == {"status": "draining", "service": "chatbot", "version": __version__}


def test_a_port_in_use_ends_the_start_with_one_line(tmp_path: Path, environment: dict[str, str]) -> None:
    with RunningApp(tmp_path / "one", environment) as app:
        second = RunningApp(tmp_path / "two", environment)
        second.port, second.url = app.port, "http://nowhere.invalid"
        with pytest.raises(AssertionError, match=f"GRADIO_SERVER_PORT={app.port}: expected a port that is free"):
            second.start()


def test_a_key_never_reaches_the_log_or_the_page(tmp_path: Path, environment: dict[str, str]) -> None:
    import httpx  # noqa: PLC0415

    with RunningApp(tmp_path, environment) as app:
        client = Client(app.url, verbose=False)
        with pytest.raises(Exception, match="did not accept the API key"):
            client.predict("Hello", model="fault:wrong_key", api_name="/chat")
        page = httpx.get(app.url).text + httpx.get(f"{app.url}/config").text
    stored = b"".join(path.read_bytes() for path in (tmp_path / "sessions").glob("*/*.json")).decode()
    for text in (page, app.log, stored):
        assert "test-operator" not in text


def _answers(path: Path) -> list[dict[str, str]]:
    tables = orjson.loads(path.read_bytes())
    return [record for record in tables["messages"].values() if record["role"] == "assistant"]
