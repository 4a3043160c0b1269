"""Weights from Hugging Face, downloaded from a small local hub."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WEIGHTS = b"GGUF" + bytes(1000)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """The endpoints of Hugging Face that a download needs, with a repository of two files and a gated one."""

    requests: list[tuple[str, str, str | None]]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.requests.append((self.command, self.path, self.headers["Authorization"]))
        owner, _, file = self.path.removeprefix("/").partition("/resolve/main/")
        if owner == "us/gated":
            self._answer(403, {"X-Error-Code": "GatedRepo"})
        elif owner != "us/tiny":
            self._answer(404, {"X-Error-Code": "RepoNotFound"})
        elif file not in ("q4/Tiny.gguf", "Page.gguf"):
            self._answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        else:
            content = WEIGHTS if file == "q4/Tiny.gguf" else b"<html>"
            etag = hashlib.sha256(content).hexdigest()
            self._answer(200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running_hub() -> Iterator[tuple[str, list[tuple[str, str, str | None]]]]:
    """Runs a hub; yields its address and its list of received requests."""
    handler = type("OneHub", (Hub,), {"requests": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler.requests  # type: ignore[attr-defined]
        server.shutdown()


def load(hub: str, home: Path, *local_models: str) -> tuple[list[Any], str]:
    """Loads models in another process (huggingface_hub reads its variables on import); returns results and stderr."""
    script = """if True:
        import json, sys, pathlib
        from chatbot.errors import ModelNotLoaded
        from chatbot.providers.local.weights import find_weights
        for name in sys.argv[1:]:
            try:
                print(json.dumps(find_weights(name, pathlib.Path(), "hf_sesame").read_bytes().decode()))
            except ModelNotLoaded as error:
                print(json.dumps({"cause": str(error.cause)}))
    """
    environment = os.environ | {"HF_ENDPOINT": hub, "HF_HOME": str(home)}
    command = [sys.executable, "-c", script, *local_models]
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
