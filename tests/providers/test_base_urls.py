"""Base URLs in the forms in which people paste them."""

import pytest

from chatbot.providers import connect
from chatbot.types import Message, ProviderName, Request
from tests.conftest import MakeSettings
from tests.fake_upstream import FakeUpstream

HELLO = Request("any-model", (Message("user", "Hello"),))
OPENAI_CALLS = ["/v1/models", "/v1/chat/completions"]
ANTHROPIC_CALLS = ["/v1/models", "/v1/messages"]


async def called(name: ProviderName, url: str, settings: MakeSettings, upstream: FakeUpstream) -> list[str]:
    """The paths and queries of a list and an answer of the provider at that base URL."""
    provider = connect(name, settings(**{f"{name}_base_url": f"http://127.0.0.1:{upstream.port}{url}"}))
    await provider.models()
    text = "".join([delta.text async for delta in provider.stream(HELLO)])
    await provider.aclose()
    assert text
    return [f"{each.path}?{each.query}".removesuffix("?") for each in upstream.all_requests]


@pytest.mark.parametrize("name", ["openai", "compatible"])
@pytest.mark.parametrize("url", ["/v1", "/v1/", "/v1//", "/v1/chat/completions", "/v1/chat/completions/", "/v1#top"])
async def test_the_path_of_an_openai_call_is_right(
    name: ProviderName, url: str, settings: MakeSettings, upstream: FakeUpstream
) -> None:
    assert await called(name, url, settings, upstream) == OPENAI_CALLS


@pytest.mark.parametrize("url", ["", "/", "/v1", "/v1/", "/v1/messages"])
async def test_anthropics_address_may_end_with_the_version(
    url: str, settings: MakeSettings, upstream: FakeUpstream
) -> None:
    calls = await called("anthropic", url, settings, upstream)
    assert [call.partition("?")[0] for call in calls] == ANTHROPIC_CALLS


@pytest.mark.parametrize("name", ["openai", "compatible", "anthropic"])
async def test_the_query_of_an_address_goes_with_every_call(
    name: ProviderName, settings: MakeSettings, upstream: FakeUpstream
) -> None:
    query = "api-version=2024-10-21&empty=&sp=a%20b"
    calls = await called(name, f"/v1?{query}", settings, upstream)
    assert [call.partition("?")[0] for call in calls] == (ANTHROPIC_CALLS if name == "anthropic" else OPENAI_CALLS)
    for call in calls:
        for part in ("api-version=2024-10-21", "empty=", "sp=a+b"):
            assert part in call.replace("%20", "+")
