"""What an answer is asked for, checked in one place whoever asks."""

from chatbot.errors import InvalidMessage, NoProvider
from chatbot.providers import ProviderPool
from chatbot.settings import Settings
from chatbot.types import Effort, ModelChoice, Options, ProviderName

MOST_HISTORY = 1000
LONGEST_ANSWER = 2**31 - 1
"""Tokens: as far as llama.cpp counts. A longer answer may be asked for, and nobody would notice."""
HOTTEST = 2.0
LONGEST_PROMPT = 10_000
"""Characters of a visitor's own system prompt; it goes to the model with every message."""


def resolve_options(
    settings: Settings,
    providers: ProviderPool,
    *,
    provider: ProviderName | None = None,
    model: str | None = None,
    system_prompt: str | None = None,
    max_tokens: float | None = None,
    history_limit: float | None = None,
    temperature: float | None = None,
    effort: Effort | None = None,
) -> Options:
    """The options, with the operator's where somebody left theirs open.

    Raises InvalidMessage for a value out of bounds or a missing model, NoProvider where nothing can answer.
    """
    options = Options(
        _choice(providers, provider, (model or "").strip()),
        settings.chatbot_system_prompt if system_prompt is None else system_prompt,
        int(min(settings.chatbot_max_tokens if max_tokens is None else max_tokens, LONGEST_ANSWER)),
        settings.chatbot_history_limit if history_limit is None else int(history_limit),
        settings.chatbot_temperature if temperature is None else temperature,
        effort,
    )
    if options.max_tokens < 1:
        raise InvalidMessage("“Longest answer” has to be 1 or more.")
    if not 1 <= options.history_limit <= MOST_HISTORY:
        raise InvalidMessage(f"“History limit” has to be between 1 and {MOST_HISTORY}.")
    check_prompt(settings, options.system_prompt)
    if options.temperature is not None and not 0 <= options.temperature <= HOTTEST:
        raise InvalidMessage(f"“Temperature” has to be between 0 and {HOTTEST:g}.")
    return options


def check_prompt(settings: Settings, system_prompt: str) -> None:
    """Raises InvalidMessage where the prompt is longer than one may be, and than the operator's own."""
    longest = max(LONGEST_PROMPT, len(settings.chatbot_system_prompt))
    if len(system_prompt) > longest:
        raise InvalidMessage(f"The system prompt can have {longest:,} characters at most.")


def _choice(providers: ProviderPool, provider: ProviderName | None, model: str) -> ModelChoice:
    default = providers.default
    name = provider or (default.provider if default else None)
    if name is None:
        raise NoProvider
    if not model:
        model = default.model if default and default.provider == name else next(iter(providers.models(name)), "")
    if not model:
        if name not in providers.offered:  # then no model's name would help
            raise NoProvider(f"{providers.label(name)} is not set up here. Choose another provider.")
        raise InvalidMessage("Choose a model first, or type its name.")
    return ModelChoice(name, model)
