"""The names of the providers: those that are built in, those that are found on this machine, and those that `register`
adds."""

from typing import Annotated, Literal, NewType, get_args

from pydantic import BeforeValidator

BuiltInName = Literal["openai", "anthropic", "huggingface", "compatible", "local"]
FoundName = Literal["ollama", "lmstudio"]
"""The name of a provider that is there as soon as it has been found on this machine."""
RegisteredName = NewType("RegisteredName", str)
"""The name of a provider that `chatbot.providers.register` added."""

PROVIDER_NAMES: list[BuiltInName | FoundName | RegisteredName] = [*get_args(BuiltInName)]
"""All names, in the order in which the providers are offered. Those that are found join when they are."""


def _known(name: object) -> object:
    if name not in PROVIDER_NAMES:
        *others, last = map(repr, PROVIDER_NAMES)
        raise ValueError(f"Input should be {', '.join(others)} or {last}")
    return name


ProviderName = Annotated[BuiltInName | FoundName | RegisteredName, BeforeValidator(_known)]
