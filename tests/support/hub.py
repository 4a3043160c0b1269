"""A stand-in for Hugging Face on loopback: files by address, with the faults that a download has to survive."""

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIECE = 64 * 1024


@dataclass
class HubState:
    """What the hub has and does. `files` are contents by address, such as us/tiny/resolve/main/Tiny.gguf.

    `statuses` answer an address with a status and X-Error-Code. `drop_at`: each connection ends at that share of the
    file. `is_wrong`: one byte of each answer is another. `hold_at`: it waits there until `go_on` is set.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    drop_at: list[float] = field(default_factory=list)
    is_wrong: bool = False
    hold_at: float | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    sent: int = 0


class FakeHub:
    """The running stand-in; `url` is its address and `state` what it does."""

    def __init__(self, **state: object) -> None:
        self.state = HubState(**state)  # type: ignore[arg-type]
        handler = type("OneHub", (_Handler,), {"state": self.state})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.state.go_on.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: HubState
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(is_head=True)

    def do_GET(self) -> None:
        self._answer(is_head=False)

    def _answer(self, *, is_head: bool) -> None:
        path, state = self.path.removeprefix("/"), self.state
        state.requests.append((self.command, self.path, self.headers["Authorization"]))
        status, code = state.statuses.get(path, (0, ""))
        content = state.files.get(path)
        if status or content is None:
            headers = {"X-Repo-Commit": COMMIT, "Content-Length": "0"}
            if error := code if status else "RepoNotFound":
                headers["X-Error-Code"] = error
            headers |= {"Retry-After": "120"} if status == 429 else {}
            self._head(status or 404, headers)
        elif is_head:
            headers = {"X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Linked-Size": str(len(content))}
            self._head(200, headers | {"X-Repo-Commit": COMMIT, "Content-Length": str(len(content)), "ETag": '"other"'})
        else:
            self._send(content)

    def _send(self, content: bytes) -> None:
        state, asked = self.state, self.headers.get("Range", "bytes=0-")
        state.ranges.append(asked)
        start, size = int(asked.removeprefix("bytes=").rstrip("-")), len(content)
        headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}", "Content-Length": str(size - start)}
        self._head(206, headers)
        end = int(size * state.drop_at.pop(0)) if state.drop_at else size
        body = content[:-1] + bytes([content[-1] ^ 1]) if state.is_wrong else content
        for place in range(start, end, PIECE):
            if state.hold_at is not None and place >= size * state.hold_at:
                state.go_on.wait(60)
            piece = body[place : min(end, place + PIECE)]
            try:
                self.wfile.write(piece)
            except OSError:  # the other side has gone
                self.close_connection = True
                return
            state.sent += len(piece)
        self.close_connection = self.close_connection or end < size

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
