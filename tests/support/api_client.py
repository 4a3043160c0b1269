"""A client of the HTTP API: sends real requests to a running app."""

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
    """One event of a stream. `raw` is its data before parsing."""

    name: str
    data: Any
    id: str | None
    raw: str


class Visitor:
    """One API session: that of `token`, or a new one that starts with the first answer."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.token = token
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading certificates is slow, and none are needed
        self.http = httpx.Client(base_url=url, timeout=20, verify=no_tls)

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sends a request with this session's token."""
        return self.http.request(method, path, **self._with_token(request))

    def get(self, path: str, **request: Any) -> Json:
        """Returns the JSON of a GET that has to succeed."""
        response = self.call("GET", path, **request)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def chat(self, message: str = "Hello", **fields: Any) -> Json:
        """Sends a message and returns the complete answer."""
        response = self.call("POST", "/chat", json={"message": message, **fields})
        assert response.status_code == 200, response.text
        self.token = response.json()["session_token"]
        return dict(response.json())

    @contextmanager
    def watching(self, method: str, path: str, **request: Any) -> Iterator[Iterator[Event]]:
        """Yields the events of a stream as they come; disconnects at the end of the block."""
        with self.http.stream(method, path, **self._with_token(request)) as response:
            assert response.status_code == 200, response.read()
            yield events(response.iter_raw())

    def stream(self, message: str = "Hello", **fields: Any) -> list[Event]:
        """Sends a message and returns all events of its answer."""
        with self.watching("POST", "/chat/stream", json={"message": message, **fields}) as answer:
            return self._collect(answer)

    def begin(self, message: str = "Hello", **fields: Any) -> str:
        """Starts an answer and disconnects at once; returns the conversation's id."""
        with self.watching("POST", "/chat/stream", json={"message": message, **fields}) as answer:
            start = next(answer).data
        self.token = start["session_token"]
        return str(start["conversation_id"])

    def follow(self, conversation_id: str, after: int | None = None) -> list[Event]:
        """Returns the events of the conversation's answer, from its start or after so many characters."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        with self.watching("GET", f"/conversations/{conversation_id}/stream", headers=headers) as answer:
            return list(answer)

    def first_bytes(self, path: str, size: int, headers: dict[str, str]) -> list[Event]:
        """Returns the events that are complete in the first `size` bytes of a stream, then disconnects."""
        with self.http.stream("GET", path, **self._with_token({"headers": headers})) as response:
            assert response.status_code == 200, response.read()
            return list(events(_first_bytes(response.iter_raw(), size)))

    def messages(self, conversation_id: str) -> list[Json]:
        return list(self.get(f"/conversations/{conversation_id}")["messages"])

    def stop(self, conversation_id: str) -> str:
        """Stops the conversation's answer; returns the status that the API reports."""
        return str(self.call("POST", f"/conversations/{conversation_id}/stop").json()["status"])

    def close(self) -> None:
        """Deletes the session, which ends its answers, and closes the connection."""
        if self.token:
            self.call("DELETE", "/session")
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _collect(self, answer: Iterator[Event]) -> list[Event]:
        seen = list(answer)
        self.token = seen[0].data["session_token"]
        return seen

    def _with_token(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self.token:
            return request
        return request | {"headers": {"Authorization": f"Bearer {self.token}"} | request.get("headers", {})}


def asked(upstream: FakeUpstream) -> list[Received]:
    """Returns the requests for answers. Requests for lists of models are left out: the app sends them at any time."""
    return [request for request in upstream.requests if request.body]


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Parses a stream's events and checks their fields; skips comments."""
    for block in blocks(chunks):
        lines = block.split("\n")
        if all(line.startswith(":") for line in lines):
            continue
        fields = dict(line.split(": ", 1) for line in lines)
        assert len(fields) == len(lines), f"a field comes twice: {lines}"
        assert fields.keys() <= {"event", "data", "id"}, lines
        yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"), fields["data"])


def blocks(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yields the blocks between a stream's blank lines; drops an incomplete one at its end."""
    incomplete = b""
    for chunk in chunks:
        *complete, incomplete = (incomplete + chunk).split(b"\n\n")
        for block in complete:
            yield block.decode()


def _first_bytes(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def text_of(answer: Iterable[Event]) -> str:
    """Joins the text of the token events."""
    return "".join(event.data for event in answer if event.name == "token")


def error_of(response: httpx.Response) -> Json:
    """Returns the error of a response; checks that it is in the envelope and holds no secret."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body.keys() == {"error"}
    error = body["error"]
    assert {"code", "message"} <= error.keys() <= {"code", "message", "retry_after"}
    assert error["code"]
    assert error["message"]
    for secret in ("Traceback", 'File "', "sk-", "-operator", "invalid x-api-key", "platform.openai.com", "org-test"):
        assert secret not in response.text
    return dict(error)
