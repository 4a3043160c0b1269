"""Pieces of a quick answer are read together, over connections that serve the next answer as before."""

import asyncio
import select
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from itertools import pairwise

import httpcore2
import httpx2
import pytest

from chatbot.providers import read_pace
from chatbot.providers.base import Provider
from chatbot.providers.read_pace import ReadPace
from chatbot.types import Message, ProviderName, Request
from tests.conftest import OpenProvider
from tests.fake_upstream import FakeUpstream, Scenario

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems read each piece as it comes")

HELLO = Request("any-model", (Message("user", "Hello"),), "", 500)
QUICK = Scenario(tokens=60, tokens_per_second=200)


@pytest.fixture(scope="module")
def upstream_server() -> Iterator[FakeUpstream]:
    """An upstream for this file alone, because its connections are counted."""
    with FakeUpstream() as server:
        yield server


@pytest.fixture(params=["compatible", "anthropic"])
def provider(request: pytest.FixtureRequest, open_provider: OpenProvider) -> Provider:
    name: ProviderName = request.param
    return open_provider(name)


class Connection:
    """A connection of the HTTP client, and its other end."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, far: socket.socket) -> None:
        self.stream = stream
        self.pace = ReadPace(httpx2.Response(200, extensions={"network_stream": stream}))
        self.far = far
        self._socket = stream.get_extra_info("socket")

    def wakes(self) -> bool:
        """Whether the process would be woken to read now."""
        return bool(select.select([self._socket], [], [], 0)[0])


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = await httpcore2.AnyIOBackend().connect_tcp("127.0.0.1", server.getsockname()[1])
        far, _ = server.accept()
    with far:
        yield Connection(stream, far)
        await stream.aclose()


async def test_what_follows_quickly_waits_until_the_next_read(connection: Connection) -> None:
    with connection.pace as pace:
        pace.rest()
        connection.far.send(b"first")
        assert connection.wakes(), "what follows the first piece does not"
        pace.rest()
        assert not connection.wakes()
        pace.resume()
        assert connection.wakes()


async def test_the_wait_ends_by_itself(connection: Connection) -> None:
    with connection.pace as pace:
        pace.rest()
        pace.rest()
        connection.far.send(b"piece")
        assert await connection.stream.read(10) == b"piece"


async def test_slow_pieces_are_read_as_they_come(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_pace, "QUICK", 0.0)
    with connection.pace as pace:
        pace.rest()
        pace.rest()
        connection.far.send(b"piece")
        assert connection.wakes()


async def test_each_of_many_answers_is_read_less_often(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReadPace, "_running", 60_000)
    with connection.pace as pace:
        pace.rest()
        pace.rest()
        connection.far.send(b"piece")
        await asyncio.sleep(2 * read_pace.READ_SECONDS)
        assert not connection.wakes()
    assert connection.wakes()


def test_an_answer_counts_until_it_is_over() -> None:
    response = httpx2.Response(200)
    before = ReadPace._running
    with ReadPace(response), ReadPace(response):
        assert ReadPace._running == before + 2
    assert ReadPace._running == before


async def test_the_end_of_a_connection_is_noticed_at_once(connection: Connection) -> None:
    with connection.pace as pace:
        pace.rest()
        pace.rest()
        connection.far.close()
        assert connection.wakes()


async def test_a_connection_wakes_for_the_next_answer_as_before(connection: Connection) -> None:
    with connection.pace as pace:
        pace.rest()
        pace.rest()
    connection.far.send(b"H")
    assert connection.wakes()


async def test_a_quick_answer_is_read_in_few_parts(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = QUICK
    clock = asyncio.get_running_loop().time
    async with aclosing(provider.stream(HELLO)) as deltas:
        times = [clock() async for _ in deltas]
    assert len(times) > 60
    assert sum(later - earlier > 0.003 for earlier, later in pairwise(times)) < 30


async def test_answers_follow_each_other_over_one_connection(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = QUICK
    for _ in range(3):
        async with aclosing(provider.stream(HELLO)) as deltas:
            text = "".join([delta.text async for delta in deltas])
        assert len(text.split()) == 60
    assert upstream.connections == 1
