"""Latency that the app adds to a provider's first token, on loopback, compared to the SDK alone.

Measures the time from just before the upstream sends the first token until the client has the first `token` event; for
the SDK, until it yields the chunk. The clients take turns and reuse their connections. The upstream shares this process
and its interpreter lock with both clients; the app has its own process.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import openai

from tests.bench.figures import Samples, Summary, load, table
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor
from tests.support.running import RunningApp, two_providers

BUDGET_MS = 20
QUESTIONS = 40
LONG = 200
"""Messages in the long conversation."""

MESSAGE = "Tell me about the tides, and why there are two of them a day. " * 4
PACES = {
    "token at once": Scenario(tokens=5, tokens_per_second=50),
    "token after 100 ms": Scenario(tokens=5, tokens_per_second=50, first_token_after=0.1),
}
"""In the first the token directly follows the headers; in the second the stream is already open and idle."""

Ask = Callable[[], float]
"""Sends one question; returns the time at which the first token was received."""


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.api_latency", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help=f"per row, {QUESTIONS} by default")
    options = parser.parse_args()
    before = load()
    samples = measure(options.questions)
    print(f"Milliseconds to the first token, {options.questions} questions each; budget {BUDGET_MS} ms; {before}\n")
    print(_format_table(samples))
    if options.json:
        options.json.write_text(json.dumps(_report(samples, before), indent=2) + "\n", "utf-8")


def measure(questions: int) -> dict[str, Samples]:
    """Returns the milliseconds of each question by client and pace."""
    with ExitStack() as stack:
        upstream = stack.enter_context(FakeUpstream())
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app = stack.enter_context(RunningApp(data, two_providers(upstream) | {"CHATBOT_MESSAGES_PER_MINUTE": "0"}))
        visitor = stack.enter_context(Visitor(app.url))
        visitor.token = visitor.call("POST", "/session").json()["token"]
        asks: dict[str, Ask] = {
            "SDK alone": stack.enter_context(_sdk(upstream)),
            "app": lambda: _first_token(visitor, None),
            f"app, {LONG} messages": _in_long_conversation(visitor),
        }
        return {
            f"{name}, {pace}": times
            for pace, scenario in PACES.items()
            for name, times in _run_rounds(upstream, scenario, asks, questions).items()
        }


def _run_rounds(upstream: FakeUpstream, pace: Scenario, asks: Mapping[str, Ask], questions: int) -> dict[str, Samples]:
    """Asks each client in turn, so that other load affects all of them; drops the first round, a warm-up."""
    upstream.scenario = pace
    rounds = [{name: _measure_delay(upstream, ask) for name, ask in asks.items()} for _ in range(questions + 1)]
    return {name: [times[name] for times in rounds[1:]] for name in asks}


def _measure_delay(upstream: FakeUpstream, ask: Ask) -> float:
    count = len(upstream.first_tokens)
    received = ask()
    (sent,) = upstream.first_tokens[count:]
    return (received - sent) * 1000


def _first_token(visitor: Visitor, conversation_id: str | None) -> float:
    """Asks the app and reads the answer to its end, so that the connection can be reused."""
    received = 0.0
    body = {"message": MESSAGE, "conversation_id": conversation_id}
    with visitor.watching("POST", "/chat/stream", json=body) as answer:
        for event in answer:
            if event.name == "token" and not received:
                received = time.perf_counter()
            elif event.name == "start":
                conversation_id = event.data["conversation_id"]
    assert received, "no token was received"
    visitor.call("DELETE", f"/conversations/{conversation_id}").raise_for_status()
    return received


def _in_long_conversation(visitor: Visitor) -> Ask:
    """Returns an Ask that uses a copy of one conversation, so that its length is always the same."""
    conversation_id = None
    for _ in range(LONG // 2):
        conversation_id = visitor.chat(MESSAGE, conversation_id=conversation_id)["conversation_id"]
    file = visitor.get(f"/conversations/{conversation_id}/export")
    visitor.call("DELETE", f"/conversations/{conversation_id}").raise_for_status()

    def ask() -> float:
        copy = visitor.call("POST", "/conversations/import", json=file).raise_for_status().json()
        assert copy["message_count"] == LONG
        return _first_token(visitor, copy["conversation_id"])

    return ask


@contextmanager
def _sdk(upstream: FakeUpstream) -> Iterator[Ask]:
    client = openai.AsyncOpenAI(api_key="sk-test", base_url=upstream.openai_url)

    async def ask() -> float:
        received = 0.0
        messages: list[Any] = [{"role": "user", "content": MESSAGE}]
        async for chunk in await client.chat.completions.create(model="gpt-6", messages=messages, stream=True):
            if chunk.choices and chunk.choices[0].delta.content and not received:
                received = time.perf_counter()
        assert received, "no token was received"
        return received

    with asyncio.Runner() as runner:
        yield lambda: runner.run(ask())
        runner.run(client.close())


def _format_table(samples: Mapping[str, Samples]) -> str:
    rows = [(name, *(f"{value:.1f}" for value in Summary.of(times))) for name, times in samples.items()]
    return table(("", "median", "p95", "worst"), rows)


def _report(samples: Mapping[str, Samples], load_before: str) -> dict[str, Any]:
    rows = {name: Summary.of(times)._asdict() | {"all": times} for name, times in samples.items()}
    return {"unit": "ms", "budget": BUDGET_MS, "machine": load_before, "rows": rows}


if __name__ == "__main__":
    main()
