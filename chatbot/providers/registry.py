"""Which providers there are, what they offer, and one open client for each that is used."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from chatbot.errors import ChatbotError, NoProvider
from chatbot.providers import catalog
from chatbot.providers.base import LIST_SECONDS, Provider
from chatbot.providers.embedded import EmbeddedModel
from chatbot.providers.local import LocalProvider
from chatbot.providers.weights import default_cache
from chatbot.settings import BUNDLED, PROVIDER_NAMES, ProviderName, Settings

log = logging.getLogger(__name__)

HUGGINGFACE_URL = "https://router.huggingface.co/v1"

NO_KEY = "none"
"""Sent to servers that ask for no key: the SDK insists on one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model of a provider. The model is empty where none is known."""

    provider: ProviderName
    model: str


@dataclass(frozen=True, slots=True)
class Spec:
    """How a provider comes to be: its label (None: COMPATIBLE_NAME), the variable that turns it on, how to open it."""

    label: str | None
    variable: str
    open: Callable[[Settings, str], Provider]

    def is_on(self, settings: Settings) -> bool:
        """Whether its variable is set."""
        return bool(getattr(settings, self.variable.lower()))


def _key(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else NO_KEY


# The SDKs take half a second and more to import, so each waits for the first answer that needs it.


def _openai(settings: Settings, label: str) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    key, url = _key(settings.openai_api_key), settings.openai_base_url
    return OpenAIProvider(label, key, url, length_parameter="max_completion_tokens")


def _anthropic(settings: Settings, label: str) -> Provider:
    from chatbot.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    return AnthropicProvider(label, _key(settings.anthropic_api_key), settings.anthropic_base_url)


def _huggingface(settings: Settings, label: str) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    return OpenAIProvider(label, _key(settings.hf_token), HUGGINGFACE_URL)


def _compatible(settings: Settings, label: str) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    return OpenAIProvider(label, _key(settings.compatible_api_key), settings.compatible_base_url)


def _local(settings: Settings, label: str) -> Provider:
    source = None if settings.local_model == BUNDLED else settings.local_model
    token = settings.hf_token.get_secret_value() if settings.hf_token else None
    return LocalProvider(label, EmbeddedModel(source, default_cache(settings.chatbot_data_dir), token))


SPECS: dict[ProviderName, Spec] = {
    "openai": Spec("OpenAI", "OPENAI_API_KEY", _openai),
    "anthropic": Spec("Anthropic", "ANTHROPIC_API_KEY", _anthropic),
    "huggingface": Spec("Hugging Face", "HF_TOKEN", _huggingface),
    "compatible": Spec(None, "COMPATIBLE_BASE_URL", _compatible),
    "local": Spec("Embedded model", "LOCAL_MODEL", _local),
}


def connect(name: ProviderName, settings: Settings | None = None) -> Provider:
    """The provider of that name, set up as `settings` (by default the environment) say.

    Raises NoProvider, naming the variable to set, where it is not configured; SettingsError for wrong settings.
    """
    settings = settings or Settings.load()
    spec, label = SPECS[name], label_of(name, settings)
    if not spec.is_on(settings):
        raise NoProvider(f"{label} is not set up here. Set {spec.variable} and start the app again, or choose another.")
    return spec.open(settings, label)


def label_of(name: ProviderName, settings: Settings) -> str:
    """The name that people know the provider by."""
    return SPECS[name].label or settings.compatible_name


class Providers:
    """The providers that `settings` turn on, each opened when it is first used and kept until `aclose`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[ProviderName, Provider] = {}
        self._listed: dict[ProviderName, list[str]] = {}
        self.offered: list[ProviderName] = [name for name in PROVIDER_NAMES if SPECS[name].is_on(settings)]

    def get(self, name: ProviderName) -> Provider:
        """The provider, open. Raises NoProvider where it is not configured."""
        if name not in self._open:
            self._open.setdefault(name, connect(name, self._settings))  # answers that begin together share one
        return self._open[name]

    def label(self, name: ProviderName) -> str:
        """The name that people know the provider by."""
        return label_of(name, self._settings)

    @property
    def default(self) -> Choice | None:
        """What a new conversation starts with; None where nothing is configured."""
        name = self._settings.chatbot_provider or next(iter(self.offered), None)
        if name is None:
            return None
        return Choice(name, next(iter(self.models(name)), ""))

    @property
    def embedded(self) -> EmbeddedModel | None:
        """The embedded model, loaded or not; None where it is off."""
        provider = self.get("local") if "local" in self.offered else None
        return provider.embedded if isinstance(provider, LocalProvider) else None

    def models(self, name: ProviderName) -> list[str]:
        """The models to offer, the default first: what the provider listed, else what is known without it."""
        if name == "local" and self.embedded:
            return [self.embedded.model]
        known = list(catalog.BUILT_IN[name])
        models = self._listed.get(name) or known
        preferred = [model for model in known[:1] if model in models]
        if self._settings.chatbot_model and name == (self._settings.chatbot_provider or self.offered[0]):
            preferred = [self._settings.chatbot_model]
        return list(dict.fromkeys(preferred + models))

    def context_tokens(self, choice: Choice) -> int | None:
        """How many tokens that model reads at most; None where it is not known. May block for 0.2 s the first time."""
        if choice.provider == "local" and self.embedded:
            return self.embedded.context_tokens
        return catalog.context_tokens(choice.provider, choice.model)

    async def warm_up(self) -> None:
        """Do ahead what the first answer would wait for: load the default provider, and list everybody's models.

        Never raises: a provider that is down keeps its built-in list.
        """
        default = self.default
        if default and default.provider in self.offered:
            provider = await asyncio.to_thread(self.get, default.provider)
            await asyncio.to_thread(self.context_tokens, default)
            if isinstance(provider, LocalProvider):
                await provider.warm_up()
        await asyncio.gather(*(self._list(name) for name in self.offered if name != "local"))

    async def aclose(self) -> None:
        """Close every provider, and the embedded model."""
        await asyncio.gather(*(provider.aclose() for provider in self._open.values()), return_exceptions=True)
        if self.embedded:
            await asyncio.to_thread(self.embedded.close)

    async def _list(self, name: ProviderName) -> None:
        try:
            provider = await asyncio.to_thread(self.get, name)
            models = await asyncio.wait_for(provider.models(), LIST_SECONDS)
        except (ChatbotError, TimeoutError) as error:
            log.info("models: %s gave no list (%s)", name, type(error).__name__)
        else:
            self._listed[name] = catalog.for_chat(name, models)
