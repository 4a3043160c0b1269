"""Parameters that a model refuses: left out, and remembered for that model."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from chatbot.errors import RequestRefused
from chatbot.providers.error_mapping import Sdk, error_class

T = TypeVar("T")

VALUE = re.compile(
    r"invalid_value|(max|min)_value|(less|greater) than|at (most|least)|between|in the range|range:|"
    r"too (large|high|big|low|small)|m(ax|in)imum|[<>]=|[≤≥]|must be"
)
"""How a value that is out of range is described: the parameter itself is supported."""

MAX_MODELS = 1000
"""Many more than any provider has; visitors name the models, so the number is bounded."""


class StatusSdk(Sdk, Protocol):
    """An SDK with its error for a refused request, under the name that both SDKs give it."""

    @property
    def APIStatusError(self) -> type[Exception]: ...


class UnsupportedParameters:
    """The parameters that models of one provider refuse, for the newest models."""

    def __init__(self) -> None:
        self._by_model: dict[str, frozenset[str]] = {}

    def of(self, model: str) -> frozenset[str]:
        """The parameters that the model is known to refuse."""
        return self._by_model.get(model, frozenset())

    def add(self, model: str, name: str) -> None:
        """Remembers that the model refuses the parameter."""
        self._by_model[model] = self.of(model) | {name}
        if len(self._by_model) > MAX_MODELS:
            del self._by_model[next(iter(self._by_model))]


async def send_supported(
    unsupported: UnsupportedParameters,
    model: str,
    optional: Mapping[str, str],
    parameters: Callable[[], dict[str, Any]],
    send: Callable[..., Awaitable[T]],
    sdk: StatusSdk,
) -> T:
    """Returns `send(**parameters())`; if an optional parameter is refused, remembers it and sends the others again.

    `optional` maps the parameters that a request can do without to the word that a refusal has for each. `parameters`
    leaves out what is `unsupported`, so each can be refused only once. Raises as the SDK does.
    """
    while True:
        sent = parameters()
        try:
            return await send(**sent)
        except sdk.APIStatusError as error:
            name = _refused_parameter(error, optional, sent, sdk)
            if name is None:
                raise
            unsupported.add(model, name)


def _refused_parameter(error: Exception, optional: Mapping[str, str], sent: Mapping[str, Any], sdk: Sdk) -> str | None:
    """The optional parameter that the provider refuses, if that is what the error says."""
    if getattr(error, "status_code", None) not in (400, 422) or error_class(error, sdk) is not RequestRefused:
        return None
    words = f"{getattr(error, 'param', '')} {error} {getattr(error, 'body', '')}".lower()
    if VALUE.search(words):
        return None
    return next((name for name, word in optional.items() if name in sent and word in words), None)
