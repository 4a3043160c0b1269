"""ChatEngine: whole and streamed answers of any provider, in valid Unicode."""

from contextlib import aclosing

import pytest

from chatbot.engine import ChatEngine
from chatbot.errors import EmptyAnswer, ProviderError, StreamCutOff
from chatbot.types import Completion, Delta, Finish, Message
from tests.conftest import OpenProvider
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import until


@pytest.fixture(params=["openai", "anthropic"])
def engine(request: pytest.FixtureRequest, open_provider: OpenProvider) -> ChatEngine:
    return ChatEngine(open_provider(request.param), model="any-model")


async def streamed(engine: ChatEngine) -> list[Delta]:
    async with aclosing(engine.chat_stream("Hi")) as deltas:
        return [delta async for delta in deltas]


async def test_a_whole_answer_equals_the_joined_stream(engine: ChatEngine, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(reasoning=("Hm", "…"), tokens=("Grüß", " dich", ", 世界", "!"))
    completion = await engine.chat("Hi")
    assert completion == Completion("Grüß dich, 世界!", "Hm…", Finish("stop", completion.finish.usage))
    assert completion.finish.usage.output_tokens == 6
    assert "".join(delta.text for delta in await streamed(engine)) == str(completion) == completion.text


async def test_a_string_is_sent_as_one_user_message(engine: ChatEngine, upstream: FakeUpstream) -> None:
    await engine.chat("My name is Alice.")
    await engine.chat([Message("user", "My name is Alice.")])
    first, second = (request.body for request in upstream.requests)
    assert first == second
    assert first["messages"][-1] == {"role": "user", "content": "My name is Alice."}


async def test_the_engines_options_are_sent(open_provider: OpenProvider, upstream: FakeUpstream) -> None:
    engine = ChatEngine(open_provider("compatible"), model="m", temperature=0.0, max_tokens=7, system_prompt="Rhyme.")
    await engine.chat("Hi")
    body = upstream.requests[0].body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("m", 0.0, 7)
    assert body["messages"][0] == {"role": "system", "content": "Rhyme."}


async def test_an_empty_answer_is_an_error(engine: ChatEngine, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["empty_answer"]
    with pytest.raises(EmptyAnswer, match=engine.provider.label):
        await engine.chat("Hi")


async def test_an_answer_with_only_reasoning_is_an_error(engine: ChatEngine, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(reasoning=5, tokens=())
    with pytest.raises(EmptyAnswer):
        await engine.chat("Hi")


async def test_a_limit_spent_on_reasoning_is_not_an_error(engine: ChatEngine, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["reasoning_only_length"]
    completion = await engine.chat("Hi")
    assert completion.finish.reason == "length"
    assert completion.text == ""
    assert completion.reasoning


async def test_a_cut_off_answer_is_an_error(engine: ChatEngine, upstream: FakeUpstream) -> None:
    upstream.scenario = FAULTS["cut"]
    with pytest.raises(StreamCutOff):
        await engine.chat("Hi")


async def test_closing_the_stream_ends_the_generation(engine: ChatEngine, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=50)
    async with aclosing(engine.chat_stream("Hi")) as deltas:
        await anext(deltas)
    await until(lambda: upstream.closed_early == 1)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (("Hi \ud83d", "\ude00!"), ["Hi ", "😀!"]),
        (("\ud83d", "", "\ude00"), ["", "😀"]),
        (("\ud83d\ude00 and 😀",), ["😀 and 😀"]),
        (("\ud83d", "\ude00\ud83d", "\ude00"), ["", "😀", "😀"]),
        (("lone \ud83d", " first"), ["lone ", "\ufffd first"]),
        (("lone \ude00 second",), ["lone \ufffd second"]),
        (("lone last \ud83d",), ["lone last ", "\ufffd"]),
        (("\ud83d", "\ud83d", "\ude00"), ["", "\ufffd", "😀"]),
        (("Zwölf", " 世界", "\ufeff \u0000"), ["Zwölf", " 世界", "\ufeff \u0000"]),
    ],
)
@pytest.mark.parametrize("kind", ["text", "reasoning"])
async def test_a_split_surrogate_pair_is_joined(
    kind: str, sent: tuple[str, ...], expected: list[str], engine: ChatEngine, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=sent) if kind == "text" else Scenario(reasoning=sent, tokens=("Yes",))
    chunks = [getattr(delta, kind) for delta in await streamed(engine)]
    assert [piece for piece in chunks if piece] == [piece for piece in expected if piece]
    "".join(chunks).encode()


async def test_a_lone_surrogate_is_sent_as_a_replacement_character(engine: ChatEngine, upstream: FakeUpstream) -> None:
    engine.system_prompt = "Half \ud83d"
    completion = await engine.chat("A half \ud83d and a pair \ud83d\ude00")
    assert "A half \ufffd and a pair 😀" in completion.text
    assert "Half \ufffd" in str(upstream.requests[0].body)


async def test_the_engine_closes_the_providers_connections(open_provider: OpenProvider) -> None:
    async with ChatEngine(open_provider("compatible"), model="any-model") as engine:
        await engine.chat("Hi")
    with pytest.raises(ProviderError):
        await engine.chat("Hi again")
