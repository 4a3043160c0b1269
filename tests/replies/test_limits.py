"""Rate limits and the daily token budget, for the page and for the API."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from starlette.requests import Request

from chatbot.errors import DailyLimitReached, TooManyAnswers, TooManyMessages
from chatbot.replies.limits import MAX_RUNNING_ANSWERS, RESERVED_RETRY_SECONDS, Limits
from chatbot.replies.reply import Reply
from chatbot.storage.token_counter import FileTokenCounter
from chatbot.types import Usage
from chatbot.web.client_address import client_address
from tests.conftest import CreateReplies
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor, asked, error_of
from tests.support.reply_setup import ReplySetup, wait_for_end
from tests.support.running import RunningApp, two_providers


async def test_a_rate_limited_session_learns_how_long_to_wait(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_messages_per_minute=2)
    await replies_setup.answer("One")
    await replies_setup.answer("Two")
    with pytest.raises(TooManyMessages, match=r"Wait \d+ seconds") as refused:
        await replies_setup.say("Three")
    assert 0 < (refused.value.retry_after or 0) <= 60
    await wait_for_end(await replies_setup.say("Somebody else's", session_id="another"))
    assert len(asked(upstream)) == 3


async def test_an_address_is_rate_limited_over_all_its_sessions(create_replies: CreateReplies) -> None:
    replies_setup = create_replies(chatbot_messages_per_minute=2)
    for session in ("one", "two"):
        await wait_for_end(await replies_setup.say("Hello", session_id=session, address="192.0.2.1"))
    with pytest.raises(TooManyMessages):
        await replies_setup.say("Hello", session_id="three", address="192.0.2.1")
    await wait_for_end(await replies_setup.say("Hello", session_id="three", address="192.0.2.2"))


async def test_running_answers_of_a_session_are_limited(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=1000, tokens_per_second=1)
    for _ in range(MAX_RUNNING_ANSWERS):
        await replies_setup.say("Take your time")
    with pytest.raises(TooManyAnswers):
        await replies_setup.say("One more")
    await wait_for_end(await replies_setup.say("Somebody else's", session_id="another", model="pace:0x1"))


async def test_the_daily_token_count_survives_restarts(create_replies: CreateReplies, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=5)
    spent = 0
    while spent < 15:
        replies_setup = create_replies(chatbot_daily_tokens=15)
        usage = (await replies_setup.answer("Hello"))[1].usage
        spent += (usage.input_tokens or 0) + (usage.output_tokens or 0)
        await replies_setup.close()
    replies_setup = create_replies(chatbot_daily_tokens=15)
    with pytest.raises(DailyLimitReached, match="midnight UTC") as refused:
        await replies_setup.say("Three")
    assert 0 < (refused.value.retry_after or 0) <= 86_400


async def test_running_answers_reserve_tokens_of_the_daily_budget(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_daily_tokens=150)
    upstream.scenario = Scenario(tokens=3, tokens_per_second=3)
    first, second = await replies_setup.say("One", max_tokens=100), await replies_setup.say("Two", max_tokens=100)
    with pytest.raises(DailyLimitReached):
        await replies_setup.say("Three", max_tokens=100)
    await asyncio.gather(wait_for_end(first), wait_for_end(second))
    await wait_for_end(await replies_setup.say("Three again", max_tokens=100))


async def test_simultaneous_long_questions_do_not_exceed_the_daily_budget(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_daily_tokens=1000)
    upstream.scenario = Scenario(tokens=3, tokens_per_second=3)
    starting = [replies_setup.say("long " * 1900, max_tokens=1, session_id=str(number)) for number in range(10)]
    outcomes = await asyncio.gather(*starting, return_exceptions=True)
    started = [each for each in outcomes if isinstance(each, Reply)]
    refused = [each for each in outcomes if isinstance(each, DailyLimitReached)]
    assert (len(started), len(refused)) == (1, 9)
    assert all("Wait a moment" in str(each) and each.retry_after == RESERVED_RETRY_SECONDS for each in refused)
    await wait_for_end(started[0])


async def test_tokens_that_the_disk_cannot_count_stay_reserved(tmp_path: Path) -> None:
    limits = Limits(0, 100, FileTokenCounter(tmp_path / "spending.json"))
    reservation = await limits.admit("one", "", 0, 10, is_billed=True)
    (tmp_path / "spending.json").mkdir()
    with pytest.raises(OSError, match="spending"):
        reservation.settle(Usage(90, 10))
    (tmp_path / "spending.json").rmdir()
    with pytest.raises(DailyLimitReached):
        await limits.admit("one", "", 0, 10, is_billed=True)


def test_the_page_and_the_api_report_the_rate_limit(upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | {"CHATBOT_MESSAGES_PER_MINUTE": "2"}
    with RunningApp(tmp_path, environment) as app, Visitor(app.url) as visitor:
        visitor.chat()
        visitor.chat()
        refused = visitor.call("POST", "/chat", json={"message": "Hello"})
        assert refused.status_code == 429
        assert error_of(refused)["code"] == "rate_limited"
        assert 0 < int(refused.headers["retry-after"]) <= 60
        other = httpx.post(f"{app.url}/chat", json={"message": "Hello"})
        assert other.status_code == 429, "another session, but the same address"
        client = Client(app.url, verbose=False)
        with pytest.raises(AppError, match="many messages in a short time"):
            client.predict("Hello", api_name="/chat")


@pytest.mark.parametrize(("behind_proxy", "address"), [(True, "192.0.2.9"), (False, "127.0.0.1")])
def test_a_forwarded_address_counts_only_behind_a_spaces_proxy(behind_proxy: bool, address: str) -> None:
    scope = {"type": "http", "headers": [(b"x-forwarded-for", b"192.0.2.9, 10.0.0.1")], "client": ("127.0.0.1", 5)}
    assert client_address(Request(scope), behind_proxy) == address


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"tokens": {"2026-11-25": {"count": "many"}}}', b'{"tokens": {"1": {}}}']
)
async def test_a_damaged_count_is_set_aside_and_starts_again(
    content: bytes, create_replies: CreateReplies, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "spending.json").write_bytes(content)
    replies_setup = create_replies(chatbot_daily_tokens=1)
    await replies_setup.answer("Hello")
    assert [path.read_bytes() for path in (tmp_path / "data").glob("spending.damaged-*")] == [content]
    with pytest.raises(DailyLimitReached):
        await replies_setup.say("Once more")


async def test_a_clock_set_back_a_day_loses_no_count(create_replies: CreateReplies) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    replies_setup = create_replies(chatbot_daily_tokens=1)
    counts = replies_setup.path.parent.parent / "spending.json"
    counts.write_text(f'{{"tokens": {{"{tomorrow}": {{"count": 1}}, "2000-01-01": {{"count": 1}}}}}}')
    await replies_setup.answer("Hello")
    assert json.loads(counts.read_text())["tokens"].keys() == {tomorrow, datetime.now(UTC).date().isoformat()}


def anthropic_stream(at_start: str, at_end: str) -> Scenario:
    """A Messages stream with those usage objects, as servers that imitate Anthropic's send them."""
    events = [
        f'{{"type":"message_start","message":{{"id":"m1","type":"message","role":"assistant","usage":{at_start}}}}}',
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Blue kettle."}}',
        '{"type":"content_block_stop","index":0}',
        f'{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{at_end}}}',
        '{"type":"message_stop"}',
    ]
    body = "".join(f"event: {json.loads(event)['type']}\ndata: {event}\n\n" for event in events)
    return Scenario(body=body, headers={"content-type": "text/event-stream"})


@pytest.mark.parametrize(
    ("at_start", "at_end", "expected"),
    [
        ('{"input_tokens":0,"output_tokens":0}', '{"input_tokens":41,"output_tokens":6}', 47),
        ('{"input_tokens":41,"output_tokens":1}', '{"output_tokens":6}', 47),
        ('{"input_tokens":30,"output_tokens":1,"cache_read_input_tokens":11}', '{"output_tokens":6}', 47),
        ('{"input_tokens":41,"output_tokens":1}', '{"input_tokens":0,"output_tokens":6}', 47),
        ('{"input_tokens":41,"output_tokens":1}', "null", None),
        ('{"input_tokens":41,"output_tokens":0}', '{"output_tokens":0}', None),
        ("{}", '{"output_tokens":6}', None),
        ("null", '{"output_tokens":6}', None),
        ("[]", "true", None),
        ('{"input_tokens":-5}', '{"input_tokens":1e30,"output_tokens":6}', None),
    ],
)
async def test_input_tokens_count_wherever_a_server_reports_them(
    at_start: str, at_end: str, expected: int | None, create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_daily_tokens=100_000)
    upstream.scenario = anthropic_stream(at_start, at_end)
    _, answer = await replies_setup.answer("Name a thing.", provider="anthropic")
    assert (answer.content, answer.status) == ("Blue kettle.", "complete")
    input_tokens, output_tokens = answer.usage.input_tokens or 0, answer.usage.output_tokens or 0
    assert input_tokens > 0
    assert output_tokens > 0
    assert expected in (input_tokens + output_tokens, None)
    assert answer.usage.estimated == (expected is None)
    assert FileTokenCounter(replies_setup.path.parents[1] / "spending.json").today() == input_tokens + output_tokens
