"""Weights from Hugging Face, downloaded from a small local hub."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub import FakeHub

pytestmark = pytest.mark.tier2

WEIGHTS = b"GGUF" + bytes(1000)


@contextmanager
def running_hub() -> Iterator[tuple[str, list[tuple[str, str, str | None]]]]:
    """Runs a hub with a repository of two files and a gated one; yields its address and its list of requests."""
    files = {"us/tiny/resolve/main/q4/Tiny.gguf": WEIGHTS, "us/tiny/resolve/main/Page.gguf": b"<html>"}
    statuses = {
        "us/tiny/resolve/main/Other.gguf": (404, "EntryNotFound"),
        "us/gated/resolve/main/A.gguf": (403, "GatedRepo"),
    }
    with FakeHub(files=files, statuses=statuses) as hub:
        yield hub.url, hub.state.requests


def load(hub: str, home: Path, *local_models: str) -> tuple[list[Any], str]:
    """Loads models in another process (huggingface_hub reads its variables on import); returns results and stderr."""
    script = """if True:
        import json, sys, pathlib
        from chatbot.errors import ModelNotLoaded
        from chatbot.providers.local.weights import find_weights
        for name in sys.argv[2:]:
            try:
                print(json.dumps(find_weights(name, pathlib.Path(sys.argv[1]), "hf_sesame").read_bytes().decode()))
            except ModelNotLoaded as error:
                print(json.dumps({"cause": str(error.cause)}))
    """
    environment = os.environ | {"HF_ENDPOINT": hub, "HF_HOME": str(home)}
    command = [sys.executable, "-c", script, str(home / "models"), *local_models]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in process.stdout.splitlines()], process.stderr


def test_models_are_downloaded_and_failures_are_reported(tmp_path: Path) -> None:
    names = ["tiny/q4/Tiny.gguf", "tiny/Other.gguf", "tiny/Page.gguf", "none/A.gguf", "gated/A.gguf"]
    with running_hub() as (hub, requests):
        found, _ = load(hub, tmp_path, *(f"hf:us/{name}" for name in names))
    assert found[0] == WEIGHTS.decode()
    causes = ["no file Other.gguf", "not a GGUF file", "no us/none", "accepted its terms"]
    assert all(cause in answer["cause"] for cause, answer in zip(causes, found[1:], strict=True)), found
    assert ("GET", "/us/tiny/resolve/main/q4/Tiny.gguf", "Bearer hf_sesame") in requests


def test_a_downloaded_model_needs_no_network(tmp_path: Path) -> None:
    with running_hub() as (hub, _):
        load(hub, tmp_path, "hf:us/tiny/q4/Tiny.gguf")
    found, stderr = load(hub, tmp_path, "hf:us/tiny/q4/Tiny.gguf", "hf:us/tiny/Page.gguf")
    assert found[0] == WEIGHTS.decode()
    assert "network" in found[1]["cause"]
    assert "sesame" not in stderr
    assert "Traceback" not in stderr
