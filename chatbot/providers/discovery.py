"""Finds an Ollama or LM Studio that runs on this machine: on their default ports, by one request to each."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chatbot.providers.model_list_entries import parse_model_list
from chatbot.types import FoundName

if TYPE_CHECKING:
    import httpx2

OLLAMA_PORT, LM_STUDIO_PORT = 11434, 1234
PROBE_SECONDS = 0.2
"""The longest that a server may take: whoever opens the picker waits for it."""


async def find_servers(ports: Mapping[FoundName, int], seconds: float = PROBE_SECONDS) -> set[FoundName]:
    """The names of those servers that list models, each on its port of 127.0.0.1. Takes so many seconds at most; never
    raises."""
    import httpx2  # noqa: PLC0415 - 0.1 s that an import of the app need not take

    # Without certificates and the environment's proxies: reading those takes 20 ms, and this stays on the machine.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx2.AsyncClient(verify=tls, trust_env=False, timeout=seconds) as client:
        found = await asyncio.gather(*(_lists_models(client, port, seconds) for port in ports.values()))
    return {name for name, is_found in zip(ports, found, strict=True) if is_found}


async def _lists_models(client: "httpx2.AsyncClient", port: int, seconds: float) -> bool:
    import httpx2  # noqa: PLC0415 - as above

    try:
        async with asyncio.timeout(seconds):
            response = await client.get(f"http://127.0.0.1:{port}/v1/models")
            return response.status_code == 200 and bool(parse_model_list(response.json()))
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return False
