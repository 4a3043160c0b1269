"""The API in a browser: `fetch` reads its streams, and page and API share their answers."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor, text_of
from tests.support.reply_setup import until
from tests.support.running import RunningApp

AWKWARD = ("One\u2028", " 🙂", "é", "\n\n", '"two"', "\x85", " three")
COUNTED = "".join(f"{' ' if number > 1 else ''}word{number}" for number in range(1, 26))

READ_JS = """
async ([method, path, headers, body, most]) => {
    const broken = new AbortController();
    const answer = await fetch(path, {method, headers, body, signal: broken.signal});
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = [];
    let waiting = "";
    for (;;) {
        const {done, value} = await reader.read();
        if (done) return events;
        const blocks = (waiting + value).split("\\n\\n");
        waiting = blocks.pop();
        for (const block of blocks) {
            const fields = Object.fromEntries(block.split("\\n").map(line => line.split(/: (.*)/s)));
            if (fields.data) events.push([fields.event, JSON.parse(fields.data), fields.id]);
        }
        if (events.length >= most) {
            broken.abort();
            return events;
        }
    }
}
"""

Events = list[list[Any]]


@pytest.fixture
async def at_the_api(app: RunningApp, page: Page, upstream: FakeUpstream) -> Page:
    await page.goto(f"{app.url}/health")
    return page


async def read(page: Page, method: str, path: str, headers: dict[str, str], body: str | None, most: int) -> Events:
    return list(await page.evaluate(READ_JS, [method, path, headers, body, most]))


async def test_fetch_reads_every_character_of_a_stream(at_the_api: Page, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=AWKWARD, tokens_per_second=20))
    headers = {"Content-Type": "application/json"}
    start, *tokens, done = await read(at_the_api, "POST", "/chat/stream", headers, '{"message": "Hello"}', 1000)
    assert (start[0], done[0]) == ("start", "done")
    assert "".join(token[1] for token in tokens) == "".join(AWKWARD)
    assert len(tokens) > 1


async def test_fetch_resumes_a_broken_stream(at_the_api: Page) -> None:
    headers = {"Content-Type": "application/json"}
    body = '{"message": "Count.", "model": "pace:50x25"}'
    start, *tokens = await read(at_the_api, "POST", "/chat/stream", headers, body, 6)
    headers = {"Authorization": f"Bearer {start[1]['session_token']}", "Last-Event-ID": tokens[-1][2]}
    path = f"/conversations/{start[1]['conversation_id']}/stream"
    *rest, done = await read(at_the_api, "GET", path, headers, None, 1000)
    assert len(tokens) < 20
    assert "".join(token[1] for token in tokens + rest) == COUNTED
    assert done[0] == "done"


async def test_the_page_and_the_api_stream_the_same_answer(chat: ChatPage, api: Visitor) -> None:
    await chat.type_model("pace:50x50")
    await chat.send("Count.")
    await expect(chat.answers.last).to_contain_text("word3")
    (conversation,) = api.get("/conversations")["conversations"]
    seen = api.follow(conversation["conversation_id"])
    assert [seen[0].name, seen[-1].name] == ["start", "done"]
    await expect(chat.answers.last).to_have_text(text_of(seen))
    assert text_of(seen).endswith(" word50")


@pytest.mark.tier2
async def test_page_and_api_stop_each_others_answers(chat: ChatPage, api: Visitor, upstream: FakeUpstream) -> None:
    await chat.type_model("pace:50x5000")
    await chat.send("Count.")
    await expect(chat.answers.last).to_contain_text("word3")
    (conversation,) = api.get("/conversations")["conversations"]
    assert api.stop(conversation["conversation_id"]) == "stopped"
    await expect(chat.send_button).to_be_visible()

    began = api.begin("Count again.", conversation_id=conversation["conversation_id"], model="pace:50x5000")
    await chat.reload()
    await expect(chat.answers.last).to_contain_text("word3")
    await chat.stop_button.click()
    await until(lambda: api.messages(began)[-1]["status"] == "interrupted")
    await until(lambda: upstream.open_streams == 0)
