"""Parts of the page that the scripts in assets/ draw."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr


def script_element(name: str, value: Any = None, events: Sequence[str] = (), **options: Any) -> gr.HTML:
    """A part of the page that the script `name` draws from `value`, and that may raise `events`. Nothing of the value
    goes through Gradio's templates, which would run what they find in it."""
    # Gradio knows the events of an HTML component by their quoted names in its script.
    mount = f"window.chatbot.mount({name!r}, {{ element, props, trigger, watch }}, {json.dumps(events)})"
    return gr.HTML(
        value,
        elem_id=name,
        html_template="<div></div>",
        js_on_load=mount,
        apply_default_css=False,
        **options,
    )
