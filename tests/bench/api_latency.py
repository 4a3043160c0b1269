"""What the app adds to a provider's first token, on loopback and beside the SDK alone.

Measured is the time from just before the upstream writes the first token to its socket until the client has the first
`token` event; for the SDK, until it hands over the chunk. Each is asked in turn, over connections that are kept. The
upstream shares this process, and so the interpreter's lock, with both clients; the app has a process of its own.
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

from tests.api import Visitor
from tests.bench.figures import Samples, Summary, load, table
from tests.fake_upstream import FakeUpstream, Scenario
from tests.running import RunningApp, two_providers

BUDGET_MS = 20
QUESTIONS = 40
LONG = 200
"""Messages in the conversation that is not new."""

MESSAGE = "Tell me about the tides, and why there are two of them a day. " * 4
PACES = {
    "token at once": Scenario(tokens=5, tokens_per_second=50),
    "token after 100 ms": Scenario(tokens=5, tokens_per_second=50, first_token_after=0.1),
}
"""With the first the token is on the heels of the headers; with the second the stream stands and is waiting."""

Ask = Callable[[], float]
"""Asks once; returns when the first token was in hand."""


def main() -> None:
    """Measure, print, and keep the figures where they are wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.api_latency", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help=f"for each row, {QUESTIONS} by default")
    options = parser.parse_args()
    before = load()
    samples = measured(options.questions)
    print(f"Milliseconds to the first token, {options.questions} questions each; budget {BUDGET_MS} ms; {before}\n")
    print(_printed(samples))
    if options.json:
        options.json.write_text(json.dumps(_report(samples, before), indent=2) + "\n", "utf-8")


def measured(questions: int) -> dict[str, Samples]:
    """The milliseconds of each question, by what was asked at which pace."""
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
            for name, times in _series(upstream, scenario, asks, questions).items()
        }


def _series(upstream: FakeUpstream, pace: Scenario, asks: Mapping[str, Ask], questions: int) -> dict[str, Samples]:
    """One question of each in turn, so that a busy moment of the machine is no one's alone; the first is to warm up."""
    upstream.scenario = pace
    rounds = [{name: _delay(upstream, ask) for name, ask in asks.items()} for _ in range(questions + 1)]
    return {name: [times[name] for times in rounds[1:]] for name in asks}


def _delay(upstream: FakeUpstream, ask: Ask) -> float:
    asked = len(upstream.first_tokens)
    received = ask()
    (written,) = upstream.first_tokens[asked:]
    return (received - written) * 1000


def _first_token(visitor: Visitor, conversation_id: str | None) -> float:
    """Ask the app, and read the answer to its end, which keeps the connection."""
    received = 0.0
    body = {"message": MESSAGE, "conversation_id": conversation_id}
    with visitor.watching("POST", "/chat/stream", json=body) as answer:
        for event in answer:
            if event.name == "token" and not received:
                received = time.perf_counter()
            elif event.name == "start":
                conversation_id = event.data["conversation_id"]
    assert received, "no token came"
    visitor.call("DELETE", f"/conversations/{conversation_id}").raise_for_status()
    return received


def _in_long_conversation(visitor: Visitor) -> Ask:
    """Asks in a copy of one conversation, so that it is as long for each question."""
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
        assert received, "no token came"
        return received

    with asyncio.Runner() as runner:
        yield lambda: runner.run(ask())
        runner.run(client.close())


def _printed(samples: Mapping[str, Samples]) -> str:
    rows = [(name, *(f"{value:.1f}" for value in Summary.of(times))) for name, times in samples.items()]
    return table(("", "median", "p95", "worst"), rows)


def _report(samples: Mapping[str, Samples], load_before: str) -> dict[str, Any]:
    rows = {name: Summary.of(times)._asdict() | {"all": times} for name, times in samples.items()}
    return {"unit": "ms", "budget": BUDGET_MS, "machine": load_before, "rows": rows}


if __name__ == "__main__":
    main()
