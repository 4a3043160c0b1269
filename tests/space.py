"""The app as a Hugging Face Space runs it."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.running import ROOT, RunningApp

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
"""What Spaces put into the environment of an app of the kind Gradio. Their port is 7860; the tests' is a free one."""

FOR_ANY_PROGRAM = ("PATH", "HOME", "SYSTEMROOT")


class RunningSpace(RunningApp):
    """A checkout in `directory`, where `python app.py` runs with nothing in its environment but what Spaces put there
    and `secrets`, the operator's own variables."""

    def __init__(self, directory: Path, secrets: Mapping[str, str] | None = None) -> None:
        super().__init__(directory / "data", secrets or {})
        self.url = f"http://localhost:{self.port}"
        self._directory = directory
        shutil.copytree(ROOT / "chatbot", directory / "chatbot", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "app.py", directory)

    def forget(self) -> None:
        """Lose the disk, as a Space without a bucket does when it is started again."""
        shutil.rmtree(self.data)

    def _how(self) -> tuple[list[str], dict[str, str], Path]:
        own = {name: os.environ[name] for name in FOR_ANY_PROGRAM if name in os.environ}
        environment = own | SPACE | {"GRADIO_SERVER_PORT": str(self.port)} | self._environment
        return [sys.executable, "app.py"], environment, self._directory
