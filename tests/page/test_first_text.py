"""What a page is sent of an answer, from its first text to its end."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from chatbot.page.chat_handlers import ChatHandlers
from chatbot.page.conversation_view import ConversationViews
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.options import RequestedOptions, resolve_options
from chatbot.replies.reply import Reply
from chatbot.storage import open_store
from chatbot.web.services import Services, create_services, quotas
from tests.conftest import MakeSettings
from tests.endurance.page import Page
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import SESSION, slow_disk, until


def test_every_answer_comes_with_its_conversation(page: Page) -> None:
    with page.watching(page.wiring.event("send"), "", "pace:20x10", "Hello", {"view": 1}) as updates:
        *running, ended = [update for (update,) in updates]
    # The first text may come alone, if it comes within FIRST_UPDATE_SECONDS.
    assert all("unchanged" in update for update in running[1:])
    assert [message["role"] for message in json.loads(ended["unchanged"])["messages"]] == ["user"]
    assert ended["phase"] == "idle"


def test_an_answer_that_is_waited_for_comes_with_its_conversation(page: Page, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3, headers_after=0.3)
    with page.watching(page.wiring.event("send"), "", "any-model", "Hello", {"view": 1}) as updates:
        assert "unchanged" in next(updates)[0]


def test_another_answer_comes_with_its_conversation_at_once(page: Page) -> None:
    with page.watching(page.wiring.event("send"), "", "pace:50x3", "Hello", {"view": 1}) as updates:
        *_, (ended,) = updates
    conversation, question = ended["conversation_id"], json.loads(ended["unchanged"])["lines"]["rows"][0]["id"]
    with page.watching(
        page.wiring.event("retry"), conversation, "pace:50x3", "", {"view": 2, "id": question}
    ) as updates:
        assert "unchanged" in next(updates)[0]


@pytest.fixture
async def services(settings: MakeSettings) -> AsyncIterator[Services]:
    configured = settings()
    store = open_store(configured, quotas(configured))
    made = create_services(configured, store, "secret")
    yield made
    await made.aclose()
    store.close()


async def start(services: Services) -> tuple[Reply, AsyncGenerator[ViewUpdate]]:
    """Starts an answer; returns it and its updates."""
    requested: RequestedOptions = {"provider": "compatible", "model": "any-model"}
    options = resolve_options(services.settings, services.providers, requested)
    reply = await services.replies.start(SESSION, "Hello", options)
    handlers = ChatHandlers(services, ConversationViews(services))
    return reply, handlers._updates(reply, 1, "en", is_new=True)


async def test_a_first_text_that_stays_alone_is_followed_by_its_conversation(
    services: Services, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=3, silence_after=1)
    reply, updates = await start(services)
    await until(lambda: reply.snapshot().content)
    async with aclosing(updates):
        assert "unchanged" not in await anext(updates)
        assert "unchanged" in await asyncio.wait_for(anext(updates), 30)


async def test_an_answer_is_followed_until_it_is_stored(services: Services, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3)
    reply, updates = await start(services)
    with slow_disk(services.store.memory(SESSION)):
        watching = asyncio.create_task(_all(updates))
        await until(lambda: reply.snapshot().status != "running")
        await asyncio.sleep(0.1)  # the time of three updates
        assert not watching.done()
    assert [update["phase"] for update in await watching][-1] == "idle"


async def _all(updates: AsyncGenerator[ViewUpdate]) -> list[ViewUpdate]:
    return [update async for update in updates]
