"""Runs all of tier 3, one part after the other; stops at the first that fails."""

import subprocess
import sys

PARTS = (
    ("endurance.kills", "--times", "300", "--seed", "1"),
    ("endurance.interruptions", "--times", "50", "--seed", "1"),
    ("endurance.kills", "--times", "300", "--seed", "1", "--postgres"),
    ("endurance.processes", "--times", "200", "--sessions", "50", "--seed", "1"),
    ("endurance.ends", "--times", "2", "--seed", "1"),
    ("endurance.soak", "--minutes", "10", "--sessions", "50", "--seed", "1"),
    ("endurance.alone",),
    ("endurance.orders", "--times", "10"),
    ("endurance.orders", "--times", "10", "--load"),
    ("endurance.pythons",),
    ("adapter.score", "--seed", "1"),
)

for name, *arguments in PARTS:
    print(f"== {name} {' '.join(arguments)}", flush=True)
    status = subprocess.run([sys.executable, "-m", f"tests.{name}", *arguments], check=False).returncode
    if status:
        sys.exit(status)
