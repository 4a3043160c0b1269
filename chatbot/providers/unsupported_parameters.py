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
"""What is said of a value that is out of bounds: the parameter is a good one, and the next value may be too."""


MOST_MODELS = 1000
"""Many more than any provider has."""


class Refusing(Sdk, Protocol):
    """An SDK with its error for a request that was refused, by the name that both give it."""

    @property
    def APIStatusError(self) -> type[Exception]: ...  # noqa: D102


class UnsupportedParameters:
    """The parameters that models of one provider refuse. Visitors name the models, so that only the newest are kept."""

    def __init__(self) -> None:
        self._by_model: dict[str, frozenset[str]] = {}

    def of(self, model: str) -> frozenset[str]:
        """Those that the model is known to refuse."""
        return self._by_model.get(model, frozenset())

    def add(self, model: str, name: str) -> None:
        """The model refuses that one too."""
        self._by_model[model] = self.of(model) | {name}
        if len(self._by_model) > MOST_MODELS:
            del self._by_model[next(iter(self._by_model))]


async def send_supported(
    refusals: UnsupportedParameters,
    model: str,
    optional: Mapping[str, str],
    parameters: Callable[[], dict[str, Any]],
    send: Callable[..., Awaitable[T]],
    sdk: Refusing,
) -> T:
    """`send(**parameters())`; where one of the `optional` is refused, it joins the model's `refusals`, and the rest
    goes again.

    `optional` has the parameters that a request can do without, each with the word that a refusal has for it.
    `parameters` leaves out what is among the refusals, so each can be refused only once. Raises as the SDK does.
    """
    while True:
        sent = parameters()
        try:
            return await send(**sent)
        except sdk.APIStatusError as error:
            name = _refused_one(error, optional, sent, sdk)
            if name is None:
                raise
            refusals.add(model, name)


def _refused_one(error: Exception, optional: Mapping[str, str], sent: Mapping[str, Any], sdk: Sdk) -> str | None:
    """The parameter that the provider does not want, if it is one that the request can do without."""
    if getattr(error, "status_code", None) not in (400, 422) or error_class(error, sdk) is not RequestRefused:
        return None
    words = f"{getattr(error, 'param', '')} {error} {getattr(error, 'body', '')}".lower()
    if VALUE.search(words):
        return None
    return next((name for name, word in optional.items() if name in sent and word in words), None)
