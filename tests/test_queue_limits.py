"""The jobs of Gradio's queue: nobody takes them all from the others, and none is kept that nobody listens to."""

import time
from pathlib import Path

import httpx
import pytest

from tests.api import Visitor
from tests.fake_upstream import FakeUpstream
from tests.gradio_http import GradioDoor
from tests.running import ROOT, RunningApp, two_providers

IMPATIENT = ROOT / "tests" / "small_limits.py"


def watch(door: GradioDoor, token: str, session: str) -> httpx.Response:
    """Have a page's list of conversations followed."""
    event = next(each for each in door.events if each["targets"][0][1] == "join")
    return door.join(event, [token], {}, session)


@pytest.fixture
def app(upstream: FakeUpstream, tmp_path: Path) -> RunningApp:
    """An app that soon ends what nobody listens to."""
    return RunningApp(tmp_path, two_providers(upstream) | {"PYTHONPATH": str(ROOT)}, script=IMPATIENT)


def test_who_takes_as_many_jobs_as_they_can_get_leaves_some_to_others_and_soon_has_none(app: RunningApp) -> None:
    with app, Visitor(app.url) as visitor:
        token = visitor.call("POST", "/session").json()["token"]
        door = GradioDoor(app.url)
        answers = [watch(door, token, "nobody-listens") for _ in range(31)]
        assert {answer.status_code for answer in answers[:30]} == {200}
        assert answers[-1].status_code == 503
        assert int(answers[-1].headers["retry-after"]) > 0
        assert visitor.chat("Does it work?")["response"] == "You said: Does it work?"
        deadline = time.monotonic() + 60
        while watch(door, token, "another").status_code == 503:
            assert time.monotonic() < deadline, "its jobs were never ended"
            time.sleep(0.5)
