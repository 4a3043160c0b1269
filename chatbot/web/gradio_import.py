"""Imports Gradio the way this app needs it. `chatbot.page` imports this module before its own import Gradio."""

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_stub_files() -> Iterator[None]:
    """Keeps Gradio from comparing each component's `.pyi` file, which is for editors, with its source: 0.8 of the 1.9 s
    of CPU that the import takes. Gradio skips classes whose file Python does not know."""
    get_file = inspect.getfile

    def get_other_file(value: Any) -> str:
        if isinstance(value, type) and value.__module__.startswith("gradio."):
            raise OSError
        return get_file(value)

    inspect.getfile = get_other_file  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = get_file


# Gradio reads these when it is imported: no calls home, and no adding up of thousands of events after each, for a
# monitoring page that is off.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"

with without_stub_files():
    import gradio as gr

__all__ = ["gr"]
