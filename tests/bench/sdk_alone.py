"""A process in which the SDK streams so many answers at once, and nothing else: the floor under every app.

python -m tests.bench.sdk_alone BASE_URL MODEL COUNT prints JSON: the seconds of the slowest, and of CPU for each.
"""

import asyncio
import json
import os
import sys
import time

import openai


async def main(base_url: str, model: str, count: int) -> None:
    """Stream them all, after one to warm up."""
    client = openai.AsyncOpenAI(api_key="sk-test", base_url=base_url)
    await _ask(client, "pace:50x5")
    before = os.times()
    took = await asyncio.gather(*(_ask(client, model) for _ in range(count)))
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"slowest": max(took), "cpu": cpu / count}))


async def _ask(client: openai.AsyncOpenAI, model: str) -> float:
    began = time.perf_counter()
    async for chunk in await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello"}], stream=True
    ):
        assert chunk
    return time.perf_counter() - began


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
