"""Downloads of local models, from a hub that fails in every way."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import DownloadRefused
from chatbot.providers.local import capacity, downloads
from chatbot.providers.local.catalog import CATALOG
from chatbot.providers.local.downloads import Downloads
from tests.support.hub import FakeHub

MODEL = CATALOG[0]
ADDRESS = f"{MODEL.repo}/resolve/main/{MODEL.file}"
WEIGHTS = b"GGUF" + os.urandom(8_000_000)
MEGABYTE = 1_000_000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub(files={ADDRESS: WEIGHTS}) as running:
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template(running.url))
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", running.url)
        yield running


def template(url: str) -> str:
    return url + "/{repo_id}/resolve/{revision}/{filename}"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def manager(cache: Path) -> Iterator[Downloads]:
    made = Downloads(cache, "hf_sesame")
    yield made
    made.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 3 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a disk")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def state(manager: Downloads) -> str:
    progress = manager.progress(MODEL)
    return progress.state if progress else "none"


def has_ended(manager: Downloads) -> None:
    """Waits until the file is whole; these bytes are no model, which is all that is wrong with them."""
    wait_for(manager, "failed")
    progress = manager.progress(MODEL)
    assert progress
    assert "unknown kind" in str(progress.cause)


def wait_for(manager: Downloads, *states: str) -> None:
    until = time.monotonic() + 30
    while state(manager) not in states:
        assert time.monotonic() < until, state(manager)


def is_whole(cache: Path) -> bool:
    return MODEL.path(cache).read_bytes() == WEIGHTS


def test_a_model_is_downloaded_and_checked(hub: FakeHub, manager: Downloads, cache: Path) -> None:
    manager.start(MODEL)
    has_ended(manager)
    assert is_whole(cache)
    assert not [*MODEL.path(cache).parent.glob("*.part")]
    assert hub.state.sent == len(WEIGHTS)
    assert {token for _, path, token in hub.state.requests if ADDRESS in path} == {"Bearer hf_sesame"}


def test_after_drops_it_goes_on_where_it_was(
    hub: FakeHub, manager: Downloads, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.providers.local.download.RETRY_SECONDS", (0, 0))
    hub.state.drop_at = [0.37, 0.37, 0.6]  # the second brings nothing
    manager.start(MODEL)
    has_ended(manager)
    assert is_whole(cache)
    assert hub.state.sent <= len(WEIGHTS) + MEGABYTE
    assert len(hub.state.ranges) == 4
    assert hub.state.ranges[1] == f"bytes={int(len(WEIGHTS) * 0.37)}-"


@pytest.mark.tier2
def test_if_nothing_comes_any_more_it_fails_and_keeps_what_has_come(
    hub: FakeHub, manager: Downloads, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.providers.local.download.RETRY_SECONDS", (0, 0))
    hub.state.drop_at = [0.37] * 10
    manager.start(MODEL)
    wait_for(manager, "failed")
    progress = manager.progress(MODEL)
    assert progress
    assert "broke off" in str(progress.cause)
    assert progress.received == int(len(WEIGHTS) * 0.37)
    hub.state.drop_at = []
    manager.start(MODEL)
    has_ended(manager)
    assert is_whole(cache)
    assert hub.state.sent <= len(WEIGHTS) + MEGABYTE


def test_wrong_bytes_are_never_used(hub: FakeHub, manager: Downloads, cache: Path) -> None:
    hub.state.is_wrong = True
    manager.start(MODEL)
    wait_for(manager, "failed")
    progress = manager.progress(MODEL)
    assert progress
    assert "SHA-256" in str(progress.cause)
    assert not [*cache.rglob("*.gguf"), *cache.rglob("*.part")]
    assert hub.state.sent == len(WEIGHTS)


def test_it_pauses_and_goes_on(hub: FakeHub, manager: Downloads, cache: Path) -> None:
    hub.state.hold_at = 0.4
    manager.start(MODEL)
    held = int(len(WEIGHTS) * 0.4) // 65536 * 65536
    while (progress := manager.progress(MODEL)) is None or progress.received < held:
        pass
    assert progress.state == "downloading"
    manager.start(MODEL)  # it runs already
    manager.pause(MODEL)
    assert state(manager) == "paused"
    hub.state.hold_at = None
    hub.state.go_on.set()
    manager.start(MODEL)
    has_ended(manager)
    assert is_whole(cache)
    assert len(hub.state.ranges) == 2
    assert hub.state.sent <= len(WEIGHTS) + MEGABYTE


@pytest.mark.tier2
def test_another_process_goes_on_after_a_kill(hub: FakeHub, manager: Downloads, cache: Path) -> None:
    script = f"""if True:
        import sys, threading
        from pathlib import Path
        from chatbot.providers.local.catalog import CATALOG
        from chatbot.providers.local.downloads import Downloads
        manager = Downloads(Path({str(cache)!r}), None)
        manager.start(CATALOG[0])
        while manager.progress(CATALOG[0]).received < {len(WEIGHTS) // 3}:
            pass
        print("held", flush=True)
        threading.Event().wait()
    """
    hub.state.hold_at = 0.4
    environment = os.environ | {"HF_ENDPOINT": hub.url}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE) as app:
        assert app.stdout
        assert app.stdout.readline() == b"held\n"
        app.kill()
    assert state(manager) == "paused"
    hub.state.hold_at = None
    hub.state.go_on.set()
    manager.start(MODEL)
    has_ended(manager)
    assert is_whole(cache)
    assert hub.state.sent <= len(WEIGHTS) + MEGABYTE


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (401, "RepoNotFound", f"Hugging Face has no {MODEL.repo}"),
        (401, "GatedRepo", "accepted its terms"),
        (403, "GatedRepo", "accepted its terms"),
        (404, "RepoNotFound", f"Hugging Face has no {MODEL.repo}"),
        (404, "EntryNotFound", f"has no file {MODEL.file}"),
        (401, "", f"Hugging Face has no {MODEL.repo}"),
        (403, "", "accepted its terms"),
        (404, "", f"has no file {MODEL.file}"),
        (429, "", "Wait 2 minutes"),
        (500, "", "could not be fetched"),
    ],
)
def test_what_the_hub_refuses_is_said_before_it_begins(
    hub: FakeHub, manager: Downloads, status: int, code: str, sentence: str
) -> None:
    hub.state.statuses = {ADDRESS: (status, code)}
    with pytest.raises(DownloadRefused, match=re.escape(sentence)) as caught:
        manager.start(MODEL)
    assert "sesame" not in str(caught.value)
    assert hub.state.sent == 0
    assert state(manager) == "none"


@pytest.mark.parametrize("lacking", ["free_disk", "free_memory"])
def test_what_does_not_fit_is_refused_before_it_begins(
    hub: FakeHub, manager: Downloads, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (downloads, capacity, sys.modules["chatbot.providers.local.download"]):
        if hasattr(module, lacking):
            monkeypatch.setattr(module, lacking, lambda *_: 50_000_000)
    with pytest.raises(DownloadRefused, match="50 MB are free"):
        manager.start(MODEL)
    assert hub.state.sent == 0


def test_a_disk_that_fills_up_meanwhile_loses_the_part_and_nothing_else(
    hub: FakeHub, manager: Downloads, cache: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else has taken the room since it was looked at."""
    cache.symlink_to(small_disk)
    monkeypatch.setattr("chatbot.providers.local.download.free_disk", lambda _: 10**12)
    manager.start(MODEL)
    wait_for(manager, "failed")
    progress = manager.progress(MODEL)
    assert progress
    assert "put on the disk" in str(progress.cause)
    assert not [*cache.rglob("*.gguf"), *cache.rglob("*.part")]


@pytest.mark.tier2
def test_two_processes_do_not_write_one_file(hub: FakeHub, manager: Downloads, cache: Path) -> None:
    hub.state.hold_at = 0.4
    other = Downloads(cache, None)
    manager.start(MODEL)
    while (progress := manager.progress(MODEL)) is None or not progress.received:
        pass
    other.start(MODEL)
    wait_for(other, "failed")
    progress = other.progress(MODEL)
    assert progress
    assert "another process" in str(progress.cause)
    hub.state.go_on.set()
    has_ended(manager)
    assert is_whole(cache)


def test_removing_deletes_what_has_come(hub: FakeHub, manager: Downloads, cache: Path) -> None:
    hub.state.hold_at = 0.4
    manager.start(MODEL)
    while (progress := manager.progress(MODEL)) is None or not progress.received:
        pass
    manager.remove(MODEL)
    assert state(manager) == "none"
    assert not [*cache.rglob("*.part")]


def test_the_terminal_says_how_far_it_is(hub: FakeHub, manager: Downloads, capfd: pytest.CaptureFixture[str]) -> None:
    manager.start(MODEL)
    has_ended(manager)
    written = capfd.readouterr().err.splitlines()
    assert 2 <= len(written) <= 12
    assert written[-1].startswith(f"Fetching {MODEL.file}: 100% of 8 MB")
