"""What an answer took, and what is sent where the conversation is too long."""

import pytest

from chatbot.errors import ContextOverflow
from chatbot.memory.message_sizes import likely_tokens
from chatbot.types import SentContext, Usage
from tests.conftest import CreateReplies
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup, until

LONG = "A long story about a knee. " * 20


async def talked(replies_setup: ReplySetup, turns: int) -> str:
    """A conversation of so many turns, each message with its number."""
    conversation_id, _ = await replies_setup.answer(f"1 {LONG}")
    for number in range(2, turns + 1):
        await replies_setup.answer(f"{number} {LONG}", conversation_id)
    return conversation_id


def sent(upstream: FakeUpstream, index: int = -1) -> list[str]:
    messages = upstream.requests[index].body["messages"]
    return [message["content"].partition(" A long")[0] for message in messages if message["role"] != "system"]


@pytest.mark.parametrize("provider", ["compatible", "anthropic"])
async def test_a_conversation_too_long_is_shortened_and_sent_again(
    provider: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id = await talked(replies_setup, 5)
    asked_before = len(upstream.requests)
    upstream.scenario = Scenario(context_tokens=600)
    _, answer = await replies_setup.answer("And now?", conversation_id, provider=provider)
    assert (answer.status, answer.fault) == ("complete", None)
    assert answer.seen
    assert answer.seen.trimmed
    assert answer.seen.total == 11
    assert 1 < answer.seen.sent < 9
    assert len(upstream.requests) == asked_before + 2
    assert sent(upstream)[-1] == "And now?"
    assert len(sent(upstream)) == answer.seen.sent


async def test_without_numbers_half_is_tried_and_then_the_newest_alone(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id = await talked(replies_setup, 5)
    asked_before = len(upstream.requests)
    told = Scenario(status=400, body={"error": {"code": "context_length_exceeded", "message": "Too long."}})
    upstream.queue(told, told)
    _, answer = await replies_setup.answer("And now?", conversation_id)
    assert answer.seen == SentContext(1, 11, trimmed=True)
    lengths = [len(sent(upstream, index)) for index in range(asked_before, asked_before + 3)]
    assert lengths[0] == 11
    assert 1 < lengths[1] < 8
    assert lengths[2] == 1


async def test_an_answer_that_has_begun_is_not_begun_again(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id = await talked(replies_setup, 2)
    asked_before = len(upstream.requests)
    upstream.queue(Scenario(status=400, code="context_length_exceeded", tokens=9, error_after=5))
    _, answer = await replies_setup.answer("And now?", conversation_id)
    assert answer.fault
    assert answer.fault.code == "provider_context_overflow"
    assert answer.content == "word1 word2 word3 word4 word5"
    assert len(upstream.requests) == asked_before + 1


async def test_what_is_too_long_even_alone_is_told(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id = await talked(replies_setup, 2)
    asked_before = len(upstream.requests)
    upstream.scenario = Scenario(context_tokens=50)
    reply = await replies_setup.say(f"5 {LONG}", conversation_id)
    await until(reply.ended.is_set)
    assert isinstance(reply.error, ContextOverflow)
    assert len(upstream.requests) <= asked_before + 3
    assert replies_setup.on_disk(conversation_id)[-1].usage == Usage()


async def test_what_the_model_was_sent_is_told(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, first = await replies_setup.answer("One")
    _, second = await replies_setup.answer("Two", conversation_id, history_limit=1)
    assert (first.seen, second.seen) == (SentContext(1, 1), SentContext(1, 3))


async def test_usage_is_what_the_provider_said_and_has_its_price(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=7)
    _, answer = await replies_setup.answer("Hello", provider="openai", model="gpt-6-luna")
    assert not answer.usage.estimated
    assert answer.usage.output_tokens == 7
    assert answer.cost
    _, answer = await replies_setup.answer("Hello", provider="compatible")
    assert answer.cost is None


@pytest.mark.parametrize("fault", ["cut", "server_error_middle"])
async def test_an_answer_that_broke_off_was_not_free(
    fault: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    _, answer = await replies_setup.answer("Count.", provider="anthropic", model="claude-haiku-5-5")
    assert answer.usage.estimated
    assert answer.usage.output_tokens == likely_tokens(answer.content)
    assert answer.cost
    assert answer.seen == SentContext(1, 1)


async def test_an_answer_that_was_stopped_was_not_free_either(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=50)
    reply = await replies_setup.say("Count.", provider="openai", model="gpt-6-luna")
    await until(lambda: "word3" in reply.snapshot().content)
    await replies_setup.stop(reply)
    answer = replies_setup.on_disk(reply.conversation_id)[-1]
    assert answer.usage == Usage(answer.usage.input_tokens, likely_tokens(answer.content), estimated=True)
    assert answer.usage.input_tokens
    assert answer.cost
    assert reply.snapshot() == answer


async def test_a_refusal_of_the_provider_costs_nothing(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["wrong_key"]
    _, answer = await replies_setup.answer("Hello", provider="openai", model="gpt-6-luna")
    assert (answer.usage, answer.cost) == (Usage(), None)


async def test_an_answer_is_no_longer_than_the_model_writes_or_has_room_for(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies()
    upstream.listed = [{"id": "small", "max_model_len": 1000}, {"id": "terse", "max_tokens": 64}]
    await replies_setup.providers.warm_up()
    for model in ("small", "terse", "unknown"):
        await replies_setup.answer("Hello", model=model, max_tokens=2000)
    small, terse, unknown = (request.body["max_tokens"] for request in upstream.requests[-3:])
    assert 900 < small < 1000
    assert (terse, unknown) == (64, 2000)


async def test_an_effort_goes_only_to_models_that_take_one(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    for model in ("gpt-6-luna", "gpt-4o-mini"):
        await replies_setup.answer("Hi", provider="openai", model=model, effort="low")
    assert ["reasoning_effort" in request.body for request in upstream.requests] == [True, False]
