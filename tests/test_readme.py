"""The README is true: its script runs as it stands, and its table names every setting."""

import re
import subprocess
import sys
from pathlib import Path

from chatbot.settings import Settings
from tests.fake_upstream import FakeUpstream
from tests.running import ROOT, clean_environment, two_providers

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_library_script_runs_as_it_stands(upstream: FakeUpstream, tmp_path: Path) -> None:
    (script,) = (block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "ChatEngine" in block)
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


def test_it_names_every_setting() -> None:
    for name in Settings.model_fields.keys() - {"space_id"} - NOT_YET:
        assert f"`{name.upper()}`" in README, name


NOT_YET = {"chatbot_messages_per_minute", "chatbot_daily_tokens"}
"""Read, and to be enforced when the app gets its limits."""
