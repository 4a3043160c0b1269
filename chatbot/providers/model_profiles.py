"""What is known of models by their names, without asking a provider: defaults, inputs, parameters, context, prices."""

import re
from functools import lru_cache

from chatbot.types import Finish, ModelChoice, ModelProfile, ProviderName

BUILT_IN: dict[ProviderName, tuple[str, ...]] = {
    "openai": ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-sol", "gpt-5.4-mini"),
    "anthropic": ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5"),
    "huggingface": ("openai/gpt-oss-20b", "openai/gpt-oss-120b"),
}
"""The models to offer while a provider's own list is missing; the first is the default. As of November 2026."""

PRICED_AS: dict[ProviderName, str] = {"openai": "openai", "anthropic": "anthropic"}
"""The providers whose models genai-prices knows, by its ids. On other servers the same name says little: their owners
choose how much of the context to offer."""

OPENAI_REASONS = r"^(ft:)?(o\d|gpt-([5-9]|\d\d))"
"""OpenAI's models that reason: o1 and later, and all since GPT-5. They refuse a temperature."""

TAKES_EFFORT: dict[ProviderName, re.Pattern[str]] = {
    "openai": re.compile(OPENAI_REASONS + r"(?!.*-chat)"),
    "anthropic": re.compile(r"^claude-[a-z]+-([5-9]|4-[6-9])"),
    "huggingface": (
        open_models := re.compile(r"gpt-oss|gpt-[5-9]|(^|/)o\d|grok|deepseek|qwen3|magistral|thinking", re.I)
    ),
    "compatible": open_models,
}
"""The models whose reasoning effort can be set: OpenAI's since o1, Anthropic's since Opus 4.6 (adaptive thinking), and
of other providers those whose names say so. A model that refuses it is not asked again."""

TEXT_ONLY: dict[ProviderName, re.Pattern[str]] = {
    "openai": re.compile(r"^(ft:)?(gpt-3\.5|gpt-4(-\d{4}|-32k|$)|o1-(mini|preview)|o3-mini|gpt-oss)"),
    "anthropic": re.compile(r"^claude-(v?1|2|instant)"),
}
"""OpenAI's and Anthropic's models that read text only; all their other chat models read images and PDFs."""

TEXT_ONLY_OPEN_MODELS = re.compile(
    r"gpt-oss|gpt-3\.5|smollm(?!.*v)|tinyllama|codellama|mixtral|deepseek-?(r1|v[23]|chat|coder|reasoner)|"
    r"llama-?(2|3)(?!.*vision)|qwen-?(1\.5|2|2\.5|3)?[:-](?!.*(vl|omni))|phi-?[34](?!.*(vision|multimodal))|"
    r"gemma-?[12]\b|command-r|starcoder|falcon|olmo",
    re.I,
)
"""Open models that read text only, by their makers' names. Of other open models it is not known."""

STARTS_IN_THOUGHT = re.compile(r"deepseek-?r1|\br1-distill|\bqwq|qwen3.*-thinking|glm-z1|\br1-1776", re.I)
"""Open models whose template puts the opening `<think>` into the prompt: their text begins with reasoning that only
`</think>` ends, unless the server takes it out."""

NOT_FOR_CHAT: dict[ProviderName, re.Pattern[str]] = {
    "openai": re.compile(
        r"embed|whisper|tts|transcribe|audio|realtime|image|dall-e|moderation|davinci|babbage|-instruct|search|sora|live"
    )
}
NOT_FOR_CHAT_ELSEWHERE = re.compile(r"embed|rerank|whisper|tts|moderation|\bbge-|stable-diffusion|\bsdxl|\bflux", re.I)
"""Listed models that do something other than chat."""


def traits(provider: ProviderName, model: str) -> ModelProfile:
    """What the model reads and takes, by its name. Never blocks."""
    known_text_only, effort = TEXT_ONLY.get(provider), TAKES_EFFORT.get(provider)
    reads: bool | None = None if known_text_only is None else not known_text_only.search(model)
    if provider == "local":  # it is loaded without the part that sees
        reads = False
    reads_images = False if reads is None and TEXT_ONLY_OPEN_MODELS.search(model) else reads
    refuses_temperature = provider == "anthropic" or (provider == "openai" and re.match(OPENAI_REASONS, model))
    profile = ModelProfile(
        model,
        reads_images=reads_images,
        reads_documents=reads,
        takes_temperature=not refuses_temperature,
        takes_effort=bool(effort and effort.search(model)),
    )
    if provider == "openai":  # the figures of OpenAI's small models; its others take fewer tokens
        return ModelProfile(model, patch_pixels=32, tokens_per_patch=1.62).updated_by(profile)
    return profile


@lru_cache(maxsize=256)
def published(provider: ProviderName, model: str) -> ModelProfile:
    """The context window that genai-prices has for the model. Blocks for 0.2 s the first time."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - 0.2 s that the first page need not wait for

    if provider not in PRICED_AS:
        return ModelProfile(model)
    try:
        _, found = get_snapshot().find_provider_model(model, None, PRICED_AS[provider], None)
    except LookupError:
        return ModelProfile(model)
    return ModelProfile(model, context_tokens=found.context_window)


def chat_models(provider: ProviderName, models: list[ModelProfile]) -> list[ModelProfile]:
    """The models of a provider's list that can chat."""
    others = NOT_FOR_CHAT.get(provider, NOT_FOR_CHAT_ELSEWHERE)
    return [model for model in models if not others.search(model.id)]


def published_cost(choice: ModelChoice, finish: Finish) -> float | None:
    """US dollars for an answer by the provider's public prices; None if they are not known. Blocks for 0.2 s the first
    time."""
    from genai_prices import Usage as Priced  # noqa: PLC0415 - as above
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

    if choice.provider not in PRICED_AS:
        return None
    priced = Priced(
        input_tokens=finish.usage.input_tokens,
        output_tokens=finish.usage.output_tokens,
        cache_read_tokens=finish.cache_read or None,
        cache_write_tokens=finish.cache_write or None,
    )
    try:
        return float(get_snapshot().calc(priced, choice.model, PRICED_AS[choice.provider], None, None).total_price)
    except (LookupError, ValueError):
        return None
