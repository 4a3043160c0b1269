"""The API's operations on local models, where visitors may change nothing and where they may."""

from collections.abc import Iterator

import pytest

from chatbot.providers.local.catalog import CATALOG
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, error_of
from tests.support.hub import FakeHub
from tests.support.running import RunningApp

MODEL = CATALOG[0]
CHANGES = [("POST", f"{MODEL.name}/download"), ("POST", f"{MODEL.name}/pause"), ("DELETE", MODEL.name)]


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_where_it_is_off_nothing_can_be_changed(visitor: Visitor, method: str, path: str) -> None:
    visitor.chat()
    refused = visitor.call(method, f"/local-models/{path}")
    assert refused.status_code == 403
    assert error_of(refused)["code"] == "downloads_off"
    assert "CHATBOT_LOCAL_DOWNLOADS" in error_of(refused)["message"]
    nothing = {"models": [], "can_download": False, "free_memory": 0, "free_disk": 0}
    assert visitor.get("/local-models") == nothing


@pytest.mark.parametrize(("method", "path"), [("GET", ""), *((method, f"/{path}") for method, path in CHANGES)])
def test_it_takes_a_session(api_app: RunningApp, method: str, path: str) -> None:
    with Visitor(api_app.url) as stranger:
        assert stranger.call(method, f"/local-models{path}").status_code == 401


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A visitor of an app that may download, from a hub that has one model and refuses the others."""
    folder = tmp_path_factory.mktemp("local")
    with FakeHub(files={f"{MODEL.repo}/resolve/main/{MODEL.file}": b"GGUF" + bytes(1_000_000)}) as hub:
        settings = {"XDG_CACHE_HOME": str(folder), "HF_ENDPOINT": hub.url, "LOCAL_MODEL": "missing.gguf"}
        with RunningApp(folder / "data", settings, forked=False) as app, Visitor(app.url) as visitor:
            visitor.token = visitor.call("POST", "/session").json()["token"]
            yield visitor


@pytest.mark.tier2
def test_a_download_is_started_followed_and_removed(local: Visitor) -> None:
    def listed() -> dict[str, object]:
        return next(each for each in local.get("/local-models")["models"] if each["model_id"] == MODEL.name)

    assert (listed()["state"], listed()["size"]) == ("absent", MODEL.size)
    started = local.call("POST", f"/local-models/{MODEL.name}/download")
    assert (started.status_code, started.json()) == (202, {"status": "downloading"})
    while listed()["state"] in ("downloading", "checking"):
        pass
    assert listed()["state"] == "failed"  # it is whole, and no model: nothing that could be loaded
    assert "unknown kind" in str(listed()["message"])
    assert local.call("DELETE", f"/local-models/{MODEL.name}").json() == {"status": "deleted"}
    assert listed()["state"] == "absent"


@pytest.mark.tier2
def test_a_refusal_is_worded_in_the_readers_language(local: Visitor) -> None:
    german = {"Accept-Language": "de"}
    refused = local.call("POST", f"/local-models/{CATALOG[1].name}/download", headers=german)
    assert refused.status_code == 409
    assert error_of(refused)["code"] == "download_refused"
    assert "kann nicht geladen werden" in error_of(refused)["message"]
    assert local.call("POST", "/local-models/unheard-of/download").status_code == 404


@pytest.mark.tier2
def test_a_model_that_is_not_here_cannot_be_asked(local: Visitor, upstream: FakeUpstream) -> None:
    failed = local.call("POST", "/chat", json={"message": "Hello", "provider": "local", "model": "Gone-Q4"})
    assert failed.status_code == 502
    assert "Gone-Q4 is not on this computer" in error_of(failed)["message"]
