"""LiteLLM's proxy, a program of strangers, in front of the fake upstream. It has a virtual environment of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

REQUIREMENT = "litellm[proxy]>=1.108,<2"
INSTALL_SECONDS = 900
START_SECONDS = 180
"""It imports the libraries of a hundred providers."""

KEY = "sk-of-the-proxy-for-nobody"

CONFIG = """
model_list:
  - {{model_name: openai/*, litellm_params: {{model: openai/*, api_base: "{openai}", api_key: any}}}}
  - {{model_name: vllm/*, litellm_params: {{model: hosted_vllm/*, api_base: "{openai}", api_key: any}}}}
  - {{model_name: anthropic/*, litellm_params: {{model: anthropic/*, api_base: "{anthropic}", api_key: any}}}}
litellm_settings: {{telemetry: false, use_chat_completions_url_for_anthropic_messages: true}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {key}}}
"""


def install() -> Path:
    """Returns the proxy's command; installs it once for this user and Python. Skips the test if that fails."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(platformdirs.user_cache_dir("chatbot-tests")) / f"litellm-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    installed = folder / "installed"
    with FileLock(folder.with_suffix(".lock")):
        if not installed.is_file() or installed.read_text(encoding="utf-8") != REQUIREMENT:
            venv.create(folder, with_pip=True)
            command = [str(scripts / "python"), "-m", "pip", "install", "--quiet", REQUIREMENT]
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
            except (subprocess.SubprocessError, OSError):
                pytest.skip(f"{REQUIREMENT} cannot be installed here: pip found no package index, or no room")
            installed.write_text(REQUIREMENT, encoding="utf-8")
    return scripts / "litellm"


@contextmanager
def litellm_proxy(openai: str, anthropic: str, folder: Path) -> Iterator[str]:
    """Runs the proxy in front of a server's two base URLs; yields its own. The part of a model's name before the slash
    says which protocol it speaks to that server."""
    command = install()
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(openai=openai, anthropic=anthropic, key=KEY), encoding="utf-8")
    port = _free_port()
    # Without the network: its list of prices comes from the package.
    environment = {"HOME": str(folder), "PATH": os.defpath, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [command, "--config", config, "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_live(process, f"http://127.0.0.1:{port}/health/liveliness")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_until_live(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    pytest.fail("LiteLLM's proxy did not start: see `log` in its folder")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
