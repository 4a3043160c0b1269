"""What a page is sent of an answer, from its first text to its end."""

import asyncio
import json

from chatbot.page.chat_handlers import ChatHandlers
from chatbot.page.conversation_view import ConversationViews
from chatbot.page.view_update import ViewUpdate
from chatbot.replies.options import resolve_options
from chatbot.storage import open_store
from chatbot.web.services import create_services, quotas
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


def test_a_first_text_that_stays_alone_is_followed_by_its_conversation(page: Page, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3, silence_after=1)
    with page.watching(page.wiring.event("send"), "", "any-model", "Hello", {"view": 1}) as updates:
        next(updates)
        assert "unchanged" in next(updates)[0]


def test_another_answer_comes_with_its_conversation_at_once(page: Page) -> None:
    with page.watching(page.wiring.event("send"), "", "pace:50x3", "Hello", {"view": 1}) as updates:
        *_, (ended,) = updates
    conversation, question = ended["conversation_id"], json.loads(ended["unchanged"])["lines"]["rows"][0]["id"]
    with page.watching(
        page.wiring.event("retry"), conversation, "pace:50x3", "", {"view": 2, "id": question}
    ) as updates:
        assert "unchanged" in next(updates)[0]


async def test_an_answer_is_followed_until_it_is_stored(settings: MakeSettings, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3)
    configured = settings()
    store = open_store(configured, quotas(configured))
    services = create_services(configured, store, "secret")
    handlers = ChatHandlers(services, ConversationViews(services))
    options = resolve_options(configured, services.providers, {"provider": "compatible", "model": "any-model"})
    reply = await services.replies.start(SESSION, "Hello", options)

    async def updates() -> list[ViewUpdate]:
        return [update async for update in handlers._updates(reply, 1, "en", is_new=True)]

    with slow_disk(store.memory(SESSION)):
        watching = asyncio.create_task(updates())
        await until(lambda: reply.snapshot().status != "running")
        await asyncio.sleep(0.1)  # the time of three updates
        assert not watching.done()
    assert [update["phase"] for update in await watching][-1] == "idle"
    await services.aclose()
    store.close()
