"""The interface's texts: one JSON file a language, English the one that is complete by definition.

Gradio puts all of them into the page, and there the browser's language chooses: for Gradio's components by Gradio's own
means, for the page's scripts by `t` in assets/dom.js.
"""

import json
from pathlib import Path

import gradio as gr
from gradio.i18n import I18nData

from chatbot.types import ProviderName

DIRECTORY = Path(__file__).with_name("locales")

LANGUAGES: dict[str, dict[str, str]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(DIRECTORY.glob("*.json"))
}
"""By language tag: the texts, each by its key."""

ENGLISH = LANGUAGES["en"]
"""What every other language is a translation of."""


def i18n() -> gr.I18n:
    """All the texts, for `launch`."""
    return gr.I18n(**LANGUAGES)


def text(key: str) -> str:
    """What Gradio's components show as the text of that key. Gradio translates one of them in a string. Raises KeyError
    where there is none."""
    if key not in ENGLISH:
        raise KeyError(key)
    return str(I18nData(key))


def provider_label(name: ProviderName, label: str) -> str:
    """What the page calls a provider: the embedded model in the reader's language, the others by their names."""
    return text("provider.local") if name == "local" else label
