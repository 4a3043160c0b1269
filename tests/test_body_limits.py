"""Bodies that do not end, and many at once: what they may hold of the memory, and for how long."""

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from chatbot.web.middleware.body_limits import CROWDED, MOST_HELD, RETRY_SECONDS, STALLED
from tests.api import Visitor, error_of, text_of
from tests.fake_upstream import FakeUpstream
from tests.running import ROOT, RunningApp, two_providers

MIB = 1024 * 1024
PIECE = bytes(MIB)
IMPATIENT = ROOT / "tests" / "small_limits.py"

DOORS = ["/chat", "/session/import", "/attachments", "/gradio_api/queue/join", "/login"]


@pytest.fixture(scope="module")
def impatient(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app in which all bodies together may hold 4 MiB, and which waits two seconds for the next piece of one."""
    environment = two_providers(upstream_server) | {"PYTHONPATH": str(ROOT)}
    with RunningApp(tmp_path_factory.mktemp("impatient"), environment, script=IMPATIENT) as running:
        yield running


@pytest.fixture
def somebody(impatient: RunningApp, upstream: FakeUpstream) -> Iterator[Visitor]:
    with Visitor(impatient.url) as visitor:
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


@pytest.mark.parametrize("path", DOORS)
def test_a_body_that_does_not_go_on_is_refused_and_the_connection_closed(path: str, somebody: Visitor) -> None:
    kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    began = time.monotonic()
    with closing(Unfinished(somebody, path, [f"Content-Type: {kind}"])) as request:
        request.send(b"{")
        status, answer = request.answer()
    assert status == 408
    assert STALLED.encode() in answer
    assert 1.9 < time.monotonic() - began < 3.9


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
    assert 3.5 < time.monotonic() - began < 6


def test_an_answer_may_take_longer_than_a_body(somebody: Visitor) -> None:
    begun = {"message": "Count.", "model": "pace:5x25"}
    with somebody.watching("POST", "/chat/stream", json=begun) as answer:
        conversation = next(answer).data["conversation_id"]
        with somebody.watching("GET", f"/conversations/{conversation}/stream") as other:
            assert text_of(other).endswith(" word25")
        assert text_of(answer).endswith(" word25")


def test_what_all_bodies_hold_together_is_limited_and_given_back(somebody: Visitor, impatient: RunningApp) -> None:
    for _ in range(3):  # whatever was held before would be missing the next time
        with ExitStack() as leaving:
            for _ in range(3):
                request = leaving.enter_context(closing(Unfinished(somebody, "/session/import")))
                request.send(PIECE + bytes(64 * 1024))
            time.sleep(0.5)  # until all of it has come
            refused = somebody.call("POST", "/session/import", content=PIECE * 2)
            assert refused.status_code == 503
            assert error_of(refused) == {
                "code": "too_many_uploads",
                "message": f"{CROWDED}.",
                "retry_after": RETRY_SECONDS,
            }
            assert refused.headers["retry-after"] == str(RETRY_SECONDS)
            chunks = somebody.call("POST", "/session/import", content=iter([PIECE, PIECE]))
            assert error_of(chunks)["code"] == "too_many_uploads", "nor one that does not tell its length"
            assert somebody.chat("Hello")["response"] == "You said: Hello", "a message comes through"
        until = time.monotonic() + 10
        while somebody.call("POST", "/session/import", content=PIECE * 3).status_code != 422:
            assert time.monotonic() < until, "those who left hold nothing"
    assert "Traceback" not in impatient.log


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
            for _ in range(140):
                request.send(PIECE)
        assert resident(app.process_id) - before < MOST_HELD + 150 * MIB
        assert visitor.chat("Hello")["response"] == "You said: Hello"
