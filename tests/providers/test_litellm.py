"""Answers and failures through LiteLLM's real proxy, on both protocols, from the question to the next request."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chatbot.types import FinishReason, ProviderName, Status, StoredMessage
from tests.conftest import MakeSettings
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.litellm_proxy import INSTALL_SECONDS, KEY, START_SECONDS, litellm_proxy
from tests.support.reply_setup import ReplySetup

pytestmark = [pytest.mark.tier2, pytest.mark.timeout(INSTALL_SECONDS + START_SECONDS)]

ROUTES: list[tuple[ProviderName, str]] = [
    ("compatible", "openai"),
    ("compatible", "anthropic"),
    ("anthropic", "anthropic"),
    ("anthropic", "openai"),
    ("anthropic", "vllm"),
]
"""The app's provider, and what the proxy speaks to the server behind it."""

PARTIAL = "word1 word2 word3 word4 word5"


@dataclass(frozen=True)
class Case:
    """What the server behind the proxy does, and how the answer is stored. `sentence` is the key of the error's text
    without `failure.provider_`."""

    upstream: Scenario
    sentence: str = ""
    status: Status = "failed"
    finish: FinishReason = "interrupted"
    text: str = ""
    reasoning: str = ""


CASES = {
    "a good answer": Case(Scenario(tokens=12), "", "complete", "stop", PARTIAL),
    "reasoning": Case(Scenario(reasoning=3, tokens=12), "", "complete", "stop", PARTIAL, "word1 word2 word3"),
    "the longest answer": Case(FAULTS["length"], "", "complete", "length", PARTIAL),
    "a rate limit": Case(FAULTS["rate_limit_3600"], "rate_limited"),
    "no credit": Case(FAULTS["quota"], "quota"),
    "a bad key": Case(FAULTS["wrong_key"], "invalid_key"),
    "no permission": Case(FAULTS["no_permission"], "permission"),
    "an unknown model": Case(FAULTS["unknown_model"], "unknown_model"),
    "an overflow": Case(FAULTS["context_overflow"], "context_overflow"),
    "overloaded": Case(FAULTS["overloaded"], "unavailable.overloaded"),
    "overloaded in the stream": Case(
        FAULTS["overloaded_middle"], "unavailable.overloaded", "interrupted", "interrupted", PARTIAL
    ),
    "an error in the stream": Case(
        FAULTS["server_error_middle"], "unavailable.overloaded", "interrupted", "interrupted", PARTIAL
    ),
    "an empty answer": Case(FAULTS["empty_answer"], "empty_answer"),
}


@pytest.fixture(scope="module")
def proxy(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with litellm_proxy(
        upstream_server.openai_url, upstream_server.anthropic_url, tmp_path_factory.mktemp("litellm")
    ) as url:
        yield url


@pytest.fixture
async def behind_proxy(proxy: str, settings: MakeSettings, upstream: FakeUpstream) -> AsyncIterator[ReplySetup]:
    keys = {"compatible_api_key": KEY, "anthropic_api_key": KEY}
    replies_setup = ReplySetup(settings(compatible_base_url=f"{proxy}/v1", anthropic_base_url=proxy, **keys))
    yield replies_setup
    await replies_setup.close()


@pytest.mark.parametrize(("provider", "behind"), ROUTES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_an_answer_is_read_stored_and_followed(
    case: Case, provider: ProviderName, behind: str, behind_proxy: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = case.upstream
    conversation_id, answer = await behind_proxy.answer("One", provider=provider, model=f"{behind}/any")
    assert (answer.status, answer.finish_reason) == (case.status, case.finish)
    assert answer.content.startswith(case.text)
    assert answer.reasoning == case.reasoning
    assert _sentence(answer) == case.sentence
    upstream.reset()
    _, after = await behind_proxy.answer("Two", conversation_id, provider=provider, model=f"{behind}/any")
    assert after.status == "complete"
    sent = [each["role"] for each in upstream.requests[-1].body["messages"] if each["role"] != "system"]
    assert sent == (["user", "assistant", "user"] if answer.content else ["user"])


@pytest.mark.parametrize(("provider", "behind"), ROUTES)
async def test_a_conversation_that_is_too_long_is_shortened(
    provider: ProviderName, behind: str, behind_proxy: ReplySetup, upstream: FakeUpstream
) -> None:
    chosen = {"provider": provider, "model": f"{behind}/any"}
    conversation_id, _ = await behind_proxy.answer("A long story about a knee. " * 20, **chosen)
    upstream.scenario = Scenario(context_tokens=100)
    _, answer = await behind_proxy.answer("And now?", conversation_id, **chosen)
    assert (answer.status, answer.content) == ("complete", "You said: And now?")


@pytest.mark.parametrize("provider", ["compatible", "anthropic"])
@pytest.mark.parametrize(
    ("key", "model", "sentence"),
    [("sk-nonsense", "openai/any", "invalid_key"), (KEY, "no-such-model", "unknown_model")],
)
async def test_what_the_proxy_itself_refuses_has_its_own_sentence(
    key: str, model: str, sentence: str, provider: ProviderName, proxy: str, settings: MakeSettings
) -> None:
    keys = {"compatible_api_key": key, "anthropic_api_key": key}
    replies_setup = ReplySetup(settings(compatible_base_url=f"{proxy}/v1", anthropic_base_url=proxy, **keys))
    _, answer = await replies_setup.answer("One", provider=provider, model=model)
    assert _sentence(answer) == sentence
    await replies_setup.close()


def _sentence(answer: StoredMessage) -> str:
    """The key of the error's text, which may stand inside a recommendation of other providers."""
    text: dict[str, Any] = dict(answer.fault.text) if answer.fault else {"key": ""}
    return str(text.get("sentence", text)["key"]).removeprefix("failure.provider_")
