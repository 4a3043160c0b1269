"""Time from Stop to the end of the connection to the upstream, before the first token and in the middle.

The time starts just before the stop and ends when the upstream detects the disconnection.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Literal, get_args

from chatbot.settings import Settings
from chatbot.types import ProviderName
from tests.bench.figures import Summary, load, table
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup, until

BUDGET_MS = 100
STOPS = 50
PROVIDERS: tuple[ProviderName, ...] = ("openai", "compatible", "anthropic")

Moment = Literal["first", "middle"]
SCENARIOS = {"first": FAULTS["silence_first"], "middle": Scenario(tokens=999, tokens_per_second=50)}


async def seconds_to_close(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName, when: Moment
) -> float:
    """Starts an answer and stops it at that moment; returns the seconds until the upstream's stream is closed."""
    upstream.scenario = SCENARIOS[when]
    reply = await replies_setup.say("Count.", provider=provider)
    await until(lambda: upstream.open_streams == 1 and (when == "first" or reply.snapshot().content))
    stopped = time.monotonic()
    await replies_setup.stop(reply)
    await until(lambda: upstream.open_streams == 0)
    assert upstream.last_close
    return upstream.last_close - stopped


def main() -> None:
    """Measures and prints a line for each provider and moment."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stop", description=__doc__)
    parser.add_argument("--stops", type=int, default=STOPS, help=f"per row, {STOPS} by default")
    options = parser.parse_args()
    before = load()
    rows = asyncio.run(_measure(options.stops))
    print(f"Milliseconds from Stop to the upstream's close, {options.stops} stops each; budget {BUDGET_MS}; {before}\n")
    print(table(("", "median", "p95", "worst"), rows))


async def _measure(stops: int) -> list[tuple[str, ...]]:
    with FakeUpstream() as upstream, tempfile.TemporaryDirectory() as folder:
        replies_setup = ReplySetup(_settings(upstream, Path(folder)))
        rows = []
        for provider in PROVIDERS:
            for when in get_args(Moment):
                times = [
                    1000 * await seconds_to_close(replies_setup, upstream, provider, when) for _ in range(stops + 1)
                ]
                summary = Summary.of(times[1:])  # without the warm-up
                rows.append((f"{provider}, {when}", *(f"{value:.1f}" for value in summary)))
        await replies_setup.close()
    return rows


def _settings(upstream: FakeUpstream, folder: Path) -> Settings:
    keys = {f"{name}_api_key": "sk-test" for name in PROVIDERS}
    urls = {f"{name}_base_url": upstream.openai_url for name in PROVIDERS} | {
        "anthropic_base_url": upstream.anthropic_url
    }
    rest = {"local_model": "off", "chatbot_messages_per_minute": 0, "chatbot_data_dir": folder, "_env_file": None}
    return Settings.load(**keys | urls | rest)


if __name__ == "__main__":
    main()
