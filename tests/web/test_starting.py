"""The app starts in whatever network it finds itself: behind proxies that are down, on IPv6, under a sub-path."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from chatbot.errors import SettingsError
from chatbot.settings import Settings
from chatbot.web.environment import prepare_environment
from chatbot.web.listening import local_url, open_sockets
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.first_case


DEAD = "http://127.0.0.1:9"
"""A proxy that nothing answers at: whatever goes through it fails."""

NETWORKS: dict[str, dict[str, str]] = {
    "proxies": {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "ALL_PROXY": DEAD},
    "desktop": {"all_proxy": "socks://127.0.0.1:9/", "no_proxy": "fd00::/8,::1/128,[fe80::1],10.0.0.0/8,.a.example"},
    "numbers": {"GRADIO_NUM_PORTS": "many", "WEB_CONCURRENCY": "x", "GRADIO_TEMP_DIR": "/proc/x", "GRADIO_DEBUG": "y"},
    "certificates": {"SSL_CERT_FILE": ssl.get_default_verify_paths().cafile or "", "GRADIO_ROOT_PATH": "talk"},
}


@pytest.mark.tier2
@pytest.mark.parametrize("network", NETWORKS)
def test_the_app_starts_and_answers_from_this_machine(network: str, tmp_path: Path, upstream: FakeUpstream) -> None:
    settings = two_providers(upstream) | NETWORKS[network]
    with RunningApp(tmp_path, settings, forked=False) as app, Visitor(app.url) as visitor:
        assert visitor.http.get("/health").status_code == 200
        assert visitor.http.post("/chat", json={"message": "Hello"}).status_code == 200, "the upstream is local as well"


@pytest.mark.parametrize("host", ["::1", "::", "[::1]", "0.0.0.0", "localhost"])  # noqa: S104
def test_every_kind_of_address_can_be_listened_on(host: str) -> None:
    sockets = open_sockets(host, None)
    assert {each.proto for each in sockets} == {socket.IPPROTO_TCP}, "or asyncio leaves Nagle's algorithm on"
    port = sockets[0].getsockname()[1]
    try:
        with closing(socket.create_connection((httpx.URL(local_url(host, port)).host, port))):
            pass
        for address in {"::": ["127.0.0.1", "::1"], "0.0.0.0": ["127.0.0.1"]}.get(host, []):  # noqa: S104
            with closing(socket.create_connection((address, port))):
                pass
        with pytest.raises(SettingsError, match=f"GRADIO_SERVER_PORT={port}: expected a port that is free"):
            open_sockets(host, port)
        following = open_sockets(host, None)
        assert following[0].getsockname()[1] > port, "the next free one"
    finally:
        for each in [*sockets, *following]:
            each.close()


@pytest.fixture(scope="module")
def sub_path(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app under /talk."""
    environment = two_providers(upstream_server) | {"GRADIO_ROOT_PATH": "/talk"}
    with RunningApp(tmp_path_factory.mktemp("sub_path"), environment) as app:
        yield app.url


@pytest.mark.tier2
@pytest.mark.parametrize("prefix", ["", "/talk"])
def test_a_sub_path_works_whether_or_not_the_proxy_removes_it(prefix: str, sub_path: str) -> None:
    assert httpx.get(f"{sub_path}{prefix}/health").json()["status"] == "healthy"
    page = httpx.get(f"{sub_path}{prefix}/", headers={"Accept-Encoding": "identity"})
    assert "/talk" in page.text
    assert "Content-Security-Policy" in page.headers
    assert "/talk/openapi.json" in httpx.get(f"{sub_path}{prefix}/docs").text


@pytest.mark.tier2
@pytest.mark.parametrize("prefix", ["", "/talk", "/talk/talk", "/talk/talk/talk"])
def test_a_sub_path_opens_no_closed_route(prefix: str, sub_path: str) -> None:
    for path in ("/gradio_api/file=https://example.org/", "/gradio_api/upload", "/monitoring"):
        assert httpx.get(f"{sub_path}{prefix}{path}").status_code == 404, path
    too_large = httpx.post(f"{sub_path}{prefix}/chat", content=b" " * 1_100_000)
    assert too_large.status_code == 413


@pytest.mark.tier2
def test_only_the_whole_first_part_of_a_path_is_the_sub_path(sub_path: str) -> None:
    assert httpx.get(f"{sub_path}/talkative/health").status_code == 404


@pytest.mark.tier2
def test_gradios_event_stream_asks_proxies_not_to_buffer_it(sub_path: str) -> None:
    address = f"{sub_path}/gradio_api/queue/data?session_hash=0123456789abcdef"
    with httpx.stream("GET", address, timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
    assert "x-accel-buffering" not in httpx.get(f"{sub_path}/health").headers


def test_the_app_answers_on_ipv6(tmp_path: Path, upstream: FakeUpstream) -> None:
    app = RunningApp(tmp_path, two_providers(upstream), "--host", "::1")
    app.url = f"http://[::1]:{app.port}"
    with app:
        assert httpx.get(f"{app.url}/health").status_code == 200
        assert httpx.get(app.url).status_code == 200


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without proxies; whatever is set in it is undone."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("NO_PROXY", "no_proxy"):  # so that monkeypatch restores what `prepare_environment` sets
        monkeypatch.setenv(name, "")
    return monkeypatch


@pytest.mark.parametrize(
    "entries",
    [
        *("", "fd00::/8", "[::1],[fe80::1]", "::1", "10.0.0.0/8,a.example,.b.example,*.c.example", "a.example:80", "*"),
        *(
            "[::1]:80",
            "é.example",
            "xn--9ca.example",
            "a.example:port",
            "a.example b.example",
            "<local>;c",
            "%",
            ".,..,[",
        ),
    ],
)
def test_no_client_fails_at_the_hosts_without_a_proxy(entries: str, variables: pytest.MonkeyPatch) -> None:
    variables.setenv("HTTPS_PROXY", "proxy.example:3128")
    variables.setenv("no_proxy", entries)
    prepare_environment(
        Settings.load(openai_base_url="https://127.0.0.7/v1", compatible_base_url="http://x.localhost/v1")
    )
    clients: list[Any] = [httpx.Client(), httpx2.Client()]
    for client in clients:
        with client:
            for direct in (
                "https://localhost",
                "https://127.0.0.1:1",
                "https://[::1]:2",
                "https://127.0.0.7",
                "http://x.localhost",
            ):
                assert client._transport_for_url(type(client.base_url)(direct)) is client._transport, direct
            outside = client._transport_for_url(type(client.base_url)("https://api.example"))
            assert (outside is client._transport) == (entries == "*")


def test_without_a_proxy_the_environment_stays_as_it_is(variables: pytest.MonkeyPatch) -> None:
    prepare_environment(Settings.load())
    assert not os.environ["NO_PROXY"], "it would hide the proxies that are set up in macOS and Windows"
