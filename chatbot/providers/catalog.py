"""What is known of models without asking anybody: names to start with, how much they read, whether they take a
temperature."""

import re
from functools import lru_cache

from chatbot.settings import ProviderName

BUILT_IN: dict[ProviderName, tuple[str, ...]] = {
    "openai": ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-sol", "gpt-5.4-mini"),
    "anthropic": ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5"),
    "huggingface": ("openai/gpt-oss-20b", "openai/gpt-oss-120b"),
    "compatible": (),
    "local": (),
}
"""The models to offer while a provider's own list is not there; the first is the default. As of November 2026."""

PRICED_AS: dict[ProviderName, str] = {"openai": "openai", "anthropic": "anthropic"}
"""The providers whose models genai-prices describes, by its ids. Elsewhere the same name says little: the server's
owner chose how much of the context to offer."""

NO_TEMPERATURE = re.compile(r"^(ft:)?(o\d|gpt-([5-9]|\d\d))")
"""OpenAI's models that refuse a temperature: those that reason, since o1, and all since GPT-5."""

NOT_FOR_CHAT = re.compile(
    r"embed|whisper|tts|transcribe|audio|realtime|image|dall-e|moderation|davinci|babbage|-instruct|search|sora|live"
)
"""Models in OpenAI's list that do something other than chat."""


def takes_temperature(provider: ProviderName, model: str) -> bool:
    """Whether to send that model a temperature at all."""
    return provider != "anthropic" and not (provider == "openai" and NO_TEMPERATURE.match(model))


def for_chat(provider: ProviderName, models: list[str]) -> list[str]:
    """Those of a provider's listed models that can chat."""
    return [model for model in models if provider != "openai" or not NOT_FOR_CHAT.search(model)]


@lru_cache(maxsize=256)
def context_tokens(provider: ProviderName, model: str) -> int | None:
    """How many tokens that model reads at most; None where it is not known."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - 0.2 s that the first page need not wait for

    if provider not in PRICED_AS:
        return None
    try:
        _, found = get_snapshot().find_provider_model(model, None, PRICED_AS[provider], None)
    except LookupError:
        return None
    return found.context_window
