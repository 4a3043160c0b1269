"""The page's scripts and styles: from memory, cached for good, and in few files."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from chatbot.web.gradio_bundle import ASSETS, FRONTEND, Bundle, BundleError
from chatbot.web.page_files import build_page_files
from tests.support.running import RunningApp

GRADIOS = next(file for file in ASSETS.glob("index-*.js"))
KATEX = next(file for file in ASSETS.glob("katex-*.js"))
KINDS = ("button", "chatbot", "html", "textbox")


@pytest.fixture
def url(api_app: RunningApp) -> str:
    return f"{api_app.url}/assets"


@pytest.fixture
def links(api_app: RunningApp) -> Sequence[str]:
    """The scripts and styles that the page names."""
    page = httpx.get(api_app.url).text
    return re.findall(r'<(?:script|link rel="stylesheet")[^>]* (?:src|href)="(?:\./)?([^"]+)"', page)


@pytest.mark.parametrize("encoding", ["gzip, deflate, br", "identity"])
def test_a_script_is_unchanged_and_cacheable(encoding: str, url: str) -> None:
    for _ in range(2):
        response = httpx.get(f"{url}/{GRADIOS.name}", headers={"Accept-Encoding": encoding})
        assert response.content == GRADIOS.read_bytes()
        assert "javascript" in response.headers["content-type"]
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["x-content-type-options"] == "nosniff"
    assert ("content-encoding" in response.headers) == ("gzip" in encoding)


def test_the_page_names_four_files_that_browsers_keep(links: Sequence[str], api_app: RunningApp) -> None:
    names = sorted(re.sub(r"\?.*", "", link.rpartition("/")[2]) for link in links)
    assert names == ["chatbot.js", "page.css", "page.js", "theme.css"]
    for link in links:
        response = httpx.get(f"{api_app.url}/{link}")
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["content-encoding"] in {"gzip", "br"}


def test_gradios_modules_share_the_bundles_exports(links: Sequence[str], api_app: RunningApp) -> None:
    folder = next(link for link in links if link.endswith("page.js")).removesuffix("page.js")
    stand_in = httpx.get(f"{api_app.url}/{folder}{GRADIOS.name}").text
    assert len(stand_in) < 10_000
    assert 'from "./page.js"' in stand_in
    assert httpx.get(f"{api_app.url}/{folder}{KATEX.name}").content == KATEX.read_bytes(), "one that is not bundled"


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2f..%2f..%2fapp.py", "../../../app.py", "0123456789abcdef/page.js", "page.js"]
)
def test_other_paths_are_not_served(name: str, url: str) -> None:
    assert httpx.get(f"{url}/{name}").status_code in {403, 404}


def test_this_version_of_gradio_is_bundled() -> None:
    bundle = Bundle(KINDS)
    assert len(bundle.script) > 500_000
    assert not re.search(r'(?m)^import|"\./(?:index|core|Blocks)-', bundle.script), "nothing is left to load"
    assert ".gradio-container" in bundle.style


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("index.html", lambda text: text.replace("crossorigin", "")),
        (f"assets/{GRADIOS.name}", lambda text: text.replace("./core-", "./heart-")),
        (f"assets/{next(ASSETS.glob('core-*.js')).name}", lambda text: text.replace("component:()=>", "part:()=>")),
    ],
)
def test_a_page_of_another_form_is_left_as_it_is(
    file: str, changed: Callable[[str], str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frontend = tmp_path / "frontend"
    _link(frontend)
    text = (frontend / file).read_text("utf-8")
    (frontend / file).unlink()
    (frontend / file).write_text(changed(text), "utf-8")
    with pytest.raises((BundleError, OSError)):
        Bundle(KINDS, frontend)
    files = build_page_files(KINDS, {"chatbot.js": b"own()"}, frontend).result()
    assert files.files == {"chatbot.js": b"own()"}
    page = files.add_to((FRONTEND / "index.html").read_text("utf-8"))
    assert GRADIOS.name in page
    assert f"assets/{files.folder}/chatbot.js" in page
    assert "one by one" in caplog.text


def _link(frontend: Path) -> None:
    (frontend / "assets").mkdir(parents=True)
    for file in (FRONTEND / "index.html", *ASSETS.glob("*.js"), *ASSETS.glob("*.css")):
        (frontend / file.relative_to(FRONTEND)).symlink_to(file)
