"""Runs all of tier 3, one part after the other; stops at the first that fails."""

import subprocess
import sys

PARTS = (
    ("kills", "--times", "300", "--seed", "1"),
    ("ends", "--times", "2", "--seed", "1"),
    ("soak", "--minutes", "10", "--sessions", "50", "--seed", "1"),
    ("alone",),
    ("orders", "--times", "10"),
    ("orders", "--times", "10", "--load"),
    ("pythons",),
)

for name, *arguments in PARTS:
    print(f"== {name} {' '.join(arguments)}", flush=True)
    status = subprocess.run([sys.executable, "-m", f"tests.endurance.{name}", *arguments], check=False).returncode
    if status:
        sys.exit(status)
