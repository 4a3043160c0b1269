"""A visitor of several processes: talks through the proxy while processes end, and notes what was acknowledged."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import httpx

from tests.support.api_client import Json, Visitor, events

MODEL = "pace:12x40"
"""40 words, twelve a second."""
WORDS = [f"{' ' if number > 1 else ''}word{number}" for number in range(1, 41)]
ANSWER = "".join(WORDS)
BUSY = 409
WAIT_SECONDS = 60
"""How long everything may take to be well again after a kill."""
PAUSE_SECONDS = 14.0
"""Longer than a process may be silent."""
SERVERS = ("one", "two", "three")
"""The processes as the proxy's cookie names them."""


class Pause(NamedTuple):
    """The process at `url` was paused for PAUSE_SECONDS."""

    started: float
    url: str

    def overlaps(self, since: float, until: float) -> bool:
        """Whether the process stood still at any time between these two."""
        return since < self.started + PAUSE_SECONDS and self.started < until


class Talker:
    """One session, which reaches the processes through the proxy, and at their `urls` to stop answers.

    What a process sends after one of the `pauses`, without a lease, is not stored. `faults` are what must not be;
    `short` is by how many seconds each cut off answer was stored short of what was seen of it; `stops` is how long each
    Stop took, unless the process that was asked or the answer's own was paused; `continued` counts the answers that
    went on.
    """

    def __init__(self, proxy: str, urls: list[str], pauses: list[Pause], number: int, seed: int) -> None:
        self._api = Visitor(proxy)
        self._api.http.timeout = httpx.Timeout(30)
        server = SERVERS[number % 3]  # all come from one address
        self._api.http.cookies.set("CHATBOT", server, domain="127.0.0.1")  # which the proxy may replace
        self._urls = urls
        self._dice = Random(f"{seed} {number}")  # noqa: S311 - reproducible
        self._number, self._count = number, itertools.count()
        self._api.token = self._until_answered("POST", "/session")["token"]
        self._asked: dict[str, list[str]] = {}
        """The acknowledged questions of each conversation."""
        self._perhaps: set[str] = set()
        """Questions of which nothing was heard: they may be stored, once."""
        self.faults: list[str] = []
        self._pauses = pauses
        self.short: list[float] = []
        self.stops: list[float] = []
        self.continued = 0

    @property
    def acknowledged(self) -> int:
        """How many questions were acknowledged."""
        return sum(map(len, self._asked.values()))

    def step(self) -> None:
        """Asks one question, and sees its answer to the end."""
        text = f"s{self._number}q{next(self._count)}."
        known = [*self._asked]
        conversation_id = self._dice.choice(known) if len(known) > 2 or (known and self._dice.random() < 0.7) else ""
        body = {"message": text, "model": MODEL} | ({"conversation_id": conversation_id} if conversation_id else {})
        if (seen := self._watch("/chat/stream", body, text)) is None:
            return
        conversation_id, arrivals, is_whole = seen
        if not is_whole:
            self._check_cut_off(conversation_id, arrivals)
            if self._dice.random() < 0.5:
                self.continued += 1
                self._watch(f"/conversations/{conversation_id}/continue", {"stream": True, "model": MODEL}, "")
                self._ended(conversation_id)

    def check(self) -> None:
        """Compares what is stored with what was acknowledged."""
        stored: list[str] = []
        listed = self._until_answered("GET", "/conversations")["conversations"]
        for conversation in listed:
            messages = self._ended(conversation["conversation_id"])
            questions = [each["content"] for each in messages if each["role"] == "user"]
            stored += questions
            expected = self._asked.get(conversation["conversation_id"], [])
            if [each for each in questions if each not in self._perhaps] != expected:
                self.faults.append(f"lost or mixed: {questions} instead of {expected}")
            for each in messages:
                if each["role"] == "assistant" and not ANSWER.startswith(each["content"]):
                    self.faults.append(f"no answer: {each['content'][:200]}")
        if len(stored) != len({*stored}):
            self.faults.append(f"doubled: {stored}")
        if any(not each.startswith(f"s{self._number}q") for each in stored):
            self.faults.append(f"mixed: {stored}")
        if missing := {text for each in self._asked.values() for text in each} - {*stored}:
            self.faults.append(f"lost: {missing}")

    def _watch(self, path: str, body: Json, text: str) -> tuple[str, list[tuple[float, int]], bool] | None:
        """Reads a stream; returns its conversation, when how many characters had come, and whether it ended by itself.
        None if nothing was heard of it, or it was refused. Stops one in five in the middle."""
        conversation_id, arrivals, is_whole, length = "", [(time.monotonic(), 0)], False, 0
        stop_at = self._dice.randrange(1, 30) if self._dice.random() < 0.2 else 0
        stopped_at, asked = 0.0, ""
        try:
            with self._api.http.stream("POST", path, **self._api._with_token({"json": body})) as response:
                if response.status_code != 200:
                    if text and response.status_code != BUSY:  # its process may have been killed after it was stored
                        self._perhaps.add(text)
                    return None
                for event in events(response.iter_raw()):
                    if event.name == "start":
                        conversation_id = event.data["conversation_id"]
                        if text:
                            self._asked.setdefault(conversation_id, []).append(text)
                    elif event.name == "token":
                        length += len(event.data)
                        arrivals.append((time.monotonic(), length))
                        if stop_at and len(arrivals) == stop_at:
                            stopped_at, asked = time.monotonic(), self._dice.choice(self._urls)
                            threading.Thread(target=self._stop, args=(asked, conversation_id)).start()
                    elif event.name == "error":  # its process was paused, and then told what came meanwhile
                        return None
                    elif event.name == "done":
                        is_whole = event.data["finish_reason"] in ("stop", "stopped")
                        if stopped_at and event.data["finish_reason"] == "stopped":
                            self._note_stop(stopped_at, asked)
        except httpx.HTTPError:
            if text and not conversation_id:
                self._perhaps.add(text)
        return (conversation_id, arrivals, is_whole) if conversation_id else None

    def _stop(self, url: str, conversation_id: str) -> None:
        """Asks the process at `url` to stop the answer."""
        with suppress(httpx.HTTPError):  # it was just killed
            httpx.post(f"{url}/conversations/{conversation_id}/stop", **self._api._with_token({}), timeout=30)

    def _note_stop(self, since: float, asked: str) -> None:
        own = self._urls[SERVERS.index(self._api.http.cookies["CHATBOT"])]
        now = time.monotonic()
        if not any(each.url in (asked, own) and each.overlaps(since, now) for each in self._pauses):
            self.stops.append(now - since)

    def _check_cut_off(self, conversation_id: str, arrivals: list[tuple[float, int]]) -> None:
        answer = self._ended(conversation_id)[-1]
        length = len(answer["content"])
        unstored = [when for when, end in arrivals if end > length]
        if not any(arrivals[0][0] < each.started < arrivals[-1][0] for each in self._pauses):
            self.short.append(arrivals[-1][0] - unstored[0] if unstored else 0.0)

    def _ended(self, conversation_id: str) -> list[Json]:
        """The conversation's messages as soon as nothing runs."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            messages: list[Json] = self._until_answered("GET", f"/conversations/{conversation_id}")["messages"]
            if not messages or messages[-1]["status"] != "running":
                return messages
            assert time.monotonic() < deadline, f"{conversation_id} still runs"
            time.sleep(0.5)

    def _until_answered(self, method: str, path: str, **request: Any) -> Json:
        """Repeats a request until a process answers it."""
        last: list[str] = []
        for wait in _waits():
            try:
                response = self._api.call(method, path, **request)
                if response.is_success:
                    return dict(response.json())
                last.append(f"{response.status_code} {response.text[:100]}")
            except httpx.HTTPError as error:
                last.append(repr(error))
            time.sleep(wait)
        raise AssertionError(f"{method} {path} is not answered: {last[-3:]}")


def _waits() -> Iterator[float]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        yield 0.3
