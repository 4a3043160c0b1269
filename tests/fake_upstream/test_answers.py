"""The fake upstream with the real SDKs: its answers and what it records."""

import asyncio
import time

import anthropic
import openai
import pytest

from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.fake_upstream.sdks import HI, KEY, Messages, claude_message, gpt_chunks, gpt_text
from tests.support.reply_setup import until

pytestmark = pytest.mark.tier2


async def test_an_openai_stream_is_complete_and_in_order(gpt: openai.AsyncOpenAI) -> None:
    chunks = await gpt_chunks(gpt)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert gpt_text(chunks) == "You said: Hi there"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (2, 4)


async def test_an_anthropic_stream_is_complete_and_in_order(claude: anthropic.AsyncAnthropic) -> None:
    stream = await claude.messages.create(model="any", max_tokens=9, messages=HI, stream=True)
    assert [event.type async for event in stream] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * 4,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    message = await claude_message(claude)
    assert [block.type for block in message.content] == ["text"]
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (2, 4)


async def test_it_records_requests_and_answers_from_their_messages(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, upstream: FakeUpstream
) -> None:
    messages: Messages = [
        {"role": "user", "content": "Hello, my name is Ada Lovelace."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "What's my name?"},
    ]
    completion = await gpt.chat.completions.create(model="any", messages=messages)
    assert completion.choices[0].message.content == "Your name is Ada Lovelace."
    message = await claude.messages.create(model="any", max_tokens=9, messages=messages)
    assert message.content[0].type == "text"
    assert message.content[0].text == "Your name is Ada Lovelace."
    first, second = upstream.requests
    assert (first.path, first.headers["authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert (second.path, second.headers["authorization"]) == ("/v1/messages", f"Bearer {KEY}")
    assert first.body["messages"] == second.body["messages"] == messages


async def test_models_are_listed_in_both_formats(gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    assert "gpt-6-luna" in [model.id async for model in gpt.models.list()]
    sizes = {model.id: model.max_input_tokens async for model in claude.models.list()}
    assert sizes["claude-haiku-5-5"] == 200_000


async def test_reasoning_precedes_the_text(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(reasoning=("Let me", " see"), reply="Yes.")
    chunks = await gpt_chunks(gpt)
    assert [getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks[1:3]] == [
        "Let me",
        " see",
    ]
    assert gpt_text(chunks) == "Yes."
    thinking, text = (await claude_message(claude)).content
    assert (thinking.type, text.type) == ("thinking", "text")
    assert thinking.type == "thinking"
    assert (thinking.thinking, bool(thinking.signature)) == ("Let me see", True)


async def test_tokens_are_sent_at_the_pace(gpt: openai.AsyncOpenAI) -> None:
    started = time.monotonic()
    chunks = await gpt_chunks(gpt, "pace:200x50")
    assert len(gpt_text(chunks).split()) == 50
    assert time.monotonic() - started >= 0.25


async def test_the_time_of_the_first_token_is_recorded(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3, tokens_per_second=20, first_token_after=0.1)
    began = time.perf_counter()
    await gpt_chunks(gpt)
    (noted,) = upstream.first_tokens
    assert began + 0.1 <= noted <= time.perf_counter() - 0.05


async def test_queued_scenarios_are_used_in_order(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS["overloaded"], Scenario(reply="At last."))
    with pytest.raises(openai.InternalServerError):
        await gpt_chunks(gpt)
    await gpt.models.list()
    assert gpt_text(await gpt_chunks(gpt)) == "At last."
    assert gpt_text(await gpt_chunks(gpt)) == "You said: Hi there"


async def test_usage_can_be_dropped(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(drop_usage=True)
    assert all(chunk.usage is None for chunk in await gpt_chunks(gpt))


async def leave_openai(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="pace:50x500", messages=HI, stream=True)
    async with stream:
        await anext(stream)


async def leave_anthropic(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(model="pace:50x500", max_tokens=9, messages=HI) as stream:
        await anext(stream)


async def test_a_disconnected_client_is_counted(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, upstream: FakeUpstream
) -> None:
    for count, leave in enumerate((leave_openai(gpt), leave_anthropic(claude)), start=1):
        await leave
        disconnected = time.monotonic()
        await until(lambda: upstream.open_streams == 0)
        assert upstream.closed_early == count
        assert upstream.last_close == pytest.approx(disconnected, abs=0.5)


async def test_a_client_that_reads_to_the_end_is_not_counted(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    running = asyncio.create_task(gpt_chunks(gpt, "pace:100x20"))
    await until(lambda: upstream.open_streams == 1)
    await running
    await until(lambda: upstream.open_streams == 0)
    assert upstream.closed_early == 0


async def test_the_server_ends_while_answers_are_silent() -> None:
    with FakeUpstream(FAULTS["silence_first"]) as upstream:
        client = openai.AsyncOpenAI(api_key=KEY, base_url=upstream.openai_url, max_retries=0)
        hanging = asyncio.create_task(gpt_chunks(client))
        await until(lambda: upstream.open_streams == 1)
    with pytest.raises(openai.APIConnectionError):
        await hanging
    await client.close()
