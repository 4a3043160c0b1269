"""A real HTTP server on loopback with OpenAI's and Anthropic's wire formats. It fails on demand.

The SDKs under test connect to it over real sockets; nothing is mocked.

    with FakeUpstream() as upstream:
        upstream.queue(FAULTS["rate_limit"], Scenario(reply="At last."))
        client = AsyncOpenAI(base_url=upstream.openai_url, api_key="sk-test", max_retries=0)
"""

from tests.fake_upstream.faults import FAULTS
from tests.fake_upstream.scenarios import Scenario
from tests.fake_upstream.server import FakeUpstream, Received

__all__ = ["FAULTS", "FakeUpstream", "Received", "Scenario"]
