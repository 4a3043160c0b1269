"""Gradio's queue waits for events, in place of looking for them a thousand times a second, which takes 5 % of a core at
rest. tests/page/test_gradio_queue.py tests it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

from chatbot.web.gradio_import import gr

P = ParamSpec("P")
T = TypeVar("T")

MOST_SECONDS = 1.0
"""The longest that the queue waits before it looks anyway."""

PROGRESS_SECONDS = 0.5
"""How often the queue looks for progress bars, which this app has none of. Gradio's own value is a hundredth."""


class UntilWoken(float):
    """Seconds of a sleep that `woken` ends sooner."""

    woken: asyncio.Event


async def _sleep(seconds: float) -> None:
    if not isinstance(seconds, UntilWoken):
        await asyncio.sleep(seconds)
        return
    seconds.woken.clear()  # nothing was awaited since the queue looked
    with suppress(TimeoutError):
        await asyncio.wait_for(seconds.woken.wait(), seconds)


def wake_on_events(page: gr.Blocks) -> None:
    """Ends the sleep of the page's queue when an event comes, and when one has ended and so makes room for another.
    Gradio's queue calls `asyncio.sleep(self.sleep_when_free)`: this makes the name `asyncio` in its module, and the
    value, its own."""
    waiting = ModuleType("asyncio")
    vars(waiting).update(vars(asyncio) | {"sleep": _sleep})
    vars(gr.queueing)["asyncio"] = waiting
    queue = page._queue
    until = UntilWoken(MOST_SECONDS)
    until.woken = asyncio.Event()
    changes: dict[str, Any] = {
        "sleep_when_free": until,
        "progress_update_sleep_when_free": PROGRESS_SECONDS,
        "push": _waking(queue.push, until.woken),
        "process_events": _waking(queue.process_events, until.woken),
    }
    for name, value in changes.items():
        setattr(queue, name, value)


def _waking(call: Callable[P, Awaitable[T]], woken: asyncio.Event) -> Callable[P, Awaitable[T]]:
    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        finally:
            woken.set()

    return called
