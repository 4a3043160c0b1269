"""The HTTP API as a program uses it: real requests to a running app."""

import json
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

import httpx

from tests.fake_upstream import FakeUpstream, Received

Json = dict[str, Any]

NO_CONVERSATION = "0" * 32


class Event(NamedTuple):
    """One event of a stream. `raw` is its data as it came."""

    name: str
    data: Any
    id: str | None
    raw: str


class Visitor:
    """A session of the API's, from its first answer on; with `token`, one that somebody else began."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.token = token
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading certificates for nothing would take a while
        self.http = httpx.Client(base_url=url, timeout=20, verify=no_tls)

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One call with this session's token."""
        return self.http.request(method, path, **self._with_token(request))

    def get(self, path: str, **request: Any) -> Json:
        """What a GET that succeeds answers."""
        response = self.call("GET", path, **request)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def chat(self, message: str = "Hello", **fields: Any) -> Json:
        """The whole answer to a message."""
        response = self.call("POST", "/chat", json={"message": message, **fields})
        assert response.status_code == 200, response.text
        self.token = response.json()["session_token"]
        return dict(response.json())

    @contextmanager
    def watching(self, method: str, path: str, **request: Any) -> Iterator[Iterator[Event]]:
        """The events of a stream as they come; leaving drops the connection."""
        with self.http.stream(method, path, **self._with_token(request)) as response:
            assert response.status_code == 200, response.read()
            yield events(response.iter_raw())

    def stream(self, message: str = "Hello", **fields: Any) -> list[Event]:
        """All events of the answer to a message."""
        with self.watching("POST", "/chat/stream", json={"message": message, **fields}) as answer:
            return self._known(answer)

    def begin(self, message: str = "Hello", **fields: Any) -> str:
        """Begin an answer and leave at once; returns the conversation."""
        with self.watching("POST", "/chat/stream", json={"message": message, **fields}) as answer:
            start = next(answer).data
        self.token = start["session_token"]
        return str(start["conversation_id"])

    def follow(self, conversation_id: str, after: int | None = None) -> list[Event]:
        """The events of the answer there, from its start or after that many characters."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        with self.watching("GET", f"/conversations/{conversation_id}/stream", headers=headers) as answer:
            return list(answer)

    def first_bytes(self, path: str, size: int, headers: dict[str, str]) -> list[Event]:
        """The events that are whole in the first bytes of a stream; with the last of them the connection breaks."""
        with self.http.stream("GET", path, **self._with_token({"headers": headers})) as response:
            assert response.status_code == 200, response.read()
            return list(events(_first(response.iter_raw(), size)))

    def messages(self, conversation_id: str) -> list[Json]:
        """The conversation's messages."""
        return list(self.get(f"/conversations/{conversation_id}")["messages"])

    def stop(self, conversation_id: str) -> str:
        """Stop the answer there; returns what the API says to it."""
        return str(self.call("POST", f"/conversations/{conversation_id}/stop").json()["status"])

    def close(self) -> None:
        """End what runs, and leave."""
        if self.token:
            self.call("DELETE", "/session")
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _known(self, answer: Iterator[Event]) -> list[Event]:
        seen = list(answer)
        self.token = seen[0].data["session_token"]
        return seen

    def _with_token(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self.token:
            return request
        return request | {"headers": {"Authorization": f"Bearer {self.token}"} | request.get("headers", {})}


def asked(upstream: FakeUpstream) -> list[Received]:
    """What models were asked; the lists of models, which the app fetches when it likes, do not count."""
    return [request for request in upstream.requests if request.body]


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events in a stream's bytes, each checked to be what the contract promises; comments are passed over."""
    for block in blocks(chunks):
        lines = block.split("\n")
        if all(line.startswith(":") for line in lines):
            continue
        fields = dict(line.split(": ", 1) for line in lines)
        assert len(fields) == len(lines), f"a field comes twice: {lines}"
        assert fields.keys() <= {"event", "data", "id"}, lines
        yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"), fields["data"])


def blocks(chunks: Iterable[bytes]) -> Iterator[str]:
    """What stands between the blank lines of a stream. Half a block at its end is not given out."""
    waiting = b""
    for chunk in chunks:
        *whole, waiting = (waiting + chunk).split(b"\n\n")
        for block in whole:
            yield block.decode()


def _first(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def text_of(answer: Iterable[Event]) -> str:
    """The text that the events bring."""
    return "".join(event.data for event in answer if event.name == "token")


def error_of(response: httpx.Response) -> Json:
    """The error in an answer, checked to be in the envelope and to have nothing in it that is not ours to show."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body.keys() == {"error"}
    error = body["error"]
    assert {"code", "message"} <= error.keys() <= {"code", "message", "retry_after"}
    assert error["code"]
    assert error["message"]
    for secret in ("Traceback", 'File "', "sk-", "operator", "invalid x-api-key", "platform.openai.com", "org-test"):
        assert secret not in response.text
    return dict(error)
