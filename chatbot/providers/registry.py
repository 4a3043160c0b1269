"""Which providers there are, how each is opened, and how to add one."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from chatbot.errors import NoProvider
from chatbot.providers.base import Provider
from chatbot.providers.local.llama_server import LlamaServer
from chatbot.providers.local.provider import LocalProvider
from chatbot.providers.local.weights import default_cache
from chatbot.settings import BUNDLED, Settings
from chatbot.types import PROVIDER_NAMES, ProviderName, RegisteredName

HUGGINGFACE_URL = "https://router.huggingface.co/v1"

NO_KEY = "none"
"""Sent to servers that ask for no key: the SDK insists on one."""


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """How a provider comes to be: its label (None: COMPATIBLE_NAME), the variable that turns it on (empty: it is on),
    and how to open it with the operator's key, or with a visitor's. `needs` is the variable without which a visitor's
    key leads nowhere; None: a visitor needs nothing but the key."""

    label: str | None
    variable: str
    open: Callable[[Settings, str, SecretStr | None], Provider]
    takes_key: bool = True
    needs: str | None = None

    def is_on(self, settings: Settings) -> bool:
        """Whether its variable is set."""
        return not self.variable or _is_set(self.variable, settings)

    def takes_visitors(self, settings: Settings) -> bool:
        """Whether a visitor can use it with a key of their own."""
        return self.takes_key and (self.needs is None or _is_set(self.needs, settings))


def _is_set(variable: str, settings: Settings) -> bool:
    return bool(getattr(settings, variable.lower()))


def _key(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else NO_KEY


# The SDKs take half a second and more to import, so each waits for the first answer that needs it.
#
# Where a visitor's key goes: a visitor types a key for the service that a label names. "OpenAI" and "Anthropic" name
# the official hosts, so there it goes, even where the operator has pointed their own key to a gateway. The label of
# the compatible server is the operator's name for COMPATIBLE_BASE_URL.


def _openai(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    secret, url = (key, None) if key else (settings.openai_api_key, settings.openai_base_url)
    return OpenAIProvider(label, _key(secret), url, length_parameter="max_completion_tokens")


def _anthropic(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    secret, url = (key, None) if key else (settings.anthropic_api_key, settings.anthropic_base_url)
    return AnthropicProvider(label, _key(secret), url)


def _huggingface(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    return OpenAIProvider(label, _key(key or settings.hf_token), HUGGINGFACE_URL)


def _compatible(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    return OpenAIProvider(label, _key(key or settings.compatible_api_key), settings.compatible_base_url)


def _local(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    source = None if settings.local_model == BUNDLED else settings.local_model
    token = settings.hf_token.get_secret_value() if settings.hf_token else None
    return LocalProvider(label, LlamaServer(source, default_cache(settings.chatbot_data_dir), token))


SPECS: dict[ProviderName, ProviderSpec] = {
    "openai": ProviderSpec("OpenAI", "OPENAI_API_KEY", _openai),
    "anthropic": ProviderSpec("Anthropic", "ANTHROPIC_API_KEY", _anthropic),
    "huggingface": ProviderSpec("Hugging Face", "HF_TOKEN", _huggingface),
    "compatible": ProviderSpec(None, "COMPATIBLE_BASE_URL", _compatible, needs="COMPATIBLE_BASE_URL"),
    "local": ProviderSpec("Embedded model", "LOCAL_MODEL", _local, takes_key=False),
}


def connect(name: ProviderName, settings: Settings | None = None, key: SecretStr | None = None) -> Provider:
    """The provider of that name, set up as `settings` (by default the environment) say.

    `key` is one that a visitor typed for it, and used in place of the operator's. It goes to the service that the
    provider's label names and nowhere else: for `openai` and `anthropic` to the official host, never to the
    operator's OPENAI_BASE_URL or ANTHROPIC_BASE_URL; for `huggingface` to its router; for `compatible` to
    COMPATIBLE_BASE_URL.

    Raises NoProvider, naming the variable to set, where it is not configured or takes no key; SettingsError for wrong
    settings.
    """
    settings = settings or Settings.load()
    spec, label = SPECS[name], label_of(name, settings)
    if key and not spec.takes_key:
        raise NoProvider(f"{label} takes no key. Choose another provider, or send without one.")
    if not (spec.takes_visitors(settings) if key else spec.is_on(settings)):
        raise NoProvider(f"{label} is not set up here. Set {spec.variable} and start the app again, or choose another.")
    return spec.open(settings, label, key)


def register(name: str, label: str, open_provider: Callable[[], Provider]) -> ProviderName:
    """Make one more provider known, which is on wherever this is called: before the app is started. It is offered
    ahead of the embedded model. `open_provider` is called once, by the first answer or list of models that needs it.

    Returns the name to `connect` it by. Raises ValueError for a name that is taken, or is more than a small letter and
    small letters, digits, - and _ after it.
    """
    if not re.fullmatch("[a-z][a-z0-9_-]*", name) or name in PROVIDER_NAMES:
        raise ValueError(f"{name!r} is taken, or cannot be the name of a provider")
    added = RegisteredName(name)
    SPECS[added] = ProviderSpec(label, "", lambda settings, label, key: open_provider(), takes_key=False)
    PROVIDER_NAMES.insert(PROVIDER_NAMES.index("local"), added)
    return added


def label_of(name: ProviderName, settings: Settings) -> str:
    """The name that people know the provider by."""
    return SPECS[name].label or settings.compatible_name
