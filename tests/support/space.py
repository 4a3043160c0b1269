"""Runs the app in the environment of a Hugging Face Space."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.running import ROOT, RunningApp

SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "somebody/chatbot",
    "SPACE_AUTHOR_NAME": "somebody",
    "SPACE_REPO_NAME": "chatbot",
    "GRADIO_SERVER_NAME": "0.0.0.0",  # noqa: S104 - what a Space sets
    "GRADIO_NUM_PORTS": "1",
    "GRADIO_ALLOW_FLAGGING": "never",
    "GRADIO_THEME": "huggingface",
    "PYTHONUNBUFFERED": "1",
}
"""The environment of a Gradio Space. Its port is 7860; the tests use a free one."""

INHERITED = ("PATH", "HOME", "SYSTEMROOT")


class RunningSpace(RunningApp):
    """Runs `python app.py` in a copy of the app in `directory`. Its environment is that of a Space plus `secrets`, the
    operator's variables."""

    def __init__(self, directory: Path, secrets: Mapping[str, str] | None = None) -> None:
        super().__init__(directory / "data", secrets or {}, forked=False)  # it has to import the copy
        self.url = f"http://localhost:{self.port}"
        self._directory = directory
        shutil.copytree(ROOT / "chatbot", directory / "chatbot", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "app.py", directory)

    def delete_data(self) -> None:
        """Deletes the data, as the restart of a Space without a volume does."""
        shutil.rmtree(self.data)

    def _command(self) -> tuple[list[str], dict[str, str], Path]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment = inherited | SPACE | {"GRADIO_SERVER_PORT": str(self.port)} | self._environment
        return [sys.executable, "app.py"], environment, self._directory
