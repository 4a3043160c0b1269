"""The app as `python app.py` starts it, which on SIGUSR1 prints its asyncio tasks: how many of each coroutine.

Only so can be seen from outside that none is left over.
"""

import asyncio
import gc
import json
import signal
from collections import Counter

MARK = "tasks: "


def _tell(*_: object) -> None:
    loops = [each for each in gc.get_objects() if isinstance(each, asyncio.AbstractEventLoop) and each.is_running()]
    tasks = [task for loop in loops for task in asyncio.all_tasks(loop)]
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    print(MARK + json.dumps(names), flush=True)


if __name__ == "__main__":
    import app

    signal.signal(signal.SIGUSR1, _tell)
    app.main()
