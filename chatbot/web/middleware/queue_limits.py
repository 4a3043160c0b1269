"""The jobs of Gradio's queue, one for each event that is under way on a page: nobody takes them all, or keeps one that
no page listens to."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import parse_qs

from gradio.queueing import Event, Queue
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.web.client_address import client_address

MOST = 2000
"""Jobs at once. A page takes one for as long as it is open, to hear of other tabs, and one for each answer."""
SHARE = 600
"""Those of one address, of which many people may call: behind a proxy, or a shared link."""
UNHEARD_SECONDS = 15.0
"""A page listens to its first job within a fraction of a second; one that nobody listens to for so long is ended."""
WAIT_SECONDS = 5
"""When to ask again where there is no job left."""

JOIN = "/gradio_api/queue/join"
LISTEN = "/gradio_api/queue/data"


class QueueJobs:
    """What is known of the queue's jobs. `behind_proxy` is as `address_of` has it."""

    def __init__(self, queue: Queue, behind_proxy: bool) -> None:
        self._queue = queue
        self._behind_proxy = behind_proxy
        self.listening: Counter[str] = Counter()
        """How many connections listen to each of the pages, by its session hash."""

    def may_join(self, request: Request) -> bool:
        """Whether there is a job left for that request. They are counted by address only where they become few."""
        free = self._queue.active_jobs.count(None) - len(self._queue)
        if free <= 0:
            return False
        if len(self._queue.active_jobs) - free < SHARE:
            return True
        address = client_address(request, self._behind_proxy)
        return sum(client_address(event.request, self._behind_proxy) == address for event in self._events()) < SHARE

    async def sweep(self) -> None:
        """End the jobs that nobody listens to, now and again."""
        while True:
            await asyncio.sleep(UNHEARD_SECONDS / 3)
            since = time.monotonic() - UNHEARD_SECONDS
            unheard = {event.session_hash for event in self._events() if self._is_unheard(event, since)}
            for session_hash in unheard:
                await self._queue.clean_events(session_hash=session_hash)

    def _events(self) -> Iterator[Event]:
        """Those that have a job, and those that are about to get one."""
        yield from (event for job in self._queue.active_jobs if job for event in job)
        yield from (event for waiting in self._queue.event_queue_per_concurrency_id.values() for event in waiting.queue)

    def _is_unheard(self, event: Event, since: float) -> bool:
        is_programs = event.session_hash == event._id  # which may fetch the result later, by the event's id
        return not is_programs and event.enqueue_time < since and not self.listening[event.session_hash]


class QueueLimitMiddleware:
    """Lets a page join the queue as long as there is a job for it, and knows which pages listen, as ASGI middleware."""

    def __init__(self, app: ASGIApp, jobs: QueueJobs) -> None:
        self._app = app
        self._jobs = jobs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead on, or say that all jobs are taken."""
        path = scope["path"].rstrip("/") if scope["type"] == "http" else ""
        if path == LISTEN:
            await self._listen(scope, receive, send)
        elif path == JOIN and not self._jobs.may_join(Request(scope)):
            full = JSONResponse(
                {"detail": "Too many pages are open. Close some, or try again in a moment."},
                HTTPStatus.SERVICE_UNAVAILABLE,
                {"Retry-After": str(WAIT_SECONDS)},
            )
            await full(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        session_hash = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        self._jobs.listening[session_hash] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._jobs.listening[session_hash] -= 1
            if not self._jobs.listening[session_hash]:
                del self._jobs.listening[session_hash]
