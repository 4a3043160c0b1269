"""A process in which the SDK streams so many answers at once, and nothing else: the floor under every app.

python -m tests.bench.sdk_alone BASE_URL MODEL COUNT prints a `Floor` as JSON.
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
    """Seconds to the first token, to the end of the slowest, and of CPU for each."""

    first: float
    slowest: float
    cpu: float


async def alone(upstream: str, model: str, count: int) -> Floor:
    """That process's figures, for an upstream's address."""
    command = [sys.executable, "-m", "tests.bench.sdk_alone", f"{upstream}/v1", model, str(count)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return Floor(*json.loads(output))


async def main(base_url: str, model: str, count: int) -> None:
    """Stream them all, after one to warm up."""
    client = openai.AsyncOpenAI(api_key="sk-test", base_url=base_url)
    await _ask(client, "pace:50x5")
    before = os.times()
    took = await asyncio.gather(*(_ask(client, model) for _ in range(count)))
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    firsts, wholes = zip(*took, strict=True)
    print(json.dumps(Floor(median(firsts), max(wholes), cpu / count)))


async def _ask(client: openai.AsyncOpenAI, model: str) -> tuple[float, float]:
    began = time.perf_counter()
    first = 0.0
    async for chunk in await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello"}], stream=True
    ):
        if chunk.choices and chunk.choices[0].delta.content:
            first = first or time.perf_counter() - began
    return first, time.perf_counter() - began


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
