"""Runs every test file of tier 1 alone, and every test alone of files that start processes:
`python -m tests.endurance.alone`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.running import ROOT

STARTS_PROCESSES = re.compile(r"RunningApp\(|LlamaServer\(|subprocess\.")
NOTHING_TO_RUN = 5
"""Pytest's exit status if the file has tests of tier 2 only."""


def main() -> None:
    """Prints what failed alone; exits with status 1 if anything did."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = sorted((ROOT / "tests").rglob("test_*.py"))
        selected = [each for found in pool.map(_selected, files) for each in found]
        failed = [each for each, passes in zip(selected, pool.map(_passes, selected), strict=True) if not passes]
    if failed:
        sys.exit("\n".join(("failed alone:", *failed)))


def _selected(file: Path) -> Iterator[str]:
    """The file, and if it starts processes each of its tests in tier 1, with all its cases."""
    yield str(file.relative_to(ROOT))
    if STARTS_PROCESSES.search(file.read_text("utf-8")):
        found = _pytest("--collect-only", str(file)).stdout.splitlines()
        yield from sorted({line.partition("[")[0] for line in found if "::" in line})


def _passes(selected: str) -> bool:
    run = _pytest(selected)
    print(selected, run.stdout.strip().splitlines()[-1], flush=True)
    has_passed = run.returncode in (0, NOTHING_TO_RUN)
    if not has_passed:
        print(run.stdout, flush=True)
    return has_passed


def _pytest(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-n", "0", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


if __name__ == "__main__":
    main()
