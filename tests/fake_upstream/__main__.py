"""`python -m tests.fake_upstream --port 9999`: the upstream by itself, to look at or to measure against."""

import argparse
import threading
from contextlib import suppress

from tests.fake_upstream import FAULTS, FakeUpstream


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_upstream", description=__doc__)
    parser.add_argument("--port", type=int, default=9999, help="0 for any that is free")
    options = parser.parse_args()
    with FakeUpstream(port=options.port) as upstream, suppress(KeyboardInterrupt):
        print(f"OPENAI_BASE_URL={upstream.openai_url}\nANTHROPIC_BASE_URL={upstream.anthropic_url}")
        print(
            "Models: any name, pace:50, pace:50x500,",
            ", ".join(f"fault:{name}" for name in FAULTS),
            flush=True,
        )
        threading.Event().wait()


if __name__ == "__main__":
    main()
