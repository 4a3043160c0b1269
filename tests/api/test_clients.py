"""The API's streams as curl and httpx-sse read them."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest
from httpx_sse import ServerSentEvent, aconnect_sse, connect_sse

from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor
from tests.support.running import RunningApp

CURL = shutil.which("curl")
JSON = ("-H", "Content-Type: application/json")
AWKWARD = ("One\u2028", "two\x85", " 🙂", "\n\n", '"three"', "\x0b\x0c\x1c", " data: four")
COUNTED = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 26))


@pytest.fixture
def curl(api_app: RunningApp) -> str:
    if CURL is None:
        pytest.skip("no curl on this machine")
    return CURL


def text_in(lines: list[str]) -> str:
    """Joins the text of the token events in a terminal's lines."""
    data = [after for before, after in pairwise(lines) if before == "event: token"]
    return "".join(json.loads(line.removeprefix("data: ")) for line in data)


def test_curl_gets_a_whole_answer(curl: str, api_app: RunningApp, upstream: FakeUpstream) -> None:
    body = '{"message": "Hello, my name is Alice", "stream": false}'
    command = [curl, "-s", "-X", "POST", f"{api_app.url}/chat", *JSON, "-d", body]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert answer["response"] == "You said: Hello, my name is Alice"


def test_curl_shows_a_stream_as_it_comes_and_resumes_it(curl: str, api_app: RunningApp, upstream: FakeUpstream) -> None:
    body = '{"message": "Count.", "model": "pace:50x25"}'
    command = [curl, "-s", "-N", "-X", "POST", f"{api_app.url}/chat/stream", *JSON, "-d", body]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if lines.count("event: token") == 5 and not lines[-1]:
                assert upstream.open_streams == 1
                process.kill()
    start = json.loads(lines[1].removeprefix("data: "))
    last = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")][4]
    again = [curl, "-s", "-N", f"{api_app.url}/conversations/{start['conversation_id']}/stream"]
    again += ["-H", f"Authorization: Bearer {start['session_token']}", "-H", f"Last-Event-ID: {last}"]
    rest = subprocess.run(again, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")
    whole = text_in(lines)[: int(last)] + text_in(rest)
    assert whole == COUNTED
    assert rest[-4:-2][0] == "event: done"


def test_httpx_sse_reads_every_character(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=AWKWARD, tokens_per_second=100))
    with connect_sse(visitor.http, "POST", "/chat/stream", json={"message": "Hello"}) as source:
        start, *tokens, done = source.iter_sse()
    assert (start.event, done.event) == ("start", "done")
    assert "".join(token.json() for token in tokens) == "".join(AWKWARD)
    assert done.id == tokens[-1].id == str(len("".join(AWKWARD)))


async def test_httpx_sse_resumes_a_broken_stream(api_app: RunningApp, upstream: FakeUpstream) -> None:
    async with httpx.AsyncClient(base_url=api_app.url) as client:
        seen: list[ServerSentEvent] = []
        body = {"message": "Count.", "model": "pace:50x25"}
        async with aconnect_sse(client, "POST", "/chat/stream", json=body) as source:
            async for event in source.aiter_sse():
                seen.append(event)
                if len(seen) == 6:
                    break
        start = seen[0].json()
        client.headers["Authorization"] = f"Bearer {start['session_token']}"
        headers = {"Last-Event-ID": seen[-1].id}
        path = f"/conversations/{start['conversation_id']}/stream"
        async with aconnect_sse(client, "GET", path, headers=headers) as source:
            seen += [event async for event in source.aiter_sse()]
    assert "".join(event.json() for event in seen if event.event == "token") == COUNTED
    assert seen[-1].event == "done"


def test_reading_line_by_line_loses_nothing(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=AWKWARD, tokens_per_second=100))
    with visitor.http.stream("POST", "/chat/stream", json={"message": "Hello"}) as answer:
        assert "".join(tokens_in(answer.iter_lines())) == "".join(AWKWARD)


def tokens_in(lines: Iterator[str]) -> Iterator[str]:
    event = ""
    for line in lines:  # httpx also splits lines at Unicode's separators
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data" and event == "token":
            yield json.loads(value)
