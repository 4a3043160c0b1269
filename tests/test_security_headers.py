"""What every answer tells the browser, and what the gate keeps shut."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from chatbot.web.middleware.body_limits import MAX_CALL_BYTES
from tests.api import Visitor, error_of
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp, two_providers

EVERYWHERE = ["/", "/config", "/theme.css", "/health", "/docs", "/openapi.json", "/conversations", "/nowhere"]


@pytest.fixture(scope="module")
def url(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    snapshots = {"CHATBOT_FRAME_ANCESTORS": "https://intranet.example, https://*.example.org"}
    with RunningApp(tmp_path_factory.mktemp("data"), two_providers(upstream_server) | snapshots) as app:
        yield app.url


def policy(answer: httpx.Response) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in answer.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in rules}


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_says_what_a_page_may_do(path: str, url: str) -> None:
    answer = httpx.get(url + path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    rules = policy(answer)
    assert rules["default-src"] == rules["form-action"] == "'none'"
    assert "unsafe-inline" not in rules["script-src"]
    assert not re.search("https?:|[*]", " ".join(value for name, value in rules.items() if name != "frame-ancestors"))


def test_a_space_and_the_sites_of_the_setting_may_frame_the_page(url: str) -> None:
    snapshots = policy(httpx.get(url))["frame-ancestors"]
    expected = "'self' https://huggingface.co https://*.hf.space https://intranet.example https://*.example.org"
    assert snapshots == expected


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_pages_own_scripts_are_allowed_by_their_hashes_and_none_comes_from_elsewhere(path: str, url: str) -> None:
    answer = httpx.get(url + path)
    inline = re.findall(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert inline
    for script in inline:
        assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy(answer)["script-src"]
    assert not re.search(r"<(script|link)[^>]*(src|href)=[\"']?(https?:)?//", answer.text)


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
def test_what_the_page_does_not_use_of_gradio_is_shut(path: str, url: str) -> None:
    assert httpx.get(url + path).status_code == 404
    assert httpx.post(url + path, files={"files": ("a.json", b"{}")}).status_code == 404


@pytest.mark.parametrize("path", ["/logout", "/conversations", "/gradio_api/heartbeat/x", "/config"])
def test_a_call_that_comes_as_an_image_is_refused(path: str, url: str) -> None:
    assert httpx.get(url + path, headers={"Sec-Fetch-Dest": "image"}).status_code == 404


def test_a_body_that_is_too_large_is_refused_at_every_door(url: str) -> None:
    def parts() -> Iterator[bytes]:
        yield from (b"x" * 1024 * 1024 for _ in range(MAX_CALL_BYTES // (1024 * 1024) + 1))

    assert httpx.post(f"{url}/gradio_api/queue/join", content=b"x" * (MAX_CALL_BYTES + 1)).status_code == 413
    with Visitor(url) as visitor:
        for most in (1024 * 1024, MAX_CALL_BYTES):
            assert error_of(visitor.call("POST", "/chat", content=b"x" * (most + 1)))["code"] == "too_large"
    for path in ("/gradio_api/queue/join", "/gradio_api/run/chat", "/chat"):
        assert httpx.post(url + path, content=parts()).status_code == 413, path


def test_a_shared_page_has_its_scripts_from_here_too(upstream: FakeUpstream, tmp_path: Path) -> None:
    no_tunnel = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    with RunningApp(tmp_path, two_providers(upstream) | no_tunnel, "--share") as app:
        assert "amazonaws" not in httpx.get(app.url).text
