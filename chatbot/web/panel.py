"""What the visitor has chosen beside the chat, as the page's events bring it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import SecretStr

from chatbot.messages import Effort, Options, ProviderName
from chatbot.options import complete
from chatbot.providers import Providers
from chatbot.settings import Settings

KEYED: tuple[ProviderName, ...] = ("openai", "anthropic", "huggingface", "compatible")
"""The providers that a visitor may have a key of their own for, in the order of their fields."""


class Panel(NamedTuple):
    """The model, how it is to answer, and the visitor's own keys; None where a field is empty."""

    provider: ProviderName
    model: str | None
    system_prompt: str | None
    max_tokens: float | None
    history_limit: float | None
    temperature: float | None
    effort: Effort | None
    openai_key: str | None = None
    anthropic_key: str | None = None
    huggingface_key: str | None = None
    compatible_key: str | None = None

    def options(self, settings: Settings, providers: Providers) -> Options:
        """What the answer is asked for. Raises InvalidMessage and NoProvider."""
        return complete(
            settings,
            providers,
            provider=self.provider,
            model=self.model,
            system_prompt=self.system_prompt,
            max_tokens=self.max_tokens,
            history_limit=self.history_limit,
            temperature=self.temperature,
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
