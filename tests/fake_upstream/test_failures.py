"""The fake upstream with the real SDKs: refusals and broken streams."""

from contextlib import nullcontext

import anthropic
import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.fake_upstream.sdks import HI, KEY, Messages, claude_message, gpt_chunks, gpt_finish, gpt_text
from tests.support.reply_setup import until

pytestmark = pytest.mark.tier2

# Refusals

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
async def test_refusals_match_those_of_the_services(
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


async def test_a_refused_parameter_is_in_the_error(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    with pytest.raises(openai.BadRequestError, match="temperature") as refused:
        await gpt_chunks(gpt, "fault:refused_temperature", temperature=0.5)
    assert refused.value.param == "temperature"
    assert gpt_text(await gpt_chunks(gpt, "fault:refused_temperature")) == "You said: Hi there"
    with pytest.raises(openai.BadRequestError, match="stream_options"):
        await gpt_chunks(gpt, "fault:refused_stream_options")


async def test_context_window_is_limited(
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
async def test_anthropic_refuses_invalid_messages(messages: Messages, claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="message"):
        await claude.messages.create(model="any", max_tokens=9, messages=messages)


async def test_the_list_of_models_can_fail(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["wrong_key"]
    with pytest.raises(openai.AuthenticationError):
        await gpt.models.list()
    upstream.scenario = FAULTS["silence_first"]
    with pytest.raises(openai.APITimeoutError):
        await gpt.models.list(timeout=0.2)


async def test_a_redirect_is_followed(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    with pytest.raises(openai.NotFoundError):
        await gpt_chunks(gpt, "fault:redirect")
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions", "/moved"]


# Broken streams

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
async def test_broken_streams_raise(name: str, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    error, claude_error = BROKEN[name]
    if name in SILENT:
        gpt, claude = gpt.with_options(timeout=0.5), claude.with_options(timeout=0.5)
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
    raise AssertionError("the stream did not break")


@pytest.mark.parametrize("name", ["cut", "reset", "bad_json", "bad_utf8", "overloaded_middle"])
async def test_text_before_a_break_arrives(name: str, gpt: openai.AsyncOpenAI) -> None:
    stream = await gpt.chat.completions.create(model=f"fault:{name}", messages=HI, stream=True)
    assert await text_until_error(stream) == "word1 word2 word3 word4 word5"


async def test_a_cut_is_not_counted_as_a_disconnection(gpt: openai.AsyncOpenAI, upstream: FakeUpstream) -> None:
    for name in ("cut", "reset"):
        with pytest.raises(openai.APIConnectionError):
            await gpt_chunks(gpt, f"fault:{name}")
    await until(lambda: upstream.open_streams == 0)
    assert upstream.closed_early == 0


async def test_an_error_inside_a_stream_has_status_200(claude: anthropic.AsyncAnthropic) -> None:
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
async def test_finish_reasons(name: str, gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    reason, claude_reason, words = FINISHES[name]
    chunks = await gpt_chunks(gpt, f"fault:{name}")
    assert (gpt_finish(chunks), len(gpt_text(chunks).split())) == (reason, words)
    message = await claude_message(claude, f"fault:{name}")
    assert message.stop_reason == claude_reason


def test_every_fault_is_tested() -> None:
    others = {"refused_temperature", "refused_stream_options", "redirect"}
    assert FAULTS.keys() == STATUSES.keys() | BROKEN.keys() | FINISHES.keys() | others
