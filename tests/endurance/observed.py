"""The app as `python app.py` starts it, which on SIGUSR1 prints its asyncio tasks: how many of each coroutine.

Only so can be seen from outside that none is left over. They are counted in the event loop's own thread: whoever looks
through the objects of a running thread holds on to what it lets go of, and so breaks what is looked at.
"""

import asyncio
import json
import signal
from collections import Counter

from chatbot.web import server

MARK = "tasks: "


class Observed(server.Server):
    """The app's process, which can be asked."""

    def start(self) -> str:
        """Serve, and answer from now on."""
        url = super().start()
        signal.signal(signal.SIGUSR1, lambda *_: self._loop and self._loop.call_soon_threadsafe(_tell))
        return url


def _tell() -> None:
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    print(MARK + json.dumps(names), flush=True)


if __name__ == "__main__":
    import app

    server.Server = Observed  # type: ignore[misc]
    app.main()
