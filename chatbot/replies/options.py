"""Validates what an answer is asked for, and fills in the operator's defaults."""

from typing import TypedDict

from chatbot.errors import InvalidMessage, NoProvider
from chatbot.providers import ProviderPool
from chatbot.settings import Settings
from chatbot.types import Effort, ModelChoice, Options, ProviderName

MAX_HISTORY = 1000
MAX_ANSWER_TOKENS = 2**31 - 1
"""As far as llama.cpp counts. A longer answer may be asked for, and nobody would notice."""
MAX_TEMPERATURE = 2.0
MAX_PROMPT_LENGTH = 10_000
"""Characters of a visitor's own system prompt, which goes to the model with every message."""


class RequestedOptions(TypedDict, total=False):
    """Options as a visitor or a program gives them; what is missing or None is the operator's default."""

    provider: ProviderName | None
    model: str | None
    system_prompt: str | None
    max_tokens: float | None
    history_limit: float | None
    temperature: float | None
    effort: Effort | None


def resolve_options(settings: Settings, providers: ProviderPool, requested: RequestedOptions) -> Options:
    """Returns the complete options. Raises InvalidMessage for a value out of range or a missing model, NoProvider if
    nothing can answer."""
    max_tokens, history_limit = requested.get("max_tokens"), requested.get("history_limit")
    system_prompt, temperature = requested.get("system_prompt"), requested.get("temperature")
    options = Options(
        _resolve_choice(providers, requested.get("provider"), (requested.get("model") or "").strip()),
        settings.chatbot_system_prompt if system_prompt is None else system_prompt,
        int(min(settings.chatbot_max_tokens if max_tokens is None else max_tokens, MAX_ANSWER_TOKENS)),
        settings.chatbot_history_limit if history_limit is None else int(history_limit),
        settings.chatbot_temperature if temperature is None else temperature,
        requested.get("effort"),
    )
    if options.max_tokens < 1:
        raise InvalidMessage("max_tokens")
    if not 1 <= options.history_limit <= MAX_HISTORY:
        raise InvalidMessage("history_limit", most=MAX_HISTORY)
    check_prompt(settings, options.system_prompt)
    if options.temperature is not None and not 0 <= options.temperature <= MAX_TEMPERATURE:
        raise InvalidMessage("temperature", most=MAX_TEMPERATURE)
    return options


def resumed_options(
    settings: Settings, providers: ProviderPool, stored: Options | None, requested: RequestedOptions
) -> Options:
    """Returns the options with which a conversation goes on: those of its last turn, if they are `stored`, but for what
    is requested. Raises as `resolve_options` does."""
    base: RequestedOptions = {}
    if stored:
        base = {
            "provider": stored.choice.provider,
            "model": stored.choice.model,
            "system_prompt": stored.system_prompt,
            "max_tokens": stored.max_tokens,
            "history_limit": stored.history_limit,
            "temperature": stored.temperature,
            "effort": stored.effort,
        }
        if requested.get("provider") not in (None, stored.choice.provider):
            base["model"] = None  # the other provider may not have it
    changes: RequestedOptions = {name: value for name, value in requested.items() if value is not None}  # type: ignore[assignment]
    return resolve_options(settings, providers, base | changes)


def check_prompt(settings: Settings, system_prompt: str) -> None:
    """Raises InvalidMessage if the prompt is longer than MAX_PROMPT_LENGTH and than the operator's own."""
    longest = max(MAX_PROMPT_LENGTH, len(settings.chatbot_system_prompt))
    if len(system_prompt) > longest:
        raise InvalidMessage("system_prompt", most=longest)


def _resolve_choice(providers: ProviderPool, provider: ProviderName | None, model: str) -> ModelChoice:
    default = providers.default
    name = provider or (default.provider if default else None)
    if name is None:
        raise NoProvider
    if not model:
        model = default.model if default and default.provider == name else next(iter(providers.models(name)), "")
    if not model:
        if name not in providers.offered:  # then no model's name would help
            raise NoProvider("not_here", provider=providers.label(name))
        raise InvalidMessage("no_model")
    return ModelChoice(name, model)
