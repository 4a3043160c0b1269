"""Starts the app; on SIGUSR1 it prints the number of its asyncio tasks by coroutine.

The soak test sees with it that no task is left over. The event loop's own thread counts the tasks: another thread
would keep references to objects that the loop's thread releases.
"""

import asyncio
import json
import signal
from collections import Counter

from chatbot.web import server

MARK = "tasks: "


class ObservedServer(server.Server):
    """A server that prints its tasks on SIGUSR1."""

    def start(self) -> str:
        """Starts the server and installs the signal handler."""
        url = super().start()
        signal.signal(signal.SIGUSR1, lambda *_: self._loop and self._loop.call_soon_threadsafe(_print_tasks))
        return url


def _print_tasks() -> None:
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    print(MARK + json.dumps(names), flush=True)


if __name__ == "__main__":
    import app

    server.Server = ObservedServer  # type: ignore[misc]
    app.main()
