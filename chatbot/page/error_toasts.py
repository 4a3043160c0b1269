"""Turns failures of the page's events into toasts, in the reader's language, without a traceback in the log."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from functools import wraps
from inspect import isasyncgenfunction
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError
from chatbot.i18n import ENGLISH, texts
from chatbot.page.i18n import locale_of

log = logging.getLogger(__name__)

Handler = Callable[..., Any]


def with_error_toasts(handler: Handler) -> Handler:
    """`handler`, an async function or generator that takes a gr.Request, with gr.Error raised for whatever it
    raises."""
    return _generator(handler) if isasyncgenfunction(handler) else _function(handler)


def error_toast(error: ChatbotError, locale: str) -> gr.Error:
    """The toast for an error."""
    return gr.Error(error.text.worded(locale), title=texts(locale)["toast.error"], print_exception=False)


def warn(error: ChatbotError, locale: str) -> None:
    """Shows the error as a warning, and goes on."""
    gr.Warning(error.text.worded(locale), title=texts(locale)["toast.warning"])


def _function(handler: Callable[..., Awaitable[Any]]) -> Handler:
    @wraps(handler)
    async def call(*values: Any) -> Any:
        with _toasts(values):
            return await handler(*values)

    return call


def _generator(handler: Callable[..., AsyncGenerator[Any]]) -> Handler:
    @wraps(handler)
    async def iterate(*values: Any) -> AsyncGenerator[Any]:
        with _toasts(values):
            async with aclosing(handler(*values)) as updates:
                async for update in updates:
                    yield update

    return iterate


@contextmanager
def _toasts(values: tuple[Any, ...]) -> Iterator[None]:
    locale = next((locale_of(each) for each in values if isinstance(each, gr.Request)), ENGLISH)
    try:
        yield
    except ChatbotError as error:
        raise error_toast(error, locale) from None
    except gr.Error:
        raise
    except Exception as unexpected:  # Gradio would print its text, which may quote messages
        log.exception("the page's event failed")
        raise error_toast(ChatbotError(), locale) from unexpected
