"""What a component in the browser is told, at no cost to the server."""

from typing import Any


class GradioUpdate(dict[str, Any]):
    """Properties that a component is to take on in the browser; it keeps its others, and without any it stays as it is.

    What gr.skip() and a component's update are in the browser. But for each of these Gradio's server makes a new
    component and its configuration, a millisecond at every step of an answer. It knows them by `get("__type__")`, the
    browser by the JSON; so this says nothing there. tests/test_gradio_patches.py guards both.
    """

    def __init__(self, **properties: Any) -> None:
        super().__init__(properties, __type__="update")

    def get(self, _: str, default: Any = None) -> Any:
        """Always the default."""
        return default


UNCHANGED = GradioUpdate()
