"""Provider calls through proxies and over TLS: they honour the environment, and their failures name what to set."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatbot.errors import ProviderError, Unavailable, UnreachableProxy, UntrustedCertificate
from chatbot.providers import connect
from chatbot.types import Message, ProviderName, Request
from tests.conftest import MakeSettings
from tests.fake_upstream import FakeUpstream
from tests.support.certificates import create_certificate

NAMES: list[ProviderName] = ["openai", "anthropic", "compatible"]
HELLO = Request("any-model", (Message("user", "Hello"),))


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without proxies."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return monkeypatch


async def answer(name: ProviderName, settings: MakeSettings, url: str) -> str:
    provider = connect(name, settings(**{f"{name}_base_url": url}))
    try:
        return "".join([delta.text async for delta in provider.stream(HELLO)])
    finally:
        await provider.aclose()


@asynccontextmanager
async def proxy(reply: bytes, port: int = 0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP proxy that answers every request with `reply`, or relays it to `port`. Yields its address and the first
    lines of the requests."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.partition(b"\r\n")[0])
        if not port:
            writer.write(reply)
        else:
            target, sink = await asyncio.open_connection("127.0.0.1", port)
            path = head.split(b" ", 2)[1].partition(b"//")[2].partition(b"/")[2]
            sink.write(b"POST /" + path + b" " + head.split(b" ", 2)[2].replace(b"keep-alive", b"close"))
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            sink.write(await reader.readexactly(length))
            writer.write(await target.read(-1))
            sink.close()
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_call_goes_through_the_proxy(
    name: ProviderName, variable: str, settings: MakeSettings, upstream: FakeUpstream, variables: pytest.MonkeyPatch
) -> None:
    async with proxy(b"", upstream.port) as (address, asked):
        variables.setenv(variable, address)
        assert await answer(name, settings, "http://provider.example/v1")
    assert asked[0].startswith(b"POST http://provider.example/v1/")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", None], ids=["refuses", "down"]
)
async def test_a_proxy_that_fails_is_named(
    name: ProviderName, scheme: str, reply: bytes | None, settings: MakeSettings, variables: pytest.MonkeyPatch
) -> None:
    async with proxy(reply or b"") as (address, _):
        variables.setenv("ALL_PROXY", address if reply else "http://127.0.0.1:9")
        with pytest.raises(ProviderError) as caught:
            await answer(name, settings, f"{scheme}://provider.example/v1")
    assert type(caught.value) is UnreachableProxy
    assert "HTTPS_PROXY" in str(caught.value)


async def test_without_a_proxy_or_past_it_the_provider_itself_is_unreachable(
    settings: MakeSettings, variables: pytest.MonkeyPatch
) -> None:
    for environment in ({}, {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "provider.invalid"}):
        for variable, value in environment.items():
            variables.setenv(variable, value)
        with pytest.raises(ProviderError) as caught:
            await answer("compatible", settings, "http://provider.invalid/v1")
        assert type(caught.value) is Unavailable


@asynccontextmanager
async def tls_server() -> AsyncIterator[int]:
    """A TLS server with a certificate that it signed itself; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*create_certificate())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("name", NAMES)
async def test_a_certificate_of_an_unknown_authority_is_named_and_one_of_the_file_is_accepted(
    name: ProviderName, settings: MakeSettings, tmp_path: Path, variables: pytest.MonkeyPatch
) -> None:
    async with tls_server() as port:
        url = f"https://localhost:{port}/v1"
        with pytest.raises(UntrustedCertificate, match="SSL_CERT_FILE"):
            await answer(name, settings, url)
        variables.setenv("SSL_CERT_FILE", str(create_certificate()[0]))
        with pytest.raises(ProviderError) as caught:
            await answer(name, settings, url)
    assert not isinstance(caught.value, UntrustedCertificate), "it reached the server, which says 503"
