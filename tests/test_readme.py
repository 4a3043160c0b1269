"""The README is true: its script runs as it stands, and its table names every setting."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import is_zipfile

import pytest

from chatbot.settings import Settings
from tests.fake_upstream import FakeUpstream
from tests.support.running import ROOT, RunningApp, clean_environment, two_providers

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [block.removeprefix("python") for block in README.split("```")[1::2]]


def test_its_library_script_runs_as_it_stands(upstream: FakeUpstream, tmp_path: Path) -> None:
    (script,) = (block for block in BLOCKS if "ChatEngine" in block and "import asyncio" in block)
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    environment = clean_environment() | two_providers(upstream) | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split("\n") == ["You said: Why is the sky blue?", " You said: And at night?", ""], done.stderr
    assert [received.body["messages"][0]["content"] for received in upstream.requests] == ["Answer in rhyme."] * 2


@pytest.mark.tier2
def test_its_curl_commands_and_its_client_work_as_they_stand(upstream: FakeUpstream, tmp_path: Path) -> None:
    curls = next(block for block in BLOCKS if "Tell me a joke" in block)
    more = next(block for block in BLOCKS if "export TOKEN=…" in block)
    client = next(block for block in BLOCKS if "import httpx" in block)
    through_the_page = next(block for block in BLOCKS if "import Client" in block)
    with RunningApp(tmp_path, two_providers(upstream)) as app:
        whole, stream = (_run(["bash", "-c", curl], app) for curl in curls.strip().split("\n\n"))
        begun = json.loads(whole)
        known = f"export TOKEN={begun['session_token']} ID={begun['conversation_id']}"
        rest = _run(["bash", "-ec", f"cd {tmp_path}\n" + more.replace("export TOKEN=…  ID=…", known)], app)
        talk = _run([sys.executable, "-c", client], app)
        answer = _run([sys.executable, "-c", through_the_page.replace("127.0.0.1", "localhost")], app)
    assert json.loads(whole)["response"] == "You said: Hello, my name is Alice"
    assert stream.startswith("event: start")
    assert "event: done" in stream
    for shown in (
        "Your name is Alice.",
        '"conversations":[',
        '"messages":[',
        "event: done",
        "idle",
        '"message_count":4',
    ):
        assert shown in rest
    assert is_zipfile(tmp_path / "talks.zip")
    assert talk.splitlines() == ["You said: My name is Alice.", "Your name is Alice."]
    assert answer.splitlines()[-1] == "Your name is Alice."


def _run(command: list[str], app: RunningApp) -> str:
    here = [part.replace("http://localhost:7860", app.url) for part in command]
    done = subprocess.run(here, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_it_names_every_setting() -> None:
    for name in Settings.model_fields.keys() - {"space_id", "oauth_client_id"}:
        assert f"`{name.upper()}`" in README, name
