"""A process killed at any moment while sessions write, edit, clear and delete: the short version of 300 kills."""

import os
import subprocess
import sys

import pytest

from tests.running import ROOT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_killed_at_any_moment_leaves_all_it_acknowledged_and_nothing_by_halves() -> None:
    command = [sys.executable, "-m", "tests.endurance.kills", "--times", "10", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("10 kills")
    assert int(done.stdout.split()[4]) > 10, "steps were acknowledged"
