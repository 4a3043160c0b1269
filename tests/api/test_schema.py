"""The API against its OpenAPI description: Schemathesis sends thousands of valid and invalid calls."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import ROOT, RunningApp

CONFIGURATION = ROOT / "tests" / "support" / "schemathesis.toml"
SCHEMATHESIS = shutil.which("st", path=sysconfig.get_path("scripts"))
MIN_CASES = 2000


@pytest.mark.tier2
@pytest.mark.timeout(300)
def test_no_generated_call_breaks_the_server_or_the_description(
    api_app: RunningApp, visitor: Visitor, upstream: FakeUpstream, tmp_path: Path
) -> None:
    assert SCHEMATHESIS
    token = visitor.call("POST", "/session").json()["token"]
    run = subprocess.run(
        [
            *(SCHEMATHESIS, "--config-file", str(CONFIGURATION), "run", f"{api_app.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--no-color"),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,  # for its output files
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20_000:]
    cases = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert cases, run.stdout
    assert cases[1] == cases[2]
    assert int(cases[1]) >= MIN_CASES
    assert "39 selected / 39 total" in run.stdout
