"""Whether the time or the bytes of a 404 reveal that the conversation belongs to another session.

One session requests, over one connection, conversations of another session and ones that never existed. Each id is used
once per operation; the two kinds alternate, and each is first equally often. Compare the ratio of their medians to the
ratio of two halves of one kind: the difference of the latter from 1 is noise.
"""

import argparse
import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from socket import create_connection, socket
from statistics import median
from typing import Any, NamedTuple
from uuid import uuid4

from tests.bench.figures import Samples, load, table
from tests.support.api_client import Visitor
from tests.support.running import RunningApp

PAIRS = 300

OPERATIONS = (
    ("GET", "", None),
    ("GET", "/stream", None),
    ("POST", "/stop", None),
    ("GET", "/export", None),
    ("PATCH", "", {"title": "Mine now"}),
    ("DELETE", "", None),
)

Body = Mapping[str, str] | None


class Responses(NamedTuple):
    """Seconds of each response to one operation by kind of id, and the distinct responses without their date."""

    others: Samples
    unknown: Samples
    answers: frozenset[bytes]


def main() -> None:
    """Measures and prints a line for each operation."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.not_found", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"per operation, {PAIRS} by default")
    options = parser.parse_args()
    before = load()
    rows = [_row(name, each) for name, each in measure(options.pairs).items()]
    print(f"Medians of {options.pairs} 404s each; {before}\n")
    head = ("", "another's", "unknown", "ratio", "another's halves", "unknown halves", "another's slower", "bytes")
    print(table(head, rows))


def measure(pairs: int) -> dict[str, Responses]:
    """Returns the responses and times of each operation for a session that has a conversation."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = stack.enter_context(RunningApp(data, {"LOCAL_MODEL": "off"}))
        owner, client = (stack.enter_context(_create_session(app)) for _ in range(2))
        others = [_create_conversation(owner) for _ in range(pairs)]
        unknown = [uuid4().hex for _ in range(pairs)]
        _create_conversation(client)
        connection = stack.enter_context(create_connection(("127.0.0.1", app.port)))
        return {
            f"{method} …{path}": _compare(connection, client.token, others, unknown, method, path, body)
            for method, path, body in OPERATIONS
        }


def _create_session(app: RunningApp) -> Visitor:
    visitor = Visitor(app.url)
    visitor.token = visitor.call("POST", "/session").json()["token"]
    return visitor


def _create_conversation(visitor: Visitor) -> str:
    """Creates an empty conversation in that session; returns its id."""
    now = "2026-01-01T00:00:00.000+00:00"
    file: dict[str, Any] = {"format": "chatbot-conversation", "version": 1, "title": "Mine", "messages": []}
    answer = visitor.call("POST", "/conversations/import", json=file | {"created_at": now, "updated_at": now})
    return str(answer.raise_for_status().json()["conversation_id"])


def _compare(
    connection: socket, token: str, others: Sequence[str], unknown: Sequence[str], method: str, path: str, body: Body
) -> Responses:
    times: tuple[list[float], list[float]] = [], []
    answers = set()
    for number, pair in enumerate(zip(others, unknown, strict=True)):
        for kind in (0, 1) if number % 2 else (1, 0):
            request = _request(method, f"/conversations/{pair[kind]}{path}", token, body)
            started = time.perf_counter()
            connection.sendall(request)
            answer = _read_response(connection)
            times[kind].append(time.perf_counter() - started)
            answers.add(re.sub(rb"(?im)^date: [^\r]*\r\n", b"", answer))
    return Responses(*times, frozenset(answers))


def _request(method: str, path: str, token: str, body: Body) -> bytes:
    content = json.dumps(body) if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()


def _read_response(connection: socket) -> bytes:
    """Returns the bytes of one response."""
    answer = b""
    for chunk in _chunks(connection):
        answer += chunk
        head, end, content = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: (\d+)", head)
        if end and length and len(content) >= int(length[1]):
            break
    assert b" 404 " in answer[:20], answer
    return answer


def _chunks(connection: socket) -> Iterator[bytes]:
    while chunk := connection.recv(65536):
        yield chunk


def _row(name: str, responses: Responses) -> tuple[str, ...]:
    slower = sum(first > second for first, second in zip(responses.others, responses.unknown, strict=True))
    return (
        name,
        f"{median(responses.others) * 1000:.3f} ms",
        f"{median(responses.unknown) * 1000:.3f} ms",
        f"{median(responses.others) / median(responses.unknown):.3f}",
        f"{_noise(responses.others):.3f}",
        f"{_noise(responses.unknown):.3f}",
        f"{slower} of {len(responses.others)}",
        "equal" if len(responses.answers) == 1 else "DIFFERENT",
    )


def _noise(samples: Samples) -> float:
    return median(samples[::2]) / median(samples[1::2])


if __name__ == "__main__":
    main()
