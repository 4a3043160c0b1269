"""Fixtures: both SDKs as clients of the upstream."""

import ssl
from collections.abc import AsyncIterator

import anthropic
import openai
import pytest

from tests.fake_upstream import FakeUpstream
from tests.fake_upstream.sdks import KEY

# Avoids loading the system's certificates, which takes 20 ms for each client.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
async def gpt(upstream: FakeUpstream) -> AsyncIterator[openai.AsyncOpenAI]:
    """OpenAI's SDK, connected to the upstream."""
    http = openai.DefaultAsyncHttpxClient(verify=NO_TLS)
    url = upstream.openai_url
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0, http_client=http) as client:
        yield client


@pytest.fixture
async def claude(upstream: FakeUpstream) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """Anthropic's SDK, connected to the upstream."""
    http = anthropic.DefaultAsyncHttpxClient(verify=NO_TLS)
    url = upstream.anthropic_url
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0, http_client=http) as client:
        yield client
