"""What providers leave behind: nothing. No connection, no open file, no warning."""

import asyncio
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.messages import ProviderName
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
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
    when: str, provider: ProviderName, road: Road, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS["silence_first"] if when == "first" else Scenario(tokens=999, tokens_per_second=50)
    reply = await road.say("Count.", provider=provider)
    await until(lambda: upstream.open_streams == 1 and (when == "first" or reply.snapshot().content))
    stopped = time.monotonic()
    await road.stop(reply)
    await until(lambda: upstream.open_streams == 0)
    assert upstream.last_close
    assert upstream.last_close - stopped < 0.1
