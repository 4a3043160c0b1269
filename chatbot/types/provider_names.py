"""The names of the providers: those that are built in, and those that `register` adds."""

from typing import Annotated, Literal, NewType, get_args

from pydantic import BeforeValidator

BuiltInName = Literal["openai", "anthropic", "huggingface", "compatible", "ollama", "lmstudio", "local"]
RegisteredName = NewType("RegisteredName", str)
"""The name of a provider that `chatbot.providers.register` added."""

PROVIDER_NAMES: list[BuiltInName | RegisteredName] = [*get_args(BuiltInName)]
"""All names, in the order in which the providers are offered."""


def _known(name: object) -> object:
    if name not in PROVIDER_NAMES:
        *others, last = map(repr, PROVIDER_NAMES)
        raise ValueError(f"Input should be {', '.join(others)} or {last}")
    return name


ProviderName = Annotated[BuiltInName | RegisteredName, BeforeValidator(_known)]
