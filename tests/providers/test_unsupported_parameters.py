"""Parameters that a model refuses: dropped, retried without, and remembered for that model alone."""

from contextlib import aclosing

import pytest

from chatbot.errors import RequestRefused
from chatbot.providers import Provider, traits
from chatbot.providers.unsupported_parameters import MAX_MODELS, UnsupportedParameters
from chatbot.types import Message, ProviderName, Request, Usage
from tests.conftest import OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario


@pytest.fixture(params=["openai", "compatible"])
def provider(request: pytest.FixtureRequest, open_provider: OpenProvider) -> Provider:
    return open_provider(request.param)


async def ask(provider: Provider, model: str = "one", max_tokens: int = 50) -> Usage | None:
    request = Request(model, (Message("user", "Hi"),), "", max_tokens, 0.5)
    usage = None
    async with aclosing(provider.stream(request)) as deltas:
        async for delta in deltas:
            usage = delta.finish.usage if delta.finish else usage
    return usage


@pytest.mark.parametrize("parameter", ["temperature", "stream_options"])
async def test_a_refused_parameter_is_dropped_and_remembered(
    parameter: str, provider: Provider, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[f"refused_{parameter}"]
    for _ in range(2):
        await ask(provider)
    assert [parameter in request.body for request in upstream.requests] == [True, False, False]


async def test_a_refused_parameter_is_still_sent_to_other_models(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.queue(FAULTS["refused_temperature"], FAULTS["refused_temperature"])
    await ask(provider)
    await ask(provider, model="another")
    assert "temperature" in upstream.requests[-1].body


async def test_several_refused_parameters_are_dropped_one_by_one(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(refuse_parameters=("stream_options", "temperature"))
    assert await ask(provider) == Usage(None, None)
    assert len(upstream.requests) == 3


async def test_a_refused_length_parameter_is_sent_by_its_other_name(provider: Provider, upstream: FakeUpstream) -> None:
    names = ["max_tokens", "max_completion_tokens"]
    if provider.label == "OpenAI":
        names.reverse()
    upstream.scenario = Scenario(refuse_parameters=(names[0],))
    await ask(provider)
    first, second = (request.body for request in upstream.requests)
    assert [name for name in names if name in first] == names[:1]
    assert [name for name in names if name in second] == names[1:]
    assert second[names[1]] == 50


LENGTH_REFUSALS = [
    ("{name} is too large: 50. This model supports at most 32 completion tokens.", 32),
    ("Invalid {name} value, the valid range of {name} is [1, 32]", 32),
    ("{name}: 50 > 32, which is the maximum allowed number of output tokens", 32),
    ("`{name}` must be less than or equal to `32`", 32),
    ("The value of {name} is 50 but the supported range is from 1 (inclusive) to 33 (exclusive).", 32),
    ("This model's maximum context length is 40 tokens. However, you requested 60 tokens (10 in the messages, 50 in "
     "the completion).", 30),
    ("`inputs` tokens + `max_new_tokens` must be <= 40. Given: 10 `inputs` tokens and 50 `max_new_tokens`", 30),
    ("{name} is out of range", 25),
]  # fmt: skip
"""A server's words, and the longest answer that is asked for instead of 50 tokens."""


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(("message", "longest"), LENGTH_REFUSALS)
async def test_a_length_that_is_too_large_is_shortened_for_that_request_only(
    message: str, longest: int, status: int, provider: Provider, upstream: FakeUpstream
) -> None:
    name = "max_completion_tokens" if provider.label == "OpenAI" else "max_tokens"
    error = {"message": message.format(name=name), "type": "invalid_request_error", "param": None, "code": None}
    upstream.queue(Scenario(status=status, body={"error": error}))
    for _ in range(2):
        await ask(provider)
    assert [request.body[name] for request in upstream.requests] == [50, longest, 50]


async def test_the_longest_answer_is_never_dropped_for_a_value(provider: Provider, upstream: FakeUpstream) -> None:
    name = "max_completion_tokens" if provider.label == "OpenAI" else "max_tokens"
    upstream.scenario = Scenario(status=400, body={"error": {"message": f"Strange {name}", "type": "bad"}})
    with pytest.raises(RequestRefused):
        await ask(provider)
    assert [request.body[name] for request in upstream.requests] == [50]


@pytest.mark.parametrize(
    "message",
    [
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
        "temperature: Input should be less than or equal to 1",
        "temperature must be non-negative, got -1.0.",
    ],
)
async def test_a_temperature_out_of_bounds_does_not_drop_the_parameter(
    message: str, provider: Provider, upstream: FakeUpstream
) -> None:
    error = {"message": message, "type": "invalid_request_error", "param": "temperature", "code": None}
    upstream.queue(Scenario(status=400, body={"error": error}))
    with pytest.raises(RequestRefused):
        await ask(provider)
    await ask(provider)
    assert "temperature" in upstream.requests[-1].body


async def test_a_validation_error_names_the_refused_parameter(
    open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    error = {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}
    upstream.queue(Scenario(status=422, body=error))
    await ask(open_provider("compatible"))
    assert ["stream_options" in request.body for request in upstream.requests] == [True, False]


async def test_effort_is_sent_in_the_form_of_each_protocol(open_provider: OpenProvider, upstream: FakeUpstream) -> None:
    request = Request("one", (Message("user", "Hi"),), effort="low")
    for name in ("openai", "anthropic"):
        async with aclosing(open_provider(name).stream(request)) as deltas:
            assert [delta async for delta in deltas]
    first, second = (request.body for request in upstream.requests)
    assert first["reasoning_effort"] == "low"
    assert second["output_config"] == {"effort": "low"}
    assert second["thinking"]["type"] == "adaptive"


@pytest.mark.parametrize(
    ("name", "parameter"), [("openai", "reasoning_effort"), ("anthropic", "output_config"), ("anthropic", "thinking")]
)
async def test_a_refused_effort_is_dropped_and_remembered(
    name: ProviderName, parameter: str, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(refuse_parameters=(parameter,))
    message = "This model does not support the effort parameter."
    if parameter == "output_config":
        upstream.queue(Scenario(status=400, message=message))
    provider = open_provider(name)
    request = Request("one", (Message("user", "Hi"),), effort="high")
    for _ in range(2):
        async with aclosing(provider.stream(request)) as deltas:
            assert [delta async for delta in deltas]
    assert [parameter in request.body for request in upstream.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("provider", "model", "takes"),
    [
        ("openai", "gpt-6-luna", True),
        ("openai", "o3", True),
        ("openai", "gpt-4o-mini", False),
        ("openai", "gpt-5-chat-latest", False),
        ("anthropic", "claude-haiku-5-5", True),
        ("anthropic", "claude-opus-4-6", True),
        ("anthropic", "claude-haiku-4-5", False),
        ("huggingface", "openai/gpt-oss-20b", True),
        ("compatible", "llama3.2", False),
        ("compatible", "qwen3:8b", True),
        ("local", "SmolLM2-135M-Instruct", False),
    ],
)
def test_models_that_take_an_effort_are_known(provider: ProviderName, model: str, takes: bool) -> None:
    assert traits(provider, model).takes_effort is takes


async def test_a_refused_required_parameter_is_not_retried(provider: Provider, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(refuse_parameters=("messages",))
    with pytest.raises(RequestRefused):
        await ask(provider)
    assert len(upstream.requests) == 1


def test_remembered_model_names_are_limited() -> None:
    refusals = UnsupportedParameters()
    for number in range(MAX_MODELS + 100):
        assert refusals.of(f"made up {number}") == set()
        refusals.add(f"model {number}", "temperature")
        refusals.add(f"model {number}", "effort")
    remembered = [number for number in range(MAX_MODELS + 100) if refusals.of(f"model {number}")]
    assert remembered == [*range(100, MAX_MODELS + 100)]
    assert refusals.of("model 100") == {"temperature", "effort"}
