"""A process that only streams answers with the SDK: the lower bound for every app.

`python -m tests.bench.sdk_alone BASE_URL MODEL COUNT` prints a `Floor` as JSON.
"""

import asyncio
import json
import os
import sys
import time
from statistics import median
from typing import NamedTuple

import openai


class Floor(NamedTuple):
    """Seconds to the first token (median), seconds of the slowest answer, CPU seconds per answer."""

    first: float
    slowest: float
    cpu: float


async def run_sdk(upstream: str, model: str, count: int) -> Floor:
    """Runs that process against an upstream; returns its figures."""
    command = [sys.executable, "-m", "tests.bench.sdk_alone", f"{upstream}/v1", model, str(count)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return Floor(*json.loads(output))


async def main(base_url: str, model: str, count: int) -> None:
    """Streams one answer as a warm-up, then all at once."""
    client = openai.AsyncOpenAI(api_key="sk-test", base_url=base_url)
    await _ask(client, "pace:50x5")
    before = os.times()
    times = await asyncio.gather(*(_ask(client, model) for _ in range(count)))
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    firsts, totals = zip(*times, strict=True)
    print(json.dumps(Floor(median(firsts), max(totals), cpu / count)))


async def _ask(client: openai.AsyncOpenAI, model: str) -> tuple[float, float]:
    started = time.perf_counter()
    first = 0.0
    async for chunk in await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello"}], stream=True
    ):
        if chunk.choices and chunk.choices[0].delta.content:
            first = first or time.perf_counter() - started
    return first, time.perf_counter() - started


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
