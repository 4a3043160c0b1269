"""`python -m tests.fake_upstream --port 9999`: runs the upstream alone, for manual tests and measurements."""

import argparse
import threading
from contextlib import suppress

from tests.fake_upstream import FAULTS, FakeUpstream


def main() -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_upstream", description=__doc__)
    parser.add_argument("--port", type=int, default=9999, help="0: any free port")
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
