"""What the visitor has chosen beside the chat, as the page's events bring it."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import SecretStr

from chatbot.providers import ProviderPool
from chatbot.replies.options import resolve_options
from chatbot.settings import Settings
from chatbot.types import Effort, Options, ProviderName

KEYED: tuple[ProviderName, ...] = ("openai", "anthropic", "huggingface", "compatible")
"""The providers that a visitor may have a key of their own for, in the order of their fields."""


class SettingsValues(NamedTuple):
    """The model, how it is to answer, and the visitor's own keys; None where a field is empty."""

    provider: ProviderName
    model: str | None
    system_prompt: str | None
    max_tokens: str | None
    history_limit: str | None
    temperature: str | None
    effort: Effort | None
    openai_key: str | None = None
    anthropic_key: str | None = None
    huggingface_key: str | None = None
    compatible_key: str | None = None

    def options(self, settings: Settings, providers: ProviderPool) -> Options:
        """What the answer is asked for. Raises InvalidMessage and NoProvider."""
        return resolve_options(
            settings,
            providers,
            provider=self.provider,
            model=self.model,
            system_prompt=self.system_prompt,
            max_tokens=typed_number(self.max_tokens),
            history_limit=typed_number(self.history_limit),
            temperature=typed_number(self.temperature),
            effort=self.effort or None,
        )

    @property
    def key(self) -> SecretStr | None:
        """The visitor's own key for the chosen provider, if they typed one."""
        return self.keys().get(self.provider)

    def keys(self) -> dict[ProviderName, SecretStr]:
        """The visitor's own keys."""
        return typed_keys(self[7:])


def typed_keys(fields: Sequence[Any]) -> dict[ProviderName, SecretStr]:
    """The keys in the fields for the visitor's own, by provider."""
    typed = zip(KEYED, fields, strict=True)
    return {name: SecretStr(key.strip()) for name, key in typed if isinstance(key, str) and key.strip()}


def typed_number(text: str | None) -> float | None:
    """The number in a field, with a decimal point or comma; None if the field is empty. A text that is no number
    becomes -1, which every field refuses with a sentence that says what it takes."""
    if not (text or "").strip():
        return None
    try:
        number = float(str(text).replace(",", "."))
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0
