"""The interface of a provider: one way to stream a completion, and a list of models."""

from collections.abc import AsyncGenerator
from typing import Protocol

from chatbot.types import Delta, ModelProfile, Request

CONNECT_SECONDS = 5.0
FIRST_SECONDS = 300.0
"""The longest wait for the first word, the default of CHATBOT_REPLY_SECONDS: a server may have to load its model."""
SILENCE_SECONDS = 90.0
"""The longest silence after the first word."""

LIST_SECONDS = 5.0
"""The longest wait for a list of models, which fills a menu and must not hold anything up."""


DIRECT = {"http://127.0.0.1": None, "http://localhost": None, "http://[::1]": None}
"""For the SDKs' HTTP clients: a server on this machine is not reached through the proxy that HTTP_PROXY names."""


class Provider(Protocol):
    """Completes conversations. Implementations raise only ProviderErrors."""

    label: str
    """The name that people know it by."""

    def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """Yields the completion piece by piece; the last delta has the finish.

        Closing the generator, or cancelling its task, ends the generation at the provider. A stream that ends without
        a finish raises StreamCutOff. Implementations never retry: `stream_with_retry` does.
        """
        ...

    async def models(self) -> list[ModelProfile]:
        """Returns the models that the provider lists now. Takes a few seconds at most."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...
