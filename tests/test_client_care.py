"""What providers leave behind: nothing. No connection, no open file, no warning."""

import asyncio
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.messages import ProviderName
from tests.bench.stop import Moment, seconds_to_close
from tests.fake_upstream import FakeUpstream, Scenario
from tests.road import Road, ended, until

BATCH, BATCHES = 50, 20


@pytest.fixture(scope="module")
def upstream_server() -> Iterator[FakeUpstream]:
    """One that nobody else is connected to: its connections are counted here."""
    with FakeUpstream() as server:
        yield server


def open_files() -> int:
    """How many this process has open; none are counted where the system does not tell."""
    listing = Path("/dev/fd")
    return len(os.listdir(listing)) if listing.exists() else 0


async def one(road: Road, number: int) -> None:
    """One answer of many: most end well, some fail, break off or are stopped."""
    provider: ProviderName = "anthropic" if number % 2 else "compatible"
    model = ("any-model", "fault:cut", "fault:wrong_key", "pace:20x100")[0 if number % 10 else number // 10 % 4]
    reply = await road.say("Hello", provider=provider, model=model, session_id=f"session-{number}")
    if model.startswith("pace"):
        await until(lambda: reply.snapshot().content, 20)
        await road.stop(reply)
    await ended(reply)
    await road.replies.delete(reply.session_id, reply.conversation_id)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system does not say which files are open")
async def test_a_thousand_answers_leave_nothing_behind(road: Road, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await asyncio.gather(*(one(road, number) for number in range(BATCH)))
        connections, files = upstream.connections, open_files()
        for _ in range(BATCHES - 1):
            await asyncio.gather(*(one(road, number) for number in range(BATCH)))
    await until(lambda: upstream.open_streams == 0)
    assert upstream.connections <= connections + 10
    assert open_files() <= files + 20
    assert len(upstream.requests) >= BATCH * BATCHES
    await road.providers.aclose()
    await until(lambda: upstream.connections == 0)


@pytest.mark.parametrize("provider", ["openai", "compatible", "anthropic"])
@pytest.mark.parametrize("when", ["first", "middle"])
async def test_stop_reaches_the_provider_at_once(
    when: Moment, provider: ProviderName, road: Road, upstream: FakeUpstream
) -> None:
    took = [await seconds_to_close(road, upstream, provider, when)]
    while min(took) >= 0.1 and len(took) < 10:  # a busy machine may be slow, but not every time
        took.append(await seconds_to_close(road, upstream, provider, when))
    assert min(took) < 0.1
