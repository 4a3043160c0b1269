"""What is known of models without asking anybody: names to start with, how much they read, what they cost, whether
they take a temperature or an effort."""

import re
from functools import lru_cache

from chatbot.providers.model_profiles import Model
from chatbot.types import FileSupport, ProviderName, Usage

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

TAKES_EFFORT: dict[ProviderName, re.Pattern[str]] = {
    "openai": re.compile(r"^(ft:)?(o\d|gpt-([5-9]|\d\d))(?!.*-chat)"),
    "anthropic": re.compile(r"^claude-[a-z]+-([5-9]|4-[6-9])"),
    "huggingface": (
        open_models := re.compile(r"gpt-oss|gpt-[5-9]|(^|/)o\d|grok|deepseek|qwen3|magistral|thinking", re.I)
    ),
    "compatible": open_models,
}
"""The models that reason for as long as they are told: OpenAI's since o1, Anthropic's since Opus 4.6 (whose thinking
adapts), and elsewhere those whose names say it. One that refuses after all is not asked for it again."""

NO_FILES: dict[ProviderName, re.Pattern[str]] = {
    "openai": re.compile(r"^(ft:)?(gpt-3\.5|gpt-4(-\d{4}|-32k|$)|o1-(mini|preview)|o3-mini|gpt-oss)"),
    "anthropic": re.compile(r"^claude-(v?1|2|instant)"),
}
"""OpenAI's and Anthropic's models that read text only; all others of theirs that chat read pictures and PDFs."""

TEXT_ONLY = re.compile(
    r"gpt-oss|gpt-3\.5|smollm(?!.*v)|tinyllama|codellama|mixtral|deepseek-?(r1|v[23]|chat|coder|reasoner)|"
    r"llama-?(2|3)(?!.*vision)|qwen-?(1\.5|2|2\.5|3)?[:-](?!.*(vl|omni))|phi-?[34](?!.*(vision|multimodal))|"
    r"gemma-?[12]\b|command-r|starcoder|falcon|olmo",
    re.I,
)
"""Open models that read text only, by the names that their makers give them. Of all others nobody here knows."""

NOT_FOR_CHAT = re.compile(
    r"embed|whisper|tts|transcribe|audio|realtime|image|dall-e|moderation|davinci|babbage|-instruct|search|sora|live"
)
"""Models in OpenAI's list that do something other than chat."""

NOT_TEXT = re.compile(r"embed|rerank|whisper|tts|moderation|\bbge-|stable-diffusion|\bsdxl|\bflux", re.I)
"""The same in any other list, where names are less of one kind."""


def takes_temperature(provider: ProviderName, model: str) -> bool:
    """Whether to send that model a temperature at all."""
    return provider != "anthropic" and not (provider == "openai" and NO_TEMPERATURE.match(model))


def takes_effort(provider: ProviderName, model: str) -> bool:
    """Whether that model can be told how long to reason."""
    known = TAKES_EFFORT.get(provider)
    return bool(known and known.search(model))


def reads(provider: ProviderName, model: str) -> FileSupport:
    """Which files that model reads as they are."""
    if provider == "local":  # it is loaded without the part that sees
        return FileSupport(False, False)
    if known := NO_FILES.get(provider):
        takes = not known.search(model)
        return FileSupport(takes, takes)
    return FileSupport(False if TEXT_ONLY.search(model) else None)


def for_chat(provider: ProviderName, models: list[Model]) -> list[Model]:
    """Those of a provider's listed models that can chat."""
    others = NOT_FOR_CHAT if provider == "openai" else NOT_TEXT
    return [model for model in models if not others.search(model.id)]


def cost(provider: ProviderName, model: str, usage: Usage, cache_read: int = 0, cache_write: int = 0) -> float | None:
    """What an answer cost by the provider's public prices, in US dollars; None where they are not known.

    `cache_read` and `cache_write` are as `Finish` has them.
    """
    from genai_prices import Usage as Priced  # noqa: PLC0415 - 0.2 s that the first page need not wait for
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

    if provider not in PRICED_AS:
        return None
    priced = Priced(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=cache_read or None,
        cache_write_tokens=cache_write or None,
    )
    try:
        return float(get_snapshot().calc(priced, model, PRICED_AS[provider], None, None).total_price)
    except (LookupError, ValueError):
        return None


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
