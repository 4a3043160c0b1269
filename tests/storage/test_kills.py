"""Kills a process at random moments while sessions write, edit, clear and delete: ten times here, 300 in endurance."""

import os
import subprocess
import sys

import pytest

from tests.support.postgres import binaries
from tests.support.running import ROOT


@pytest.mark.tier2
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("backend", ["files", "postgres"])
def test_a_killed_process_loses_no_acknowledged_write(backend: str) -> None:
    command = [sys.executable, "-m", "tests.endurance.kills", "--times", "10", "--seed", "1"]
    if backend == "postgres":
        binaries()  # skips the test if it is not installed
        command.append("--postgres")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("10 kills")
    assert int(done.stdout.split()[4]) > 10, "too few steps were acknowledged"
