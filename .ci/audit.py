"""Look the installed packages up among known vulnerabilities: exit status 1 for one that exceptions.txt does not name.

Where the service cannot be reached, or knows none of the packages, this says so and passes: an outage elsewhere must
not stop a change here, and nothing was found to be wrong.
"""

import json
import subprocess
import sys
from pathlib import Path

EXCEPTIONS = Path(__file__).with_name("exceptions.txt")
"""A line for each vulnerability that we live with: its id, then why, and until when. `#` begins a comment."""

NO_ANSWER = 1
"""pip-audit's exit status for a service that does not answer, as for a finding; what it prints tells them apart."""


def main() -> int:
    """Ask, print what was found, and return the exit status."""
    lines = [line.split() for line in EXCEPTIONS.read_text("utf-8").splitlines() if line.split("#")[0].strip()]
    ignored = [f"--ignore-vuln={words[0]}" for words in lines]
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off", *ignored]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the ids are ours
    if asked.returncode > NO_ANSWER:
        print(asked.stderr)
        return asked.returncode
    packages = json.loads(asked.stdout)["dependencies"] if asked.stdout.strip() else []
    audited = [package for package in packages if "vulns" in package]
    for package in audited:
        for known in package["vulns"]:
            fixed = ", ".join(known["fix_versions"]) or "none"
            print(f"{package['name']} {package['version']}: {known['id']} (mended in: {fixed})")
    print(f"pip-audit: {len(audited)} of {len(packages)} packages looked up")
    if not audited:
        print("pip-audit: NOT AUDITED, the service that knows the vulnerabilities gave no answer", asked.stderr[-300:])
    return int(any(package["vulns"] for package in audited))


if __name__ == "__main__":
    sys.exit(main())
