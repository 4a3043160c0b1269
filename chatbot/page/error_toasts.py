"""Failures of the page's events, as sentences: a toast on the page instead of a trace in the log."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from functools import wraps
from inspect import isasyncgenfunction
from typing import Any

import gradio as gr

from chatbot.errors import ChatbotError

log = logging.getLogger(__name__)

Handler = Callable[..., Any]


def with_error_toasts(handler: Handler) -> Handler:
    """`handler`, an async function or generator, with gr.Error raised in the place of whatever it raises."""
    return _generator(handler) if isasyncgenfunction(handler) else _function(handler)


def _function(handler: Callable[..., Awaitable[Any]]) -> Handler:
    @wraps(handler)
    async def call(*values: Any) -> Any:
        with _translated():
            return await handler(*values)

    return call


def _generator(handler: Callable[..., AsyncGenerator[Any]]) -> Handler:
    @wraps(handler)
    async def iterate(*values: Any) -> AsyncGenerator[Any]:
        with _translated():
            async with aclosing(handler(*values)) as updates:
                async for update in updates:
                    yield update

    return iterate


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ChatbotError as error:
        raise gr.Error(str(error), print_exception=False) from None
    except gr.Error:
        raise
    except Exception as unforeseen:  # Gradio would print its text, which may hold what was said
        log.exception("the page's event failed")
        raise gr.Error(ChatbotError.sentence, print_exception=False) from unforeseen
