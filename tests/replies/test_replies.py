"""Replies end to end: a visitor's text goes in, a stored answer comes out."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from chatbot.errors import Busy, InvalidMessage, NotFound
from chatbot.types import ProviderName, Usage
from tests.conftest import CreateReplies
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import SESSION, ReplySetup, slow_disk, until

SLOW = Scenario(tokens=2000, tokens_per_second=50)


def sent(upstream: FakeUpstream, index: int = -1) -> list[str]:
    """The messages that the upstream received, without the system prompt."""
    messages = upstream.requests[index].body["messages"]
    return [message["content"] for message in messages if message["role"] != "system"]


async def test_the_question_is_on_disk_before_the_provider_is_asked(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(headers_after=60)
    with slow_disk(replies_setup.memory):
        starting = asyncio.create_task(replies_setup.say("Remember this."))
        await asyncio.sleep(0.15)
        assert not starting.done()
        assert upstream.requests == []
    reply = await starting
    await until(lambda: upstream.requests)
    assert [
        (message.role, message.content, message.status) for message in replies_setup.on_disk(reply.conversation_id)
    ] == [
        ("user", "Remember this.", "complete"),
        ("assistant", "", "running"),
    ]
    await replies_setup.stop(reply)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_the_answer_is_stored_with_its_details(
    provider: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(reasoning=("Hm.",), tokens=("Good", " day", " 🙂"), first_token_after=0.1)
    _, answer = await replies_setup.answer("Hello", provider=provider, model="some-model")
    assert (answer.role, answer.content, answer.reasoning) == ("assistant", "Good day 🙂", "Hm.")
    assert (answer.status, answer.finish_reason, answer.fault) == ("complete", "stop", None)
    assert (answer.provider, answer.model) == (provider, "some-model")
    assert answer.usage == Usage(3, 4)
    assert answer.timing
    assert answer.timing.first_token_ms
    # 30 s, because an SDK may have to be imported first.
    assert 100 <= answer.timing.first_token_ms <= answer.timing.total_ms < 30_000


async def test_a_new_conversation_gets_an_id_and_a_title(replies_setup: ReplySetup) -> None:
    first, _ = await replies_setup.answer("What is a monad?")
    second, _ = await replies_setup.answer("And a comonad?")
    assert first != second
    assert [summary.title for summary in replies_setup.memory.list_conversations()] == [
        "And a comonad?",
        "What is a monad?",
    ]


async def test_a_conversation_has_one_answer_at_a_time(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = SLOW
    reply = await replies_setup.say("First")
    with pytest.raises(Busy):
        await replies_setup.say("Second", reply.conversation_id)
    other = await replies_setup.say("In another conversation")
    assert replies_setup.replies.running(SESSION, reply.conversation_id) is reply
    await replies_setup.stop(reply)
    await replies_setup.stop(other)
    assert [message.content for message in replies_setup.on_disk(reply.conversation_id)][0::2] == ["First"]
    upstream.scenario = Scenario()
    _, answer = await replies_setup.answer("Third", reply.conversation_id)
    assert answer.content.endswith("Third")  # behind "First", if it was stopped before its first word


async def test_simultaneous_messages_become_one_turn(replies_setup: ReplySetup) -> None:
    conversation_id, _ = await replies_setup.answer("Hello")
    results = await asyncio.gather(
        *(replies_setup.say("Twice", conversation_id) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Busy"] * 4 + ["Reply"]


async def test_another_session_cannot_write_to_a_conversation(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer("Mine")
    with pytest.raises(NotFound):
        await replies_setup.say("Mine as well?", conversation_id, session_id="another-session")
    with pytest.raises(NotFound):
        await replies_setup.say("Is there one?", "no-such-conversation")
    assert len(upstream.requests) == 1
    assert not await replies_setup.replies.stop("another-session", conversation_id)


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 10_001])
async def test_an_invalid_message_is_neither_stored_nor_sent(
    text: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    with pytest.raises(InvalidMessage):
        await replies_setup.say(text)
    assert upstream.requests == []
    assert not replies_setup.path.exists()


async def test_the_longest_message_is_sent_whole(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    await replies_setup.answer("x" * 10_000)
    assert sent(upstream) == ["x" * 10_000]


async def test_half_an_emoji_can_be_stored_and_sent(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=("Half", "\ud83d"))
    conversation_id, answer = await replies_setup.answer("Half an emoji \ud83d, and two halves \ud83d\ude00")
    assert sent(upstream) == ["Half an emoji \ufffd, and two halves 😀"]
    assert [message.content for message in replies_setup.on_disk(conversation_id)] == [*sent(upstream), "Half\ufffd"]
    assert answer.status == "complete"


async def test_an_edited_message_replaces_the_original(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, _ = await replies_setup.answer("One")
    await replies_setup.answer("Two", conversation_id)
    await replies_setup.answer("Three", conversation_id)
    second = replies_setup.on_disk(conversation_id)[2]
    await replies_setup.answer("Two, better", conversation_id, edited=second.message_id)
    assert [message.content for message in replies_setup.on_disk(conversation_id)] == [
        "One",
        "You said: One",
        "Two, better",
        "You said: Two, better",
    ]
    assert sent(upstream) == ["One", "You said: One", "Two, better"]


async def test_no_more_is_sent_than_the_history_limit(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, _ = await replies_setup.answer("Message 1")
    for number in range(2, 6):
        await replies_setup.answer(f"Message {number}", conversation_id, history_limit=4)
    assert sent(upstream) == ["Message 4", "You said: Message 4", "Message 5"]
    assert upstream.requests[-1].body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert len(replies_setup.on_disk(conversation_id)) == 10


async def test_a_failed_answer_is_stored_but_never_sent(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS["wrong_key"])
    conversation_id, failed = await replies_setup.answer("Does it work?")
    assert (failed.status, failed.content) == ("failed", "")
    await replies_setup.answer("And now?", conversation_id)
    assert sent(upstream) == ["Does it work?\n\nAnd now?"]
    assert failed.fault
    assert str(failed.fault.words) not in str(upstream.requests[-1].body)


@pytest.mark.parametrize("fault", ["server_error_middle", "bad_json", "bad_utf8", "silence_middle"])
async def test_what_came_before_a_failure_counts_as_said(
    fault: str, replies_setup: ReplySetup, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.providers.wire.SILENCE_SECONDS", 0.5)
    upstream.queue(FAULTS[fault])
    conversation_id, answer = await replies_setup.answer("Does it work?")
    assert (answer.status, answer.content) == ("interrupted", "word1 word2 word3 word4 word5")
    assert answer.fault
    await replies_setup.answer("And now?", conversation_id)
    assert sent(upstream) == ["Does it work?", answer.content, "And now?"]


async def test_a_refused_turn_is_not_sent_again(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS["refusal"])
    conversation_id, refused = await replies_setup.answer("Something terrible", provider="anthropic")
    assert (refused.status, refused.finish_reason) == ("complete", "refusal")
    await replies_setup.answer("Something nice", conversation_id, provider="anthropic")
    assert sent(upstream) == ["Something nice"]


async def test_a_temperature_goes_only_to_models_that_take_one(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    for model in ("gpt-6-luna", "gpt-4o-mini"):
        await replies_setup.answer("Hi", provider="openai", model=model, temperature=0.5)
    assert ["temperature" in request.body for request in upstream.requests] == [False, True]


async def test_a_name_is_remembered_across_providers_and_restarts(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    before = create_replies()
    conversation_id, _ = await before.answer("My name is Alice.", provider="openai")
    _, answer = await before.answer("What is my name?", conversation_id, provider="anthropic")
    assert answer.content == "Your name is Alice."
    await before.close()
    after = create_replies()
    _, answer = await after.answer("What's my name?", conversation_id, provider="openai")
    assert answer.content == "Your name is Alice."
    other, answer = await after.answer("What's my name?", provider="openai")
    assert other != conversation_id
    assert "Alice" not in answer.content


async def test_a_cancelled_start_still_stores_a_complete_turn(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer("Hello")
    with slow_disk(replies_setup.memory):
        starting = asyncio.create_task(replies_setup.say("I am off.", conversation_id))
        await asyncio.sleep(0.05)
        starting.cancel()
        await asyncio.wait([starting])
    assert starting.cancelled()
    await until(lambda: not replies_setup.replies.running(SESSION, conversation_id) and len(upstream.requests) == 2)
    assert [message.content for message in replies_setup.on_disk(conversation_id)][2:] == [
        "I am off.",
        "You said: I am off.",
    ]


async def test_a_stored_conversation_is_plain_json(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = replace(FAULTS["length"], tokens=("Über",))
    await replies_setup.answer("Hello")
    tables = orjson.loads(replies_setup.files())
    records = list(tables["messages"].values())
    assert [record["content"] for record in records] == ["Hello", "Über"]
    assert records[1]["finish_reason"] == "length"
    assert records[1]["usage"]["output_tokens"] == 1
