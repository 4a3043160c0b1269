"""Gradio's queue sleeps while there is nothing to do, and wakes as soon as an event comes or has ended."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
import pytest

from chatbot.web import gradio_queue
from chatbot.web.gradio_queue import wake_on_events

HOUR = 3600.0


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each sleep that the queue has begun."""
    begun: list[float] = []
    sleep = gradio_queue._sleep

    async def counted(seconds: float) -> None:
        begun.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(gradio_queue, "_sleep", counted)
    return begun


@pytest.fixture
async def queue(monkeypatch: pytest.MonkeyPatch, sleeps: list[float]) -> AsyncIterator[Any]:
    """A queue that runs, and that would sleep for an hour unless it is woken."""
    monkeypatch.setattr(gradio_queue, "MOST_SECONDS", HOUR)
    monkeypatch.setitem(vars(gr.queueing), "asyncio", asyncio)
    with gr.Blocks(analytics_enabled=False) as page:
        page.queue()
    wake_on_events(page)
    running = asyncio.create_task(page._queue.start_processing())
    await asyncio.sleep(0.1)
    yield page._queue
    running.cancel()


async def until(sleeps: list[float], count: int) -> None:
    """Waits until the queue has gone to sleep so many times."""
    while len(sleeps) < count:
        await asyncio.sleep(0.001)


async def test_the_queue_sleeps_while_nothing_happens(queue: Any, sleeps: list[float]) -> None:
    assert sleeps == [HOUR]


async def test_an_event_that_comes_wakes_the_queue(queue: Any, sleeps: list[float]) -> None:
    with pytest.raises(AttributeError):  # no event at all
        await queue.push(None, None, None)
    await until(sleeps, 2)
    await asyncio.sleep(0.1)
    assert sleeps == [HOUR, HOUR]


async def test_an_event_that_has_ended_wakes_the_queue(queue: Any, sleeps: list[float]) -> None:
    with pytest.raises(IndexError):  # no event at all
        await queue.process_events([], False, 0.0, None)
    await until(sleeps, 2)


async def test_other_sleeps_are_as_long_as_they_are(queue: Any) -> None:
    await asyncio.wait_for(vars(gr.queueing)["asyncio"].sleep(0.001), 60)
