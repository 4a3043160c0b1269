"""What a provider is to the rest of the app: one way to stream a completion, and a list of models."""

from collections.abc import AsyncGenerator
from typing import Protocol

from chatbot.providers.model_profiles import Model
from chatbot.types import Delta, Request

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 90.0
"""How long a silent provider is waited for. The SDKs' own 600 is longer than anybody looks at an empty page."""

LIST_SECONDS = 5.0
"""How long a list of models may take: it fills a dropdown and must not hold anything up."""


DIRECT = {"http://127.0.0.1": None, "http://localhost": None, "http://[::1]": None}
"""For the SDKs' HTTP clients: a server on this machine is not asked through a proxy, which HTTP_PROXY would ask for."""


class Provider(Protocol):
    """Somebody who completes conversations. Implementations raise only our ProviderErrors."""

    label: str
    """The name that people know it by."""

    def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece; the last delta carries the finish.

        Closing the generator, or cancelling its task, ends the generation at the provider. A stream that ends
        without a finish raises CutOff. Nothing is sent twice: `patiently` does that, for all alike.
        """
        ...

    async def models(self) -> list[Model]:
        """The models that the provider offers now. Takes a few seconds at most."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
