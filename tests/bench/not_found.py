"""Whether a 404 tells by its time or its bytes that the conversation is somebody else's.

One session asks, over one connection, for conversations of another session and for ones that never existed, by each id
once for each operation, in turn, and with either kind first as often. The ratio of the medians is to be read beside
that of the two halves of one kind: what these are away from 1 is noise.
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

from tests.api import Visitor
from tests.bench.figures import Samples, load, table
from tests.running import RunningApp

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


class SearchResult(NamedTuple):
    """Of one operation, the seconds of each answer, and every answer that there was, without its date."""

    others: Samples
    nobodys: Samples
    answers: frozenset[bytes]


def main() -> None:
    """Measure, and print a line for each operation."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.not_found", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"for each operation, {PAIRS} by default")
    options = parser.parse_args()
    before = load()
    rows = [_row(name, found) for name, found in measured(options.pairs).items()]
    print(f"Medians of {options.pairs} 404s each; {before}\n")
    head = ("", "another's", "nobody's", "ratio", "another's halves", "nobody's halves", "another's slower", "bytes")
    print(table(head, rows))


def measured(pairs: int) -> dict[str, SearchResult]:
    """What each operation answers, and how fast, to a session that has a conversation of its own."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = stack.enter_context(RunningApp(data, {"LOCAL_MODEL": "off"}))
        owner, asker = (stack.enter_context(_session(app)) for _ in range(2))
        others = [_conversation(owner) for _ in range(pairs)]
        nobodys = [uuid4().hex for _ in range(pairs)]
        _conversation(asker)
        connection = stack.enter_context(create_connection(("127.0.0.1", app.port)))
        return {
            f"{method} …{path}": _compared(connection, asker.token, others, nobodys, method, path, body)
            for method, path, body in OPERATIONS
        }


def _session(app: RunningApp) -> Visitor:
    visitor = Visitor(app.url)
    visitor.token = visitor.call("POST", "/session").json()["token"]
    return visitor


def _conversation(visitor: Visitor) -> str:
    """A new one of that session's: empty, since none of its messages should count."""
    now = "2026-01-01T00:00:00.000+00:00"
    file: dict[str, Any] = {"format": "chatbot-conversation", "version": 1, "title": "Mine", "messages": []}
    answer = visitor.call("POST", "/conversations/import", json=file | {"created_at": now, "updated_at": now})
    return str(answer.raise_for_status().json()["conversation_id"])


def _compared(
    connection: socket, token: str, others: Sequence[str], nobodys: Sequence[str], method: str, path: str, body: Body
) -> SearchResult:
    times: tuple[list[float], list[float]] = [], []
    answers = set()
    for number, pair in enumerate(zip(others, nobodys, strict=True)):
        for kind in (0, 1) if number % 2 else (1, 0):
            request = _request(method, f"/conversations/{pair[kind]}{path}", token, body)
            began = time.perf_counter()
            connection.sendall(request)
            answer = _answer(connection)
            times[kind].append(time.perf_counter() - began)
            answers.add(re.sub(rb"(?im)^date: [^\r]*\r\n", b"", answer))
    return SearchResult(*times, frozenset(answers))


def _request(method: str, path: str, token: str, body: Body) -> bytes:
    content = json.dumps(body) if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()


def _answer(connection: socket) -> bytes:
    """One answer, head and body as they came."""
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


def _row(name: str, found: SearchResult) -> tuple[str, ...]:
    slower = sum(other > nobody for other, nobody in zip(found.others, found.nobodys, strict=True))
    return (
        name,
        f"{median(found.others) * 1000:.3f} ms",
        f"{median(found.nobodys) * 1000:.3f} ms",
        f"{median(found.others) / median(found.nobodys):.3f}",
        f"{_noise(found.others):.3f}",
        f"{_noise(found.nobodys):.3f}",
        f"{slower} of {len(found.others)}",
        "equal" if len(found.answers) == 1 else "DIFFERENT",
    )


def _noise(samples: Samples) -> float:
    return median(samples[::2]) / median(samples[1::2])


if __name__ == "__main__":
    main()
