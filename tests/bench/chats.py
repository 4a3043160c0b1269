"""Chat clients without a browser: of the page's event and of APIs."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from itertools import cycle
from typing import Any, Protocol, Self
from uuid import uuid4

import httpx

from tests.bench.wire import END, events

QUESTION = "Tell me about the tides, and why there are two of them a day."
TIME = "2026-01-01T00:00:00.000+00:00"

Json = dict[str, Any]


class Chat(Protocol):
    """A client with one conversation."""

    async def begin(self, http: httpx.AsyncClient, messages: int) -> Self:
        """Opens a conversation with that many messages."""
        ...

    async def ask(self) -> list[float]:
        """Sends a question; returns the seconds until each part of the answer and, last, until its end."""
        ...

    async def leave(self) -> None:
        """Closes open connections."""
        ...


class ApiChat:
    """A client of this app's /chat/stream."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._headers: dict[str, str] = {}
        self._conversation: str | None = None

    async def begin(self, http: httpx.AsyncClient, messages: int) -> Self:
        self._headers, self._conversation = await _session(http, self._url, messages)
        return self

    async def ask(self) -> list[float]:
        body = {"message": QUESTION, "conversation_id": self._conversation}
        return await _timed(events(f"{self._url}/chat/stream", body, self._headers), b"event: token", b"event: done")

    async def leave(self) -> None: ...


class SpreadChat(ApiChat):
    """A client of several processes behind HAProxy, which keeps each on one of them in turn: all come from one
    address."""

    _places = cycle(("one", "two", "three"))

    async def begin(self, http: httpx.AsyncClient, messages: int) -> Self:
        await super().begin(http, messages)
        self._headers["Cookie"] = f"CHATBOT={next(self._places)}"
        return self


class TutorialChat:
    """A client of the tutorial's /chat/stream; it sends the whole conversation each time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._messages: list[Json] = []

    async def begin(self, http: httpx.AsyncClient, messages: int) -> Self:
        self._messages = [{"role": each["role"], "content": each["content"]} for each in _make_messages(messages)]
        return self

    async def ask(self) -> list[float]:
        body = {"messages": [*self._messages, {"role": "user", "content": QUESTION}]}
        return await _timed(events(f"{self._url}/chat/stream", body), b"data:", END)

    async def leave(self) -> None: ...


class GradioSession:
    """An open page of a Gradio server: its values and its one event stream."""

    def __init__(self, http: httpx.AsyncClient, url: str, config: Json) -> None:
        self._http = http
        self._url = f"{url}/gradio_api"
        self._config = config
        self._hash = uuid4().hex[:11]
        self.values: dict[int, Any] = {each["id"]: each["props"].get("value") for each in config["components"]}

    def event(self, trigger: str) -> Json:
        """Returns the event with that trigger."""
        found = [each for each in self._config["dependencies"] if trigger in [name for _, name in each["targets"]]]
        return next((each for each in found if each["backend_fn"]), found[0])

    def after(self, event: Json) -> Json:
        """Returns the event that runs after `event`."""
        return next(each for each in self._config["dependencies"] if each["trigger_after"] == event["id"])

    async def run(self, event: Json) -> list[Any]:
        """Runs an event without the queue; returns its outputs."""
        answer = await self._http.post(f"{self._url}/run/predict", json=self._body(event))
        return list(answer.raise_for_status().json()["data"])

    async def queue(self, event: Json, event_data: Json | None = None) -> str:
        """Queues an event; returns its id."""
        body = self._body(event) | {"event_data": event_data}
        answer = await self._http.post(f"{self._url}/queue/join", json=body)
        return str(answer.raise_for_status().json()["event_id"])

    def listen(self) -> AsyncGenerator[bytes]:
        """Yields the lines of the page's event stream."""
        return events(f"{self._url}/queue/data?session_hash={self._hash}")

    def _body(self, event: Json) -> Json:
        data = [self.values[component] for component in event["inputs"]]
        return {"data": data, "fn_index": event["id"], "session_hash": self._hash, "trigger_id": None}


class PageChat:
    """A client of this app's page. The sidebar's event keeps the event stream open between answers."""

    def __init__(self, url: str, config: Json) -> None:
        self._url = url
        self._config = config
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()

    async def begin(self, http: httpx.AsyncClient, messages: int) -> Self:
        self._page = page = GradioSession(http, self._url, self._config)
        headers, conversation = await _session(http, self._url, messages)
        watch = page.event("watch")
        (token,) = watch["inputs"]
        page.values[token] = headers["Authorization"].removeprefix("Bearer ")
        self._question: Json = {"view": 1, "conversation_id": conversation, "text": QUESTION, "files": []}
        await page.queue(watch)
        self._listening = asyncio.create_task(self._listen())
        return self

    async def ask(self) -> list[float]:
        started = time.perf_counter()
        event = (await self._page.queue(self._page.event("send"), self._question)).encode()
        return await _timed(self._lines_of(event), b'"process_generating"', b'"process_completed"', started)

    async def leave(self) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        async with aclosing(self._page.listen()) as lines:
            async for line in lines:
                self._lines.put_nowait(line)

    async def _lines_of(self, event: bytes) -> AsyncGenerator[bytes]:
        while True:
            if event in (line := await self._lines.get()):
                yield line


class ChatInterfaceChat:
    """A client of the bare ChatInterface. Taking the text, showing it and answering are one round trip each."""

    def __init__(self, url: str, config: Json) -> None:
        self._url = url
        self._config = config

    async def begin(self, http: httpx.AsyncClient, messages: int) -> Self:
        self._page = page = GradioSession(http, self._url, self._config)
        self._taken = page.event("submit")
        self._shown = page.after(self._taken)
        self._answered = page.after(self._shown)
        stored = page.after(self._answered)
        (self._box,), (self._chat,) = self._taken["inputs"], stored["inputs"]
        content = [[{"type": "text", "text": each["content"]}] for each in _make_messages(messages)]
        history = [{"role": "user" if at % 2 == 0 else "assistant", "content": c} for at, c in enumerate(content)]
        page.values |= {self._box: QUESTION, self._chat: history}
        await page.run(stored)
        return self

    async def ask(self) -> list[float]:
        started = time.perf_counter()
        await self._page.run(self._taken)
        await self._page.run(self._shown)
        await self._page.queue(self._answered)
        return await _timed(self._page.listen(), b'"process_generating"', b'"process_completed"', started)

    async def leave(self) -> None: ...


async def chat_factory(http: httpx.AsyncClient, url: str, kind: Any) -> Callable[[], Chat]:
    """Returns a function that creates chats of that kind with the server at `url`."""
    if kind in (PageChat, ChatInterfaceChat):
        config = await get_config(http, url)
        return lambda: kind(url, config)
    return lambda: kind(url)


async def get_config(http: httpx.AsyncClient, url: str) -> Json:
    """Returns the page's configuration from a Gradio server."""
    return dict((await http.get(f"{url}/config")).raise_for_status().json())


async def _timed(lines: AsyncGenerator[bytes], grown: bytes, ended: bytes, started: float | None = None) -> list[float]:
    """Returns the seconds until each line with `grown` in it and, last, the line with `ended` in it, or `END`."""
    started = started or time.perf_counter()
    times = []
    async with aclosing(lines):
        async for line in lines:
            is_end = line == END if ended == END else ended in line
            if grown in line or is_end:
                times.append(time.perf_counter() - started)
            if is_end:
                assert b'"success":false' not in line, line
                return times
    raise AssertionError(f"the stream ended after {len(times)} events")


async def _session(http: httpx.AsyncClient, url: str, messages: int) -> tuple[dict[str, str], str | None]:
    """Creates a session with a conversation of that length; returns its header and the conversation's id."""
    token = (await http.post(f"{url}/session")).raise_for_status().json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    if not messages:
        return headers, None
    file = {"format": "chatbot-conversation", "version": 1, "title": "Tides", "created_at": TIME, "updated_at": TIME}
    body = file | {"messages": _make_messages(messages)}
    answer = await http.post(f"{url}/conversations/import", json=body, headers=headers)
    return headers, str(answer.raise_for_status().json()["conversation_id"])


def _make_messages(messages: int) -> list[Mapping[str, Any]]:
    """Returns so many messages of some sixty words, in the format of exported conversations."""
    roles = ("user", "assistant")
    message = {
        "message_id": "",
        "content": "the tide comes in and goes out " * 9,
        "status": "complete",
        "created_at": TIME,
    }
    return [message | {"role": roles[at % 2]} for at in range(messages)]
