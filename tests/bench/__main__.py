"""`python -m tests.bench` lists the benchmarks; `python -m tests.bench NAME …` runs one."""

import sys
from importlib import import_module

from tests.bench.figures import table

BENCHES = {
    "first_visit": ("time until a visitor can type and is answered, first visit and next, with peers", "6 min"),
    "first_token": ("time from Enter to the first token on the page, loopback and a slow link, with peers", "3 min"),
    "pages": ("updates, gaps and server CPU per reply with 1, 8 and 20 pages, with peers", "12 min"),
    "together": ("concurrent chats in one process, through the page's event and the API, and in three", "8 min"),
    "idle": ("500 idle pages, and the first token of a visitor meanwhile", "1 min"),
    "sessions": ("memory of 1,000 idle sessions and after 10,000 answers", "5 min"),
    "appending": ("appending a message and opening a conversation, in stores of several sizes", "4 min"),
    "starting": ("time from the start of the process to a usable page, with peers", "2 min"),
    "search": ("listing, opening and searching 10,000 messages", "1 min"),
    "memory": ("CPU of finding what notes and passages go along with a message", "1 min"),
    "remembering": (
        "time from Enter to the first token with 1,000 notes and 1,000 conversations, and without",
        "2 min",
    ),
    "api_latency": ("latency that the API adds to a provider's first token", "1 min"),
    "stop": ("time from Stop to the end of the connection to the provider", "1 min"),
    "not_found": ("whether the time of a 404 reveals a conversation of another session", "1 min"),
}
"""Description and duration of each benchmark."""


def main() -> None:
    """Runs the named benchmark, or lists all."""
    if len(sys.argv) < 2 or sys.argv[1] not in BENCHES:
        print("python -m tests.bench NAME [--help] [--json FILE]\n")
        print("pip install -r tests/bench/requirements.txt; each peer's environment is created when first needed.\n")
        print(table(("", "takes"), [(f"{name:12} {text}", time) for name, (text, time) in BENCHES.items()]))
        return
    name = sys.argv.pop(1)
    import_module(f"tests.bench.{name}").main()


if __name__ == "__main__":
    main()
