"""The static cache: Gradio's scripts and styles from memory."""

import httpx
import pytest

from chatbot.web.middleware.static_cache import DIRECTORY
from tests.support.running import RunningApp

SCRIPT = next(file for file in DIRECTORY.glob("index-*.js"))


@pytest.fixture
def url(api_app: RunningApp) -> str:
    return f"{api_app.url}/assets"


@pytest.mark.parametrize("encoding", ["gzip, deflate, br", "identity"])
def test_a_script_is_unchanged_and_cacheable(encoding: str, url: str) -> None:
    for _ in range(2):
        response = httpx.get(f"{url}/{SCRIPT.name}", headers={"Accept-Encoding": encoding})
        assert response.content == SCRIPT.read_bytes()
        assert "javascript" in response.headers["content-type"]
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["x-content-type-options"] == "nosniff"
    assert ("content-encoding" in response.headers) == ("gzip" in encoding)


def test_the_page_links_to_the_cached_scripts(url: str) -> None:
    page = httpx.get(url.removesuffix("assets")).text
    assert f"assets/{SCRIPT.name}" in page


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2f..%2fapp.py", "../../../app.py"])
def test_other_paths_are_not_served(name: str, url: str) -> None:
    assert httpx.get(f"{url}/{name}").status_code in {403, 404}
