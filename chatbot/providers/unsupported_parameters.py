"""What a model does not take, a parameter or the system role: left out, and remembered for that model alone."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatbot.errors import ContextOverflow, RequestRefused
from chatbot.providers.error_meanings import meaning
from chatbot.providers.refusal_details import longest_answer, refuses_system_role
from chatbot.providers.refusals import Refusal
from chatbot.types import Request

SYSTEM = "system"
"""Stands for the system role among the parameters that a model refuses."""

LENGTHS = ("max_tokens", "max_completion_tokens")

VALUE = re.compile(
    r"invalid_value|(max|min)_value|(less|greater) than|at (most|least)|between|\brange|"
    r"too (large|high|big|low|small)|m(ax|in)imum|[<>]=|[≤≥]|must be (?!one of|1\b(?! or))"
)
"""How a value that is out of range is described: the parameter itself is supported."""

UNSUPPORTED = re.compile(
    r"unsupported|not supported|does(n't| not) support|unknown|unrecogni[sz]ed|unexpected|extra (input|field)|"
    r"not (permitted|allowed)|additional propert|instead|deprecated"
)
"""How a parameter that is not supported is described. The longest answer is dropped only for these words: it is a limit
of the operator's, and of the visitor's."""

MAX_MODELS = 1000
"""Many more than any provider has; visitors name the models, so the number is bounded."""


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


def adapt(
    request: Request,
    refusal: Refusal,
    sent: Mapping[str, Any],
    optional: Mapping[str, str],
    unsupported: UnsupportedParameters,
) -> Request | None:
    """The request to send in place of the refused one; None if it cannot be made acceptable.

    An answer that is too long is shortened for this request only. A parameter and the system role are remembered for
    the model. `sent` is the body that was refused; `optional` maps the parameters that a request can do without to a
    pattern of the words that refusals have for each.
    """
    kind, _ = meaning(refusal)
    if kind in (RequestRefused, ContextOverflow) and any(name in sent for name in LENGTHS):
        # Of a context that is full the prompt is the greater part: to shorten the answer at a guess would not help.
        longest = longest_answer(refusal, request.max_tokens, may_guess=kind is RequestRefused)
        if longest and not UNSUPPORTED.search(refusal.words):
            return replace(request, max_tokens=longest)
    refused = unsupported.of(request.model)
    if request.system_prompt and SYSTEM not in refused and refuses_system_role(refusal):
        unsupported.add(request.model, SYSTEM)
        return request
    name = _refused_parameter(refusal, optional, sent) if kind is RequestRefused else None
    if name is None:
        return None
    unsupported.add(request.model, name)
    return request


def fold_system_prompt(request: Request) -> Request:
    """The request with its system prompt at the beginning of the first message, for models without that role."""
    if not request.system_prompt:
        return request
    first, *others = request.messages
    content = "\n\n".join(filter(None, (request.system_prompt, first.content)))
    return replace(request, system_prompt="", messages=(replace(first, content=content), *others))


def _refused_parameter(refusal: Refusal, optional: Mapping[str, str], sent: Mapping[str, Any]) -> str | None:
    """The optional parameter that the provider refuses, if that is what the error says."""
    if refusal.status not in (None, 400, 422):
        return None
    words = " ".join((refusal.param.lower(), *sorted(refusal.codes), refusal.words))
    if VALUE.search(words):
        return None
    names = (name for name, word in optional.items() if name in sent and re.search(word, words))
    return next((name for name in names if name not in LENGTHS or UNSUPPORTED.search(words)), None)
