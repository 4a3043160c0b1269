"""Providers leave no connection, no open file and no warning behind."""

import asyncio
import gc
import os
import warnings
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatbot.errors import ProviderError
from chatbot.types import Message, ProviderName, Request
from tests.bench.stop import Moment, seconds_to_close
from tests.conftest import OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup, until, wait_for_end

BATCH, BATCHES = 50, 20


@pytest.fixture(scope="module")
def upstream_server() -> Iterator[FakeUpstream]:
    """An upstream for this file alone, because its connections are counted."""
    with FakeUpstream() as server:
        yield server


def open_files() -> int:
    """Returns the number of files that this process has open; 0 if the system does not report them."""
    listing = Path("/dev/fd")
    return len(os.listdir(listing)) if listing.exists() else 0


async def run_one(replies_setup: ReplySetup, number: int) -> None:
    """Runs one answer of many: most succeed, some fail, break off or are stopped."""
    provider: ProviderName = "anthropic" if number % 2 else "compatible"
    model = ("any-model", "fault:cut", "fault:wrong_key", "pace:20x100")[0 if number % 10 else number // 10 % 4]
    reply = await replies_setup.say("Hello", provider=provider, model=model, session_id=f"session-{number}")
    if model.startswith("pace"):
        await until(lambda: reply.snapshot().content, 20)
        await replies_setup.stop(reply)
    await wait_for_end(reply)
    await replies_setup.replies.delete(reply.session_id, reply.conversation_id)


@pytest.mark.tier2
@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system does not report open files")
async def test_a_thousand_answers_leak_nothing(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await asyncio.gather(*(run_one(replies_setup, number) for number in range(BATCH)))
        connections, files = upstream.connections, open_files()
        for _ in range(BATCHES - 1):
            await asyncio.gather(*(run_one(replies_setup, number) for number in range(BATCH)))
    await until(lambda: upstream.open_streams == 0)
    assert upstream.connections <= connections + 10
    assert open_files() <= files + 20
    assert len(upstream.requests) >= BATCH * BATCHES
    await replies_setup.providers.aclose()
    await until(lambda: upstream.connections == 0)


@contextmanager
def no_garbage_collector() -> Iterator[set[int]]:
    """Disables the garbage collector, so that reference cycles stay; yields the ids of streams half read before."""
    gc.collect()
    gc.disable()
    try:
        yield {id(each) for each in half_read()}
    finally:
        gc.enable()


def half_read() -> list[AsyncGenerator[object]]:
    """Returns the streams of this process that were started and neither read to their end nor closed."""
    streams = (each for each in gc.get_objects() if isinstance(each, AsyncGenerator))
    return [each for each in streams if getattr(each, "ag_frame", None)]


@pytest.mark.tier2
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("fault", ["overloaded_middle", "server_error_middle", "bad_json", "bad_utf8", "cut", "reset"])
async def test_a_broken_answer_leaves_no_stream_to_the_garbage_collector(
    fault: str, provider: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    """The collector may run in another thread, and close there a stream that the event loop is closing."""
    await replies_setup.answer("Hello", provider=provider)
    with no_garbage_collector() as before:
        upstream.queue(FAULTS[fault], FAULTS[fault])
        await replies_setup.answer("Hello", provider=provider)
        await until(lambda: {id(each) for each in half_read()} <= before, 3)


@pytest.mark.tier2
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("fault", ["overloaded_middle", "server_error_middle", "bad_json", "bad_utf8", "cut", "reset"])
async def test_a_referenced_error_keeps_no_stream_alive(
    fault: str, provider: ProviderName, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    request = Request("any-model", (Message("user", "Hello"),))
    engine = open_provider(provider)
    with no_garbage_collector() as before:
        upstream.queue(FAULTS[fault])
        with pytest.raises(ProviderError) as caught:
            async for _ in engine.stream(request):
                pass
        await until(lambda: {id(each) for each in half_read()} <= before, 3)
    assert str(caught.value)


@pytest.mark.first_case
@pytest.mark.parametrize("provider", ["openai", "compatible", "anthropic"])
@pytest.mark.parametrize("when", ["first", "middle"])
async def test_stop_reaches_the_provider_before_its_answer_ends(
    when: Moment, provider: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    await seconds_to_close(replies_setup, upstream, provider, when)
    assert upstream.closed_early == 1
