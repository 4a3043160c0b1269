"""The fake upstream against the real SDKs: what it answers, how it fails, and what it notices."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from tests.fake_upstream import FAULTS, FakeUpstream, Scenario

KEY = "sk-test-0123456789abcdef"

# An SDK's client reads the system's certificates for 20 ms when it is made, and these tests make a hundred.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# Both SDKs have types of their own for the same messages.
Messages = list[Any]
HI: Messages = [{"role": "user", "content": "Hi there"}]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeUpstream]:
    with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(server: FakeUpstream) -> FakeUpstream:
    server.reset()
    return server


@pytest.fixture
async def gpt(upstream: FakeUpstream) -> AsyncIterator[openai.AsyncOpenAI]:
    http = openai.DefaultAsyncHttpxClient(verify=NO_TLS)
    url = upstream.openai_url
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0, http_client=http) as client:
        yield client


@pytest.fixture
async def claude(upstream: FakeUpstream) -> AsyncIterator[anthropic.AsyncAnthropic]:
    http = anthropic.DefaultAsyncHttpxClient(verify=NO_TLS)
    url = upstream.anthropic_url
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0, http_client=http) as client:
        yield client


async def gpt_chunks(
    client: openai.AsyncOpenAI,
    model: str = "gpt-6-luna",
    messages: Messages = HI,
    temperature: float | openai.Omit = openai.omit,
) -> list[ChatCompletionChunk]:
    stream = await client.chat.completions.create(
        model=model,
        messages=messages,
        temperature=temperature,
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk async for chunk in stream]


def gpt_text(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def gpt_finish(chunks: list[ChatCompletionChunk]) -> str | None:
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    return next(filter(None, reasons), None)


async def claude_message(
    client: anthropic.AsyncAnthropic, model: str = "claude-haiku-5-5", messages: Messages = HI
) -> anthropic.types.Message:
    async with client.messages.stream(model=model, max_tokens=100, messages=messages) as stream:
        return await stream.get_final_message()


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0.005)


# What it answers


async def test_openai_stream_has_every_part_in_order(gpt: openai.AsyncOpenAI) -> None:
    chunks = await gpt_chunks(gpt)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert gpt_text(chunks) == "You said: Hi there"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (2, 4)


async def test_anthropic_stream_has_every_part_in_order(claude: anthropic.AsyncAnthropic) -> None:
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


async def test_it_remembers_what_it_was_sent(
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


async def test_models_in_both_shapes(gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    assert "gpt-6-luna" in [model.id async for model in gpt.models.list()]
    sizes = {model.id: model.max_input_tokens async for model in claude.models.list()}
    assert sizes["claude-haiku-5-5"] == 200_000


async def test_reasoning_comes_first(
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


async def test_tokens_come_at_their_pace(gpt: openai.AsyncOpenAI) -> None:
    started = time.monotonic()
    chunks = await gpt_chunks(gpt, "pace:200x50")
    assert len(gpt_text(chunks).split()) == 50
    assert 0.25 <= time.monotonic() - started < 1


async def test_it_notes_when_it_sends_a_first_token(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=3, tokens_per_second=20, first_token_after=0.1)
    began = time.perf_counter()
    await gpt_chunks(gpt)
    (noted,) = upstream.first_tokens
    assert began + 0.1 <= noted <= time.perf_counter() - 0.05


async def test_scenarios_queue_up(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS["overloaded"], Scenario(reply="At last."))
    with pytest.raises(openai.InternalServerError):
        await gpt_chunks(gpt)
    await gpt.models.list()
    assert gpt_text(await gpt_chunks(gpt)) == "At last."
    assert gpt_text(await gpt_chunks(gpt)) == "You said: Hi there"


async def test_usage_can_be_missing(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(drop_usage=True)
    assert all(chunk.usage is None for chunk in await gpt_chunks(gpt))


# How it refuses

STATUSES = {
    "wrong_key": (401, "invalid_api_key", 401, "authentication_error"),
    "echo_key": (401, "invalid_api_key", 401, "authentication_error"),
    "no_permission": (403, "model_not_found", 403, "permission_error"),
    "unknown_model": (404, "model_not_found", 404, "not_found_error"),
    "quota": (429, "insufficient_quota", 400, "invalid_request_error"),
    "hf_credit": (402, None, 402, None),
    "rate_limit": (429, "rate_limit_exceeded", 429, "rate_limit_error"),
    "rate_limit_3600": (429, "rate_limit_exceeded", 429, "rate_limit_error"),
    "context_overflow": (400, "context_length_exceeded", 400, "invalid_request_error"),
    "llama_context": (400, "400", 400, "exceed_context_size_error"),
    "overloaded": (503, "server_is_overloaded", 529, "overloaded_error"),
    "server_error": (500, None, 500, "api_error"),
    "html_503": (503, None, 503, None),
}


@pytest.mark.parametrize("name", STATUSES)
async def test_refusals_as_the_services_word_them(
    name: str, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    status, code, claude_status, claude_type = STATUSES[name]
    with pytest.raises(openai.APIStatusError) as refused:
        await gpt_chunks(gpt, f"fault:{name}")
    assert (refused.value.status_code, refused.value.code) == (status, code)
    with pytest.raises(anthropic.APIStatusError) as denied:
        await claude_message(claude, f"fault:{name}")
    assert (denied.value.status_code, denied.value.type) == (claude_status, claude_type)
    assert (KEY in str(refused.value), KEY in str(denied.value)) == (name == "echo_key",) * 2
    if name == "rate_limit_3600":
        assert refused.value.response.headers["retry-after"] == "3600"
        assert denied.value.response.headers["retry-after"] == "3600"


async def test_a_refused_parameter_is_named(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    with pytest.raises(openai.BadRequestError, match="temperature") as refused:
        await gpt_chunks(gpt, "fault:refused_temperature", temperature=0.5)
    assert refused.value.param == "temperature"
    assert gpt_text(await gpt_chunks(gpt, "fault:refused_temperature")) == "You said: Hi there"
    with pytest.raises(openai.BadRequestError, match="stream_options"):
        await gpt_chunks(gpt, "fault:refused_stream_options")


async def test_context_has_a_size(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(context_tokens=10)
    too_long = [{"role": "user", "content": "x" * 44}]
    assert gpt_text(await gpt_chunks(gpt, messages=[{"role": "user", "content": "x" * 40}]))
    with pytest.raises(openai.BadRequestError, match="context length") as refused:
        await gpt_chunks(gpt, messages=too_long)
    assert refused.value.code == "context_length_exceeded"
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long: 11 tokens > 10 maximum"):
        await claude_message(claude, messages=too_long)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "user", "content": " "}],
        [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hi"}],
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi"}],
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    ],
)
async def test_anthropic_is_particular_about_messages(messages: Messages, claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="message"):
        await claude.messages.create(model="any", max_tokens=9, messages=messages)


async def test_the_list_of_models_fails_too(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["wrong_key"]
    with pytest.raises(openai.AuthenticationError):
        await gpt.models.list()
    upstream.scenario = FAULTS["silence_first"]
    with pytest.raises(openai.APITimeoutError):
        await gpt.models.list(timeout=0.2)


async def test_a_redirect_leads_away(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    with pytest.raises(openai.NotFoundError):
        await gpt_chunks(gpt, "fault:redirect")
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions", "/elsewhere"]


# How a stream breaks

SILENT = {"silence_first", "silence_middle", "no_headers"}
BROKEN: dict[str, tuple[type[Exception] | None, type[Exception] | None]] = {
    "silence_first": (openai.APITimeoutError, httpx2.ReadTimeout),
    "silence_middle": (openai.APITimeoutError, httpx2.ReadTimeout),
    "no_headers": (openai.APITimeoutError, anthropic.APITimeoutError),
    "cut": (openai.APIConnectionError, httpx2.RemoteProtocolError),
    "reset": (openai.APIConnectionError, httpx2.ReadError),
    "bad_json": (ValueError, ValueError),
    "bad_utf8": (UnicodeDecodeError, UnicodeDecodeError),
    "overloaded_middle": (openai.APIError, anthropic.APIStatusError),
    "server_error_middle": (openai.APIError, anthropic.APIStatusError),
    "html_page": (None, AssertionError),
    "empty": (None, AssertionError),
    "no_finish": (None, None),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_streams(name: str, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    error, claude_error = BROKEN[name]
    if name in SILENT:
        gpt, claude = gpt.with_options(timeout=0.2), claude.with_options(timeout=0.2)
    with pytest.raises(error) if error else nullcontext():
        await gpt_chunks(gpt, f"fault:{name}")
    with pytest.raises(claude_error) if claude_error else nullcontext():
        await claude_message(claude, f"fault:{name}")


async def text_until_error(stream: openai.AsyncStream[ChatCompletionChunk]) -> str:
    text = ""
    try:
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    except (openai.APIError, ValueError):
        return text
    raise AssertionError("nothing broke")


@pytest.mark.parametrize("name", ["cut", "reset", "bad_json", "bad_utf8", "overloaded_middle"])
async def test_the_text_before_a_break_arrives(name: str, gpt: openai.AsyncOpenAI) -> None:
    stream = await gpt.chat.completions.create(model=f"fault:{name}", messages=HI, stream=True)
    assert await text_until_error(stream) == "word1 word2 word3 word4 word5"


async def test_a_cut_is_not_the_clients_doing(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    for name in ("cut", "reset"):
        with pytest.raises(openai.APIConnectionError):
            await gpt_chunks(gpt, f"fault:{name}")
    await eventually(lambda: upstream.open_streams == 0)
    assert upstream.closed_early == 0


async def test_overloaded_in_the_middle_has_status_200(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.APIStatusError) as failed:
        await claude_message(claude, "fault:overloaded_middle")
    assert (failed.value.status_code, failed.value.type) == (200, "overloaded_error")


FINISHES = {
    "length": ("length", "max_tokens", 12),
    "reasoning_only_length": ("length", "max_tokens", 0),
    "refusal": ("content_filter", "refusal", 2),
    "empty_answer": ("stop", "end_turn", 0),
    "no_finish": (None, None, 12),
}


@pytest.mark.parametrize("name", FINISHES)
async def test_how_answers_finish(name: str, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    reason, claude_reason, words = FINISHES[name]
    chunks = await gpt_chunks(gpt, f"fault:{name}")
    assert (gpt_finish(chunks), len(gpt_text(chunks).split())) == (reason, words)
    message = await claude_message(claude, f"fault:{name}")
    assert message.stop_reason == claude_reason


def test_every_fault_is_tested() -> None:
    others = {"refused_temperature", "refused_stream_options", "redirect"}
    assert FAULTS.keys() == STATUSES.keys() | BROKEN.keys() | FINISHES.keys() | others


# What it notices


async def leave_openai(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="pace:50x500", messages=HI, stream=True)
    async with stream:
        await anext(stream)


async def leave_anthropic(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(model="pace:50x500", max_tokens=9, messages=HI) as stream:
        await anext(stream)


async def test_a_client_that_leaves_is_noticed(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, upstream: FakeUpstream
) -> None:
    for count, leave in enumerate((leave_openai(gpt), leave_anthropic(claude)), start=1):
        await leave
        left = time.monotonic()
        await eventually(lambda: upstream.open_streams == 0)
        assert upstream.closed_early == count
        assert upstream.last_close == pytest.approx(left, abs=0.5)


async def test_a_client_that_stays_is_not_counted(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    running = asyncio.create_task(gpt_chunks(gpt, "pace:100x20"))
    await eventually(lambda: upstream.open_streams == 1)
    await running
    await eventually(lambda: upstream.open_streams == 0)
    assert upstream.closed_early == 0


async def test_it_ends_while_answers_hang() -> None:
    with FakeUpstream(FAULTS["silence_first"]) as upstream:
        client = openai.AsyncOpenAI(api_key=KEY, base_url=upstream.openai_url, max_retries=0)
        hanging = asyncio.create_task(gpt_chunks(client))
        await eventually(lambda: upstream.open_streams == 1)
    with pytest.raises(openai.APIConnectionError):
        await hanging
    await client.close()
