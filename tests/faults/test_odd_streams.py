"""The bytes of streams.json: what servers make of the two protocols, read through the app's own engine."""

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine import ChatEngine
from chatbot.errors import ProviderError
from tests.conftest import OpenProvider
from tests.fake_upstream import FakeUpstream, Scenario

STREAMS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("streams.json").read_text(encoding="utf-8"))
"""Each has a `body`, its `text` and `reasoning`, and its `ending`: a finish reason, or the name of an error."""


@pytest.mark.parametrize("stream", STREAMS, ids=[stream["name"] for stream in STREAMS])
async def test_an_odd_stream_is_read(
    stream: dict[str, Any], open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(body=stream["body"])
    text, reasoning, ending = "", "", ""
    try:
        async with aclosing(ChatEngine(open_provider(stream["provider"]), model="any").chat_stream("Hello")) as deltas:
            async for delta in deltas:
                text, reasoning = text + delta.text, reasoning + delta.reasoning
                ending = delta.finish.reason if delta.finish else ending
    except ProviderError as error:
        ending = type(error).__name__
    assert (text, reasoning, ending) == (stream["text"], stream["reasoning"], stream["ending"])
