"""The interface's texts in Gradio: the page has all locales, and the browser's language chooses."""

import gradio as gr
from gradio.i18n import I18nData

from chatbot.i18n import ENGLISH, negotiate, texts
from chatbot.providers.local.weights import SMOLLM2
from chatbot.types import ProviderName


def text(key: str) -> str:
    """What a Gradio component takes to show the text of that key, also inside a string. Raises KeyError."""
    if key not in texts(ENGLISH):
        raise KeyError(key)
    return str(I18nData(key))


def locale_of(request: gr.Request) -> str:
    """The locale of the page that sent an event: browsers send the languages by which the page chooses its own."""
    return negotiate(str(request.headers.get("accept-language", "")))


def provider_label(name: ProviderName, label: str) -> str:
    """The provider's name on the page: the local model's is translated."""
    return text("provider.local") if name == "local" else label


def local_label(model: str) -> str:
    """The key of what the local provider is called with that model."""
    return "provider.demo" if model == SMOLLM2.model else "provider.local"
