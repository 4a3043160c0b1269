"""Runs tier 1 in random orders: `python -m tests.endurance.orders`. With `--load`, beside a busy loop on each core."""

import argparse
import os
import subprocess
import sys


def main() -> None:
    """Runs the tests so often and prints each seed; exits with status 1 at the first failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.orders", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="number of orders, 10 by default")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first order, 1 by default")
    parser.add_argument("--load", action="store_true", help="keep all cores busy meanwhile")
    options = parser.parse_args()
    command = [sys.executable, "-c", "while True: pass"]
    loads = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)] if options.load else []
    try:
        for seed in range(options.seed, options.seed + options.times):
            print(f"seed {seed}", flush=True)
            ordered = [sys.executable, "-m", "pytest", f"--randomly-seed={seed}"]
            if subprocess.run(ordered, check=False).returncode:
                sys.exit(1)
    finally:
        for load in loads:
            load.kill()


if __name__ == "__main__":
    main()
