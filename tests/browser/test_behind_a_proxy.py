"""The page behind real proxies, with the lines of the README: TLS, default buffering, a sub-path, a replaced Host."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.certificates import create_certificate
from tests.support.running import ROOT, RunningApp, two_providers

pytestmark = pytest.mark.tier2

LOGIN = {"username": "alice", "password": "the-heron-nests"}
START_SECONDS = 30
PATH = f"{os.environ['PATH']}:/usr/sbin"
"""Debian keeps servers where only root's shell looks."""

NGINX = """
{user}
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {lines}
}}
"""

APACHE = """
ServerRoot {directory}
PidFile {directory}/apache.pid
ErrorLog {directory}/error.log
Listen 127.0.0.1:{port}
{modules}
{user}
{lines}
"""
APACHE_MODULES = Path("/usr/lib/apache2/modules")


def lines_of(language: str) -> str:
    """The lines for that proxy in the README."""
    found = re.search(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    assert found
    return found[1]


def nginx(directory: Path, lines: str, port: int) -> list[str]:
    lines = lines.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "proxy.conf").write_text(NGINX.format(directory=directory, lines=lines, user=user))
    return ["nginx", "-p", str(directory), "-c", str(directory / "proxy.conf")]


def apache(directory: Path, lines: str, port: int) -> list[str]:
    wanted = ["mpm_event", "authz_core", "alias", "ssl", "socache_shmcb", "proxy", "proxy_http", "headers"]
    files = {name: APACHE_MODULES / f"mod_{name}.so" for name in wanted}
    modules = "\n".join(f"LoadModule {name}_module {file}" for name, file in files.items())
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    lines = lines.replace("*:443", f"127.0.0.1:{port}")
    values = {"directory": directory, "port": port, "modules": modules, "user": user, "lines": lines}
    (directory / "proxy.conf").write_text(APACHE.format(**values))
    return ["apache2", "-f", str(directory / "proxy.conf"), "-D", "FOREGROUND"]


def caddy(directory: Path, lines: str, port: int) -> list[str]:
    files = "tls {} {}\n    redir".format(*create_certificate())
    lines = lines.replace("chat.example.com", f"https://localhost:{port}").replace("redir", files, 1)
    (directory / "Caddyfile").write_text("{\n    admin off\n    auto_https off\n}\n" + lines)
    return ["caddy", "run", "--config", str(directory / "Caddyfile")]


PROXIES: dict[str, Callable[[Path, str, int], list[str]]] = {"nginx": nginx, "caddy": caddy, "apache": apache}
PROGRAMS = {"nginx": "nginx", "caddy": "caddy", "apache": "apache2"}


@contextmanager
def proxy(name: str, directory: Path, app_port: int, change: Callable[[str], str]) -> Iterator[str]:
    """Runs the proxy with the README's lines, to which `change` is made, in front of the app; yields its address."""
    port = _free_port()
    certificate, key = create_certificate()
    lines = lines_of(name).replace("127.0.0.1:7860", f"127.0.0.1:{app_port}")
    lines = lines.replace("/etc/ssl/chat.example.com.pem", str(certificate))
    lines = lines.replace("/etc/ssl/chat.example.com.key", str(key))
    command = PROXIES[name](directory, change(lines), port)
    environment = os.environ | {"PATH": PATH, "HOME": str(directory)}
    with (directory / "output.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_for(port, process, directory)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise AssertionError((directory / "output.log").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _name_of(parameters: tuple[str, Callable[[str], str]]) -> str:
    return f"{parameters[0]}-{parameters[1].__name__}"


def as_written(lines: str) -> str:
    return lines


def with_replaced_host(lines: str) -> str:
    """The proxy as most are set up at first: the app sees its own address as the host."""
    lines = lines.replace("proxy_set_header Host $http_host;", "").replace("ProxyPreserveHost On", "")
    return re.sub(r"(reverse_proxy \S+)", r"\1 {\n header_up Host backend\n }", lines)


@pytest.fixture(params=[(name, how) for name in PROXIES for how in (as_written, with_replaced_host)], ids=_name_of)
def proxied(request: pytest.FixtureRequest, tmp_path: Path, upstream: FakeUpstream) -> Iterator[str]:
    """The address of the page behind the proxy."""
    name, change = request.param
    for program in (PROGRAMS[name], "openssl"):
        if not shutil.which(program, path=PATH):
            pytest.skip(f"{program} is not installed")
    environment = two_providers(upstream) | {"GRADIO_ROOT_PATH": "/talk", "CHATBOT_AUTH": ":".join(LOGIN.values())}
    with RunningApp(tmp_path / "data", environment) as app, proxy(name, tmp_path, app.port, change) as address:
        yield f"{address}/talk"


@pytest.fixture
async def chat(proxied: str, browser: Browser) -> AsyncIterator[ChatPage]:
    """The page of a visitor who logged in through the proxy."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(proxied)
    fields = page.locator("input, textarea")
    await fields.first.fill(LOGIN["username"])
    await fields.nth(1).fill(LOGIN["password"])
    await fields.nth(1).press("Enter")
    yield await ChatPage(page).is_open()
    await context.close()


async def test_answers_stream_into_the_page_and_files_come_through(chat: ChatPage, proxied: str) -> None:
    await chat.type_model("pace:20x400")
    await chat.begin("Count")
    await chat.is_answering()
    await chat.has_come(20)
    await chat.is_answering()
    await chat.box.press("Escape")
    await chat.is_ready()
    await expect(chat.conversations).to_have_count(1)
    assert chat.page.url.startswith(f"{proxied}/")


def test_the_api_streams_through_it_and_takes_large_files(proxied: str) -> None:
    with httpx.Client(verify=False, timeout=60) as client:  # noqa: S501 - the test's own certificate
        assert client.get(f"{proxied}/health").json()["status"] == "healthy"
        token = client.post(f"{proxied}/session", auth=(LOGIN["username"], LOGIN["password"])).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert "/talk/openapi.json" in client.get(f"{proxied}/docs").text
        assert client.get(f"{proxied}/openapi.json").json()["paths"]
        body = {"message": "Count", "model": "pace:20x400"}
        with client.stream("POST", f"{proxied}/chat/stream", json=body) as response:
            early = [line for line, _ in zip(response.iter_lines(), range(12), strict=False)]
            assert "event: token" in early, "the answer takes 20 s in all"
        uploaded = client.post(f"{proxied}/attachments?name=a.txt", content=b"x" * 1_900_000)
        assert uploaded.status_code == 201, "nginx alone allows 1 MB"
