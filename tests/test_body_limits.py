"""Bodies that do not end, and many at once: what they may hold of the memory, and for how long."""

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from chatbot.web.middleware.body_limits import MAX_CONCURRENT_UPLOADS, MAX_IMPORT_BYTES, RETRY_SECONDS
from tests.api import Visitor, error_of, text_of
from tests.fake_upstream import FakeUpstream
from tests.running import ROOT, RunningApp, two_providers

MIB = 1024 * 1024
PIECE = bytes(MIB)
SMALL_LIMITS = ROOT / "tests" / "small_limits.py"

PATHS = ["/chat", "/session/import", "/attachments", "/gradio_api/queue/join", "/login"]


@pytest.fixture(scope="module")
def small_limits_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that waits two seconds for the next piece of a body, and four for all of it."""
    environment = two_providers(upstream_server) | {"PYTHONPATH": str(ROOT)}
    with RunningApp(tmp_path_factory.mktemp("app"), environment, script=SMALL_LIMITS) as running:
        yield running


@pytest.fixture
def somebody(small_limits_app: RunningApp, upstream: FakeUpstream) -> Iterator[Visitor]:
    with Visitor(small_limits_app.url) as visitor:
        visitor.token = visitor.call("POST", "/session").json()["token"]
        yield visitor


class Unfinished:
    """A request whose body has begun, in chunks, and does not end."""

    def __init__(self, visitor: Visitor, path: str, headers: Iterable[str] = ()) -> None:
        port = visitor.http.base_url.port
        assert port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Authorization: Bearer {visitor.token}",
            "Transfer-Encoding: chunked",
            *(headers or ["Content-Type: application/json"]),
        )
        self.socket.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())

    def send(self, piece: bytes) -> None:
        """The next piece of it."""
        self.socket.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def answer(self) -> tuple[int, bytes]:
        """The status and everything that comes until the connection is closed."""
        answer = b"".join(iter(lambda: self.socket.recv(65_536), b""))
        return int(answer.split()[1]), answer

    def close(self) -> None:
        """Leave."""
        self.socket.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_does_not_go_on_is_refused_and_the_connection_closed(path: str, somebody: Visitor) -> None:
    kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    began = time.monotonic()
    with closing(Unfinished(somebody, path, [f"Content-Type: {kind}"])) as request:
        request.send(b"{")
        status, answer = request.answer()
    assert status == 408
    assert b'"code":"upload_timeout"' in answer
    assert time.monotonic() - began > 1.9


def test_a_body_may_come_slowly_but_not_for_ever(somebody: Visitor) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for piece in (b'{"message": "Hello"}', *[b" "] * count):
            time.sleep(0.5)
            yield piece

    headers = {"Content-Type": "application/json"}
    assert somebody.call("POST", "/chat", content=chunks(4), headers=headers).status_code == 200
    began = time.monotonic()
    with closing(Unfinished(somebody, "/session/import")) as request:
        for _ in range(7):
            request.send(b" ")
            time.sleep(0.5)
        assert request.answer()[0] == 408
    assert time.monotonic() - began > 3.5


def test_an_answer_may_take_longer_than_a_body(somebody: Visitor) -> None:
    begun = {"message": "Count.", "model": "pace:5x25"}
    with somebody.watching("POST", "/chat/stream", json=begun) as answer:
        conversation = next(answer).data["conversation_id"]
        with somebody.watching("GET", f"/conversations/{conversation}/stream") as other:
            assert text_of(other).endswith(" word25")
        assert text_of(answer).endswith(" word25")


def test_only_so_many_uploads_are_read_at_once_and_a_place_is_given_back(
    somebody: Visitor, small_limits_app: RunningApp
) -> None:
    for _ in range(3):  # a place that was lost would be missing the next time
        with ExitStack() as leaving:
            for _ in range(MAX_CONCURRENT_UPLOADS):
                request = leaving.enter_context(closing(Unfinished(somebody, "/session/import")))
                request.send(PIECE)
            time.sleep(0.5)  # until all of it has come
            refused = somebody.call("POST", "/attachments", content=b"Hello")
            assert refused.status_code == 503
            assert error_of(refused)["code"] == "too_many_uploads"
            assert error_of(refused)["retry_after"] == RETRY_SECONDS
            assert refused.headers["retry-after"] == str(RETRY_SECONDS)
            assert somebody.chat("Hello")["response"] == "You said: Hello", "a message comes through"
        until = time.monotonic() + 10
        while somebody.call("POST", "/session/import", content=PIECE * 3).status_code != 422:
            assert time.monotonic() < until, "those who left hold no place"
    assert "Traceback" not in small_limits_app.log


def resident(process_id: int) -> int:
    """The bytes of memory that the process has."""
    status = Path(f"/proc/{process_id}/status").read_text("utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not say how much memory is held")
def test_ten_imports_that_do_not_end_do_not_hold_more_than_they_may(upstream: FakeUpstream, tmp_path: Path) -> None:
    with RunningApp(tmp_path, two_providers(upstream)) as app, Visitor(app.url) as visitor, ExitStack() as leaving:
        visitor.token = visitor.call("POST", "/session").json()["token"]
        before = resident(app.process_id)
        for _ in range(10):
            request = leaving.enter_context(closing(Unfinished(visitor, "/session/import")))
            with suppress(OSError):  # refused: the connection is closed
                for _ in range(140):
                    request.send(PIECE)
        assert resident(app.process_id) - before < (MAX_CONCURRENT_UPLOADS + 1) * MAX_IMPORT_BYTES
        assert visitor.chat("Hello")["response"] == "You said: Hello"
