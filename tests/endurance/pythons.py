"""Runs tier 1 on every supported Python that is installed: `python -m tests.endurance.pythons`."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.running import ROOT

SUPPORTED = ("3.11", "3.12", "3.13")


def main() -> None:
    """Makes an environment for each interpreter and runs the tests there; exits with status 1 if one of them fails."""
    failed = [version for version, interpreter in _installed().items() if not _passes(version, interpreter)]
    if failed:
        sys.exit(f"failed on Python {', '.join(failed)}")


def _installed() -> dict[str, str]:
    """Returns the interpreters by version, from the PATH and from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {}
    for version in SUPPORTED:
        candidates = [*map(str, pyenv.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")]
        working = next((each for each in candidates if each and _version(each) == version), None)
        if working:
            found[version] = working
        else:
            print(f"Python {version} is not installed: skipped", flush=True)
    return found


def _version(interpreter: str) -> str:
    command = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _passes(version: str, interpreter: str) -> bool:
    print(f"== Python {version}: {interpreter}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([interpreter, "-m", "venv", directory], check=True)
        python = str(Path(directory) / "bin" / "python")
        requirements = ("-r", "requirements.txt", "-r", "tests/requirements.txt")
        subprocess.run([python, "-m", "pip", "install", "-q", *requirements], cwd=ROOT, check=True)
        return subprocess.run([python, "-m", "pytest"], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    main()
