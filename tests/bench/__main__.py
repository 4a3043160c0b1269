"""`python -m tests.bench` lists the measurements; `python -m tests.bench NAME …` takes one."""

import sys
from importlib import import_module

from tests.bench.figures import table

BENCHES = {
    "first_token": ("from Enter to the first token on the page, loopback and a slow link, beside the peers", "3 min"),
    "pages": ("updates, gaps and the server's CPU a reply with 1, 8 and 20 pages, beside the peers", "12 min"),
    "together": ("chats at once in one process, through the page's event and the API", "8 min"),
    "idle": ("500 pages that are open and do nothing, and somebody who asks meanwhile", "1 min"),
    "sessions": ("memory of 1,000 sessions at rest, and over 10,000 answers", "5 min"),
    "appending": ("a message appended and a conversation opened, in stores from small to very large", "4 min"),
    "starting": ("from the start of the process to a page that is ready, beside the peers", "2 min"),
    "search": ("listing, opening and searching 10,000 messages", "1 min"),
    "api_latency": ("what the API adds to a provider's first token", "1 min"),
    "stop": ("from Stop to the end of the connection to the provider", "1 min"),
    "not_found": ("whether the time of a 404 tells that a conversation is somebody else's", "1 min"),
}
"""What each shows, and how long it takes."""


def main() -> None:
    """Take the measurement that is named, or list them all."""
    if len(sys.argv) < 2 or sys.argv[1] not in BENCHES:
        print("python -m tests.bench NAME [--help] [--json FILE]\n")
        print("pip install -r tests/bench/requirements.txt; the peers' own environments are made when first needed.\n")
        print(table(("", "takes"), [(f"{name:12} {shows}", takes) for name, (shows, takes) in BENCHES.items()]))
        return
    name = sys.argv.pop(1)
    import_module(f"tests.bench.{name}").main()


if __name__ == "__main__":
    main()
