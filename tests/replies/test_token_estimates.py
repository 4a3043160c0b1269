"""Token usage of answers if the provider does not report it."""

import pytest

from chatbot.types import StoredMessage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup

ENGLISH = "The quick brown fox jumps over the lazy dog. " * 20
PROMPT = 9 + 4
"""Estimated tokens of the system prompt of `ReplySetup`, plus a chat template's overhead for a message."""


async def answer_to(replies_setup: ReplySetup, text: str) -> StoredMessage:
    _, answer = await replies_setup.answer(text)
    return answer


async def test_missing_usage_is_estimated_at_four_characters_a_token(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.queue(Scenario(reply=ENGLISH, drop_usage=True))
    usage = (await answer_to(replies_setup, ENGLISH)).usage
    tokens = len(ENGLISH) / 4
    assert usage.estimated
    assert usage.output_tokens == pytest.approx(tokens, rel=0.01)
    assert usage.input_tokens == pytest.approx(tokens + PROMPT, rel=0.05)


async def test_the_providers_usage_takes_precedence(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=7))
    usage = (await answer_to(replies_setup, ENGLISH)).usage
    assert (usage.output_tokens, usage.estimated) == (7, False)


async def test_reasoning_counts_as_output(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="Yes.", reasoning=(ENGLISH,), drop_usage=True))
    usage = (await answer_to(replies_setup, "Really?")).usage
    assert usage.output_tokens == pytest.approx(len(ENGLISH) / 4, rel=0.02)


async def test_a_refused_message_has_no_usage_and_no_cost(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(status=401))
    answer = await answer_to(replies_setup, "Hello")
    assert answer.status == "failed"
    assert answer.usage.output_tokens is answer.usage.input_tokens is answer.cost is None
