"""Kills a process in the steps of queue, "Continue" and summaries: three times each here, 50 times in endurance."""

import os
import subprocess
import sys

import pytest

from tests.support.running import ROOT


@pytest.mark.tier2
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_process_loses_and_doubles_nothing() -> None:
    command = [sys.executable, "-m", "tests.endurance.interruptions", "--times", "3", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("3 kills") == 3
