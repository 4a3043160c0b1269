"""Unfinished bodies, and many at once: how much memory they may hold, and for how long."""

import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest

from chatbot.web.middleware.body_limits import MAX_CONCURRENT_UPLOADS, MAX_IMPORT_BYTES, RETRY_SECONDS
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, error_of, text_of
from tests.support.running import ROOT, RunningApp, two_providers

pytestmark = pytest.mark.tier2

MIB = 1024 * 1024
CHUNK = bytes(MIB)
SMALL_LIMITS = ROOT / "tests" / "support" / "small_limits.py"

EXPECT = ["Content-Type: application/json", "Expect: 100-continue"]
PATHS = ["/chat", "/session/import", "/attachments", "/gradio_api/queue/join", "/login"]


@pytest.fixture(scope="module")
def small_limits_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that waits two seconds for the next chunk of a body, and four for all of it."""
    environment = two_providers(upstream_server) | {"PYTHONPATH": str(ROOT)}
    with RunningApp(tmp_path_factory.mktemp("app"), environment, script=SMALL_LIMITS) as running:
        yield running


@pytest.fixture
def client(small_limits_app: RunningApp, upstream: FakeUpstream) -> Iterator[Visitor]:
    with Visitor(small_limits_app.url) as visitor:
        visitor.token = visitor.call("POST", "/session").json()["token"]
        yield visitor


class Unfinished:
    """A request whose chunked body has started and does not end."""

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

    def send(self, chunk: bytes) -> None:
        """Sends the next chunk of the body."""
        self.socket.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")

    def begin(self, chunk: bytes) -> None:
        """Sends the first chunk once the server reads the body, which it says if it is asked with EXPECT."""
        assert b"100 Continue" in self.socket.recv(65_536)
        self.send(chunk)

    def answer(self) -> tuple[int, bytes]:
        """Returns the status and everything that comes until the connection is closed."""
        answer = b"".join(iter(lambda: self.socket.recv(65_536), b""))
        return int(answer.split()[1]), answer

    def close(self) -> None:
        self.socket.close()


@pytest.mark.first_case
@pytest.mark.parametrize("path", PATHS)
def test_a_stalled_body_is_refused_and_the_connection_closed(path: str, client: Visitor) -> None:
    kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    started = time.monotonic()
    with closing(Unfinished(client, path, [f"Content-Type: {kind}"])) as request:
        request.send(b"{")
        status, answer = request.answer()
    assert status == 408
    assert b'"code":"upload_timeout"' in answer
    assert time.monotonic() - started > 1.9


@pytest.mark.tier2
def test_a_body_may_be_slow_but_not_endless(client: Visitor) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for chunk in (b'{"message": "Hello"}', *[b" "] * count):
            time.sleep(0.5)
            yield chunk

    headers = {"Content-Type": "application/json"}
    assert client.call("POST", "/chat", content=chunks(4), headers=headers).status_code == 200
    started = time.monotonic()
    with closing(Unfinished(client, "/session/import")) as request:
        for _ in range(7):
            request.send(b" ")
            time.sleep(0.5)
        assert request.answer()[0] == 408
    assert time.monotonic() - started > 3.5


@pytest.mark.tier2
def test_an_answer_may_take_longer_than_a_body_may(client: Visitor) -> None:
    body = {"message": "Count.", "model": "pace:5x25"}
    with client.watching("POST", "/chat/stream", json=body) as answer:
        conversation = next(answer).data["conversation_id"]
        with client.watching("GET", f"/conversations/{conversation}/stream") as other:
            assert text_of(other).endswith(" word25")
        assert text_of(answer).endswith(" word25")


def test_concurrent_uploads_are_limited_and_slots_are_released(client: Visitor, small_limits_app: RunningApp) -> None:
    for _ in range(3):  # a slot that was not released would be missing the next time
        with ExitStack() as leaving:
            for _ in range(MAX_CONCURRENT_UPLOADS):
                request = leaving.enter_context(closing(Unfinished(client, "/session/import", EXPECT)))
                request.begin(CHUNK)
            refused = client.call("POST", "/attachments", content=b"Hello")
            assert refused.status_code == 503
            assert error_of(refused)["code"] == "too_many_uploads"
            assert error_of(refused)["retry_after"] == RETRY_SECONDS
            assert refused.headers["retry-after"] == str(RETRY_SECONDS)
            assert client.chat("Hello")["response"] == "You said: Hello", "a message is still accepted"
        ask_until(422, lambda: client.call("POST", "/session/import", content=CHUNK * 3))  # closed ones hold no slot
    assert "Traceback" not in small_limits_app.log


def ask_until(status: int, ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Asks until the answer has this status."""
    deadline = time.monotonic() + 60
    while (answer := ask()).status_code != status:
        assert time.monotonic() < deadline, answer.text
    return answer


def resident_bytes(process_id: int) -> int:
    """Returns the process's resident memory in bytes."""
    status = Path(f"/proc/{process_id}/status").read_text("utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024


@pytest.mark.tier2
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not report memory use")
def test_ten_unfinished_imports_stay_within_the_memory_limit(upstream: FakeUpstream, tmp_path: Path) -> None:
    with RunningApp(tmp_path, two_providers(upstream)) as app, Visitor(app.url) as visitor, ExitStack() as leaving:
        visitor.token = visitor.call("POST", "/session").json()["token"]
        before = resident_bytes(app.process_id)
        for _ in range(10):
            request = leaving.enter_context(closing(Unfinished(visitor, "/session/import")))
            with suppress(OSError):  # refused: the connection is closed
                for _ in range(140):
                    request.send(CHUNK)
        assert resident_bytes(app.process_id) - before < (MAX_CONCURRENT_UPLOADS + 1) * MAX_IMPORT_BYTES
        assert visitor.chat("Hello")["response"] == "You said: Hello"
