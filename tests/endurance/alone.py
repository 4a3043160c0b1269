"""Runs every test file of tier 1 alone, and every test alone of files that start processes:
`python -m tests.endurance.alone`."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.running import ROOT

STARTS_PROCESSES = re.compile(r"RunningApp\(|LlamaServer\(|subprocess\.")
NOTHING_TO_RUN = 5
"""Pytest's exit status if the file has tests of tier 2 only."""


def main() -> None:
    """Prints what failed alone; exits with status 1 if anything did."""
    failed = []
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        alone = _tests_of(file) if STARTS_PROCESSES.search(file.read_text("utf-8")) else []
        failed += [each for each in (str(file.relative_to(ROOT)), *alone) if not _passes(each)]
    if failed:
        sys.exit("\n".join(("failed alone:", *failed)))


def _tests_of(file: Path) -> list[str]:
    """Returns the ids of the file's tests in tier 1."""
    return [line for line in _pytest("--collect-only", str(file)).stdout.splitlines() if "::" in line]


def _passes(selected: str) -> bool:
    run = _pytest(selected)
    print(selected, run.stdout.strip().splitlines()[-1], flush=True)
    return run.returncode in (0, NOTHING_TO_RUN)


def _pytest(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-n", "0", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


if __name__ == "__main__":
    main()
