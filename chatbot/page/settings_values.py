"""The values of the settings form, as the page's events bring them."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from pydantic import SecretStr

from chatbot.replies.options import resolve_options
from chatbot.types import Effort, Options, ProviderName
from chatbot.web.services import Services

KEYED: tuple[ProviderName, ...] = ("openai", "anthropic", "huggingface", "compatible")
"""The providers that a visitor may have a key for, in the order of their fields."""


class SettingsValues(NamedTuple):
    """The model, how it is to answer, and the visitor's own keys. Numbers are texts; an empty one is unset."""

    provider: ProviderName
    model: str | None
    system_prompt: str | None
    max_tokens: str | None
    history_limit: str | None
    temperature: str | None
    effort: Effort | None
    keys: dict[ProviderName, SecretStr]

    @classmethod
    def of(cls, fields: Sequence[Any]) -> Self:
        """The values of `SettingsForm.all`. Anything but text, which only a program can send, counts as empty."""
        texts: list[Any] = [each if isinstance(each, str) else None for each in fields]
        provider, model, prompt, max_tokens, history_limit, temperature, effort, *keys = texts
        return cls(provider, model, prompt, max_tokens, history_limit, temperature, effort, typed_keys(keys))

    def options(self, services: Services) -> Options:
        """How to answer. Raises InvalidMessage and NoProvider."""
        return resolve_options(
            services.settings,
            services.providers,
            {
                "provider": self.provider,
                "model": self.model,
                "system_prompt": self.system_prompt,
                "max_tokens": typed_number(self.max_tokens),
                "history_limit": typed_number(self.history_limit),
                "temperature": typed_number(self.temperature),
                "effort": self.effort or None,
            },
        )

    @property
    def key(self) -> SecretStr | None:
        """The visitor's own key for the chosen provider."""
        return self.keys.get(self.provider)


def typed_keys(fields: Sequence[Any]) -> dict[ProviderName, SecretStr]:
    """The keys in the fields for them, by provider."""
    typed = zip(KEYED, fields, strict=True)
    return {name: SecretStr(key.strip()) for name, key in typed if isinstance(key, str) and key.strip()}


def typed_number(text: str | None) -> float | None:
    """The number in a field, with a decimal point or comma; None if the field is empty. A text that is no number
    becomes -1, which every field refuses with a text that says what it takes."""
    if not (text or "").strip():
        return None
    try:
        number = float(str(text).replace(",", "."))
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0
