"""Every way in which an answer ends: with one status, a stored text, and a conversation that takes the next message."""

import asyncio
import time

import pytest

from chatbot.errors import ChatbotError, InvalidKey, NoProvider, ProviderTimeout, ShuttingDown
from chatbot.types import ProviderName, StoredMessage
from tests.conftest import CreateReplies, MakeSettings
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.api_client import asked
from tests.support.reply_setup import SESSION, ReplySetup, slow_disk, until, wait_for_end

SLOW = Scenario(tokens=2000, tokens_per_second=50)


def outcome(answer: StoredMessage) -> tuple[str, str | None, str | None]:
    return answer.status, answer.finish_reason, answer.fault.code if answer.fault else None


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_stop_stores_the_partial_answer_and_closes_the_stream(
    provider: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = SLOW
    reply = await replies_setup.say("Count.", provider=provider)
    await until(lambda: reply.snapshot().content.startswith("word1 word2"))
    stopped = time.monotonic()
    assert await replies_setup.stop(reply)
    answer = replies_setup.on_disk(reply.conversation_id)[-1]
    assert outcome(answer) == ("interrupted", "stopped", None)
    assert answer.content == reply.snapshot().content
    assert answer.content.startswith("word1 word2")
    assert reply.error is None
    await until(lambda: upstream.closed_early == 1)
    assert upstream.last_close
    assert upstream.last_close - stopped < 0.2
    assert not await replies_setup.stop(reply)


@pytest.mark.parametrize("scenario", [Scenario(headers_after=60), Scenario(silence_after=0)])
async def test_stop_works_before_the_first_token(
    scenario: Scenario, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = scenario
    reply = await replies_setup.say("Count.")
    await until(lambda: upstream.open_streams)
    assert await replies_setup.stop(reply)
    answer = replies_setup.on_disk(reply.conversation_id)[-1]
    assert outcome(answer) == ("interrupted", "stopped", None)
    assert answer.content == ""
    assert answer.timing
    assert answer.timing.first_token_ms is None
    await until(lambda: upstream.closed_early == 1)


async def test_stop_works_before_the_provider_is_asked(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = SLOW
    reply = await replies_setup.say("Count.")
    reply.stop()
    await wait_for_end(reply)
    assert outcome(replies_setup.on_disk(reply.conversation_id)[-1]) == ("interrupted", "stopped", None)


async def test_stop_works_if_the_answer_has_just_failed(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50, cut_after=3)
    reply = await replies_setup.say("Count.")
    with slow_disk(replies_setup.memory):
        await until(lambda: reply.error)
        stopping = asyncio.create_task(replies_setup.stop(reply))
        await asyncio.sleep(0.02)
    assert await stopping
    assert outcome(replies_setup.on_disk(reply.conversation_id)[-1]) == (
        "interrupted",
        "interrupted",
        "provider_cut_off",
    )


@pytest.mark.parametrize("fault", ["cut", "reset", "no_finish"])
async def test_an_answer_that_was_cut_off_stays_stored(
    fault: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    conversation_id, answer = await replies_setup.answer("Count.")
    assert outcome(answer) == ("interrupted", "interrupted", "provider_cut_off")
    assert answer.content.startswith("word1 word2 word3 word4 word5")
    upstream.scenario = Scenario()
    await replies_setup.answer("Go on.", conversation_id)
    assert upstream.requests[-1].body["messages"][-2] == {"role": "assistant", "content": answer.content}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("wrong_key", "provider_invalid_key"),
        ("empty_answer", "provider_empty_answer"),
        ("html_page", "provider_bad_answer"),
        ("server_error", "provider_unavailable"),
    ],
)
async def test_a_failure_is_stored_with_the_apps_own_sentence(
    fault: str, code: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    reply = await replies_setup.say("Hello")
    await wait_for_end(reply)
    answer = replies_setup.on_disk(reply.conversation_id)[-1]
    assert reply.error
    assert answer.fault
    assert (answer.status, answer.fault.code, str(answer.fault.words)) == ("failed", code, str(reply.error))
    assert "Compatible server" in str(answer.fault.words)
    assert FAULTS[fault].message.encode() not in replies_setup.files()


async def test_a_rate_limit_says_how_long_to_wait(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["rate_limit_3600"]
    _, answer = await replies_setup.answer("Hello")
    assert answer.fault
    assert (answer.fault.retryable, answer.fault.retry_after) == (True, 3600)


async def test_an_answer_at_its_length_limit_is_complete(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["length"]
    _, answer = await replies_setup.answer("Hello")
    assert outcome(answer) == ("complete", "length", None)


@pytest.mark.parametrize(
    ("seconds", "scenario", "status", "text"),
    [
        (1.0, Scenario(silence_after=0), "failed", ""),
        (1.5, Scenario(tokens=9, silence_after=2), "interrupted", "word1 word2"),  # long enough on a busy machine
    ],
)
async def test_an_answer_ends_at_its_time_limit(
    seconds: float, scenario: Scenario, status: str, text: str, create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(chatbot_reply_seconds=seconds)
    replies_setup.providers.get("compatible")  # imports the SDK, which may take longer than that
    upstream.scenario = scenario
    reply = await replies_setup.say("Hello")
    await wait_for_end(reply)
    answer = replies_setup.on_disk(reply.conversation_id)[-1]
    assert outcome(answer) == (status, "interrupted", "provider_timeout")
    assert answer.content == text
    assert isinstance(reply.error, ProviderTimeout)
    await until(lambda: upstream.closed_early == 1)


async def test_a_missing_provider_is_reported_in_the_answer(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies(compatible_base_url=None)
    reply = await replies_setup.say("Hello")
    await wait_for_end(reply)
    assert isinstance(reply.error, NoProvider)
    assert outcome(replies_setup.on_disk(reply.conversation_id)[-1]) == ("failed", "interrupted", "no_provider")
    assert upstream.requests == []


async def test_an_unexpected_exception_is_an_internal_error(settings: MakeSettings) -> None:
    unchecked = settings().model_copy(update={"compatible_base_url": "http://127.0.0.1:port/v1"})
    replies_setup = ReplySetup(unchecked)
    reply = await replies_setup.say("Hello")
    await wait_for_end(reply)
    assert type(reply.error) is ChatbotError
    assert outcome(replies_setup.on_disk(reply.conversation_id)[-1]) == ("failed", "interrupted", "internal")
    assert not replies_setup.replies.running(SESSION, reply.conversation_id)
    await replies_setup.close()


async def test_a_conversation_deleted_meanwhile_stays_deleted(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50)
    remaining, _ = await replies_setup.answer("Keep this.")
    reply = await replies_setup.say("Forget this.")
    await asyncio.to_thread(replies_setup.memory.delete_conversation, reply.conversation_id)
    await wait_for_end(reply)
    assert reply.error is None
    assert [summary.conversation_id for summary in replies_setup.memory.list_conversations()] == [remaining]


async def test_a_session_deleted_meanwhile_stays_deleted(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=9, tokens_per_second=50)
    reply = await replies_setup.say("Forget this.")
    await asyncio.to_thread(replies_setup.memory.delete_all)
    await wait_for_end(reply)
    assert not replies_setup.path.exists()


async def test_a_shutdown_stores_every_running_answer(create_replies: CreateReplies, upstream: FakeUpstream) -> None:
    replies_setup = create_replies()
    upstream.scenario = SLOW
    replies = [await replies_setup.say(f"Question {number}") for number in range(20)]
    await until(lambda: all(reply.snapshot().content for reply in replies))
    await replies_setup.replies.shutdown()
    for reply in replies:
        answer = replies_setup.on_disk(reply.conversation_id)[-1]
        assert outcome(answer) == ("interrupted", "interrupted", None)
        assert answer.content == reply.snapshot().content
        assert answer.content.startswith("word1")
    await until(lambda: upstream.closed_early == 20)


async def test_a_key_in_an_error_message_is_never_stored(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["echo_key"]
    reply = await replies_setup.say("Hello")
    await wait_for_end(reply)
    assert isinstance(reply.error, InvalidKey)
    assert b"sk-operator" not in replies_setup.files()


async def test_no_answer_starts_during_shutdown(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = SLOW
    reply = await replies_setup.say("Count.")
    await until(lambda: reply.snapshot().content)
    _, refusal, _ = await asyncio.gather(
        replies_setup.replies.shutdown(),
        asyncio.gather(replies_setup.say("Hello"), return_exceptions=True),
        wait_for_end(reply),
    )
    assert isinstance(refusal[0], ShuttingDown)
    assert len(asked(upstream)) == 1
    (conversation,) = replies_setup.memory.list_conversations()
    assert len(replies_setup.on_disk(conversation.conversation_id)) == 2
