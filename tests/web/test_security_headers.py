"""Security headers, closed routes of Gradio, and size limits of request bodies."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from chatbot.web.middleware.body_limits import MAX_CALL_BYTES
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, error_of
from tests.support.running import RunningApp, two_providers

PATHS = ["/", "/config", "/theme.css", "/health", "/docs", "/openapi.json", "/conversations", "/nowhere"]


@pytest.fixture(scope="module")
def url(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    ancestors = {"CHATBOT_FRAME_ANCESTORS": "https://intranet.example, https://*.example.org"}
    with RunningApp(tmp_path_factory.mktemp("data"), two_providers(upstream_server) | ancestors) as app:
        yield app.url


def policy(response: httpx.Response) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in response.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in rules}


@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_security_headers(path: str, url: str) -> None:
    response = httpx.get(url + path)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in response.headers["permissions-policy"]
    rules = policy(response)
    assert rules["default-src"] == rules["form-action"] == "'none'"
    assert "unsafe-inline" not in rules["script-src"]
    assert not re.search("https?:|[*]", " ".join(value for name, value in rules.items() if name != "frame-ancestors"))


def test_spaces_and_configured_sites_may_frame_the_page(url: str) -> None:
    expected = "'self' https://huggingface.co https://*.hf.space https://intranet.example https://*.example.org"
    assert policy(httpx.get(url))["frame-ancestors"] == expected


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_inline_scripts_are_allowed_by_hash_and_none_is_external(path: str, url: str) -> None:
    response = httpx.get(url + path)
    inline = re.findall(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", response.text, re.DOTALL)
    assert inline
    for script in inline:
        assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy(response)["script-src"]
    assert not re.search(r"<(script|link)[^>]*(src|href)=[\"']?(https?:)?//", response.text)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=https://example.com/",
        "/gradio_api/file/x",
        "/gradio_api/upload",
        "/gradio_api/upload_progress?upload_id=x",
        "/gradio_api/proxy=https://x.hf.space/",
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/token",
        "/monitoring",
    ],
)
def test_unused_gradio_routes_are_closed(path: str, url: str) -> None:
    assert httpx.get(url + path).status_code == 404
    assert httpx.post(url + path, files={"files": ("a.json", b"{}")}).status_code == 404


@pytest.mark.parametrize("path", ["/logout", "/conversations", "/gradio_api/heartbeat/x", "/config"])
def test_a_request_for_an_image_is_refused(path: str, url: str) -> None:
    assert httpx.get(url + path, headers={"Sec-Fetch-Dest": "image"}).status_code == 404


def test_every_endpoint_refuses_a_body_that_is_too_large(url: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"x" * 1024 * 1024 for _ in range(MAX_CALL_BYTES // (1024 * 1024) + 1))

    assert httpx.post(f"{url}/gradio_api/queue/join", content=b"x" * (MAX_CALL_BYTES + 1)).status_code == 413
    with Visitor(url) as visitor:
        for limit in (1024 * 1024, MAX_CALL_BYTES):
            assert error_of(visitor.call("POST", "/chat", content=b"x" * (limit + 1)))["code"] == "too_large"
    for path in ("/gradio_api/queue/join", "/gradio_api/run/chat", "/chat"):
        assert httpx.post(url + path, content=chunks()).status_code == 413, path


def test_a_shared_page_loads_its_scripts_from_the_app(upstream: FakeUpstream, tmp_path: Path) -> None:
    no_tunnel = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    with RunningApp(tmp_path, two_providers(upstream) | no_tunnel, "--share") as app:
        assert "amazonaws" not in httpx.get(app.url).text
