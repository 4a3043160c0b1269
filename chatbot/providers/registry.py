"""Which providers there are, how each is opened, and how to add one."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from chatbot.errors import NoProvider
from chatbot.providers.base import Provider
from chatbot.providers.discovery import LM_STUDIO_PORT, OLLAMA_PORT
from chatbot.providers.local.local_models import LocalModels
from chatbot.providers.local.provider import LocalProvider
from chatbot.providers.local.weights import default_cache
from chatbot.settings import BUNDLED, Settings
from chatbot.types import PROVIDER_NAMES, FoundName, ProviderName, RegisteredName

HUGGINGFACE_URL = "https://router.huggingface.co/v1"

CALL = re.compile("/(chat/completions|messages|models)/*$")
"""The end of an address that was copied from an example of a call."""

NO_KEY = "none"
"""Sent to servers that need no key: the SDK insists on one."""


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """How a provider is opened.

    `label` is its name for people (None: COMPATIBLE_NAME), `variable` turns it on (empty: it is on; None: it is on
    while it is found on this machine), and `open` takes the settings, the label and a visitor's key, if there is one.
    `takes_key`: a visitor may bring a key; `needs`: the variable without which such a key leads nowhere. `is_billed`:
    answers may cost the operator money. `takes_prefill`: it goes on with an answer that the conversation ends with.
    """

    label: str | None
    variable: str | None
    open: Callable[[Settings, str, SecretStr | None], Provider]
    takes_key: bool = True
    needs: str | None = None
    is_billed: bool = True
    takes_prefill: bool = False

    def is_on(self, settings: Settings) -> bool:
        """Whether its variable is set."""
        return self.variable == "" or bool(self.variable and _is_set(self.variable, settings))

    def takes_user_key(self, settings: Settings) -> bool:
        """Whether a visitor can use it with a key of their own."""
        return self.takes_key and (self.needs is None or _is_set(self.needs, settings))


def _is_set(variable: str, settings: Settings) -> bool:
    return bool(getattr(settings, variable.lower()))


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else NO_KEY


class BaseUrl:
    """A base URL in the forms in which people paste it: with a query, with the path of a call, and, where the SDK adds
    `suffix` itself, with that. `address` is what the SDK takes; None stays None."""

    def __init__(self, url: str | None, suffix: str = "") -> None:
        parts = urlsplit(url or "")
        path = CALL.sub("", parts.path).rstrip("/").removesuffix(suffix)
        self.address = parts._replace(path=path, query="", fragment="").geturl() if url else None
        self._query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def with_query(self, provider: Any) -> Provider:
        """The provider, whose SDK adds the query to every call. Given with the address, it would end up in the path."""
        if self._query:
            provider._client._custom_query = self._query
        opened: Provider = provider
        return opened


# The SDKs take half a second and more to import, so each waits for the first answer that needs it.
#
# A visitor types a key for the service that the label names. "OpenAI" and "Anthropic" name the official hosts: the key
# goes there, even if the operator's own key goes to a gateway. The label of the compatible server is the operator's
# name for COMPATIBLE_BASE_URL.


def _open_openai(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    secret, url = (key, None) if key else (settings.openai_api_key, settings.openai_base_url)
    base, first_seconds = BaseUrl(url), settings.chatbot_reply_seconds
    return base.with_query(
        OpenAIProvider(
            label,
            _value(secret),
            base.address,
            length_parameter="max_completion_tokens",
            first_seconds=first_seconds,
        )
    )


def _open_anthropic(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    secret, url = (key, None) if key else (settings.anthropic_api_key, settings.anthropic_base_url)
    base, first_seconds = BaseUrl(url, suffix="/v1"), settings.chatbot_reply_seconds
    return base.with_query(AnthropicProvider(label, _value(secret), base.address, first_seconds=first_seconds))


def _open_huggingface(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    first_seconds = settings.chatbot_reply_seconds
    return OpenAIProvider(label, _value(key or settings.hf_token), HUGGINGFACE_URL, first_seconds=first_seconds)


def _open_compatible(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    base, secret = BaseUrl(settings.compatible_base_url), key or settings.compatible_api_key
    first_seconds = settings.chatbot_reply_seconds
    return base.with_query(OpenAIProvider(label, _value(secret), base.address, first_seconds=first_seconds))


def _open_local(settings: Settings, label: str, key: SecretStr | None) -> Provider:
    source = None if settings.local_model == BUNDLED else settings.local_model
    token = settings.hf_token.get_secret_value() if settings.hf_token else None
    cache, has_others = default_cache(settings.chatbot_data_dir), settings.local_downloads() or not settings.is_public
    models = LocalModels(source, cache, token, has_others=has_others)
    if settings.chatbot_model:
        models.refresh()  # the page may start with one of the others
    return LocalProvider(label, models, first_seconds=settings.chatbot_reply_seconds)


def _open_found(port: int, settings: Settings, label: str, key: SecretStr | None) -> Provider:
    from chatbot.providers.openai import OpenAIProvider  # noqa: PLC0415

    return OpenAIProvider(label, NO_KEY, f"http://127.0.0.1:{port}/v1", first_seconds=settings.chatbot_reply_seconds)


SPECS: dict[ProviderName, ProviderSpec] = {
    "openai": ProviderSpec("OpenAI", "OPENAI_API_KEY", _open_openai),
    "anthropic": ProviderSpec("Anthropic", "ANTHROPIC_API_KEY", _open_anthropic),
    "huggingface": ProviderSpec("Hugging Face", "HF_TOKEN", _open_huggingface),
    "compatible": ProviderSpec(None, "COMPATIBLE_BASE_URL", _open_compatible, needs="COMPATIBLE_BASE_URL"),
    "ollama": ProviderSpec("Ollama", None, partial(_open_found, OLLAMA_PORT), takes_key=False, is_billed=False),
    "lmstudio": ProviderSpec("LM Studio", None, partial(_open_found, LM_STUDIO_PORT), takes_key=False, is_billed=False),
    "local": ProviderSpec(
        "Demo model", "LOCAL_MODEL", _open_local, takes_key=False, is_billed=False, takes_prefill=True
    ),
}


def connect(name: ProviderName, settings: Settings | None = None, key: SecretStr | None = None) -> Provider:
    """Opens the provider as `settings` (by default the environment) say.

    `key` is a visitor's own, used in place of the operator's. It goes to the service that the provider's label names
    and nowhere else: for `openai` and `anthropic` to the official host, never to OPENAI_BASE_URL or ANTHROPIC_BASE_URL;
    for `huggingface` to its router; for `compatible` to COMPATIBLE_BASE_URL.

    Raises NoProvider, which names the variable to set, if it is not configured or takes no key; SettingsError for wrong
    settings.
    """
    settings = settings or Settings.load()
    check_configured(name, settings, key)
    return SPECS[name].open(settings, label_of(name, settings), key)


def check_configured(name: ProviderName, settings: Settings, key: SecretStr | None) -> None:
    """Raises NoProvider as `connect` does."""
    spec, label = SPECS[name], label_of(name, settings)
    if key and not spec.takes_key:
        raise NoProvider("takes_no_key", provider=label)
    if spec.variable is None:
        return  # whether it still runs, the answer says
    if not (spec.takes_user_key(settings) if key else spec.is_on(settings)):
        raise NoProvider("not_set_up", provider=label, variable=spec.variable)


def register(name: str, label: str, open_provider: Callable[[], Provider]) -> ProviderName:
    """Adds a provider, which is on. Call it before the app starts. It is offered ahead of the local model.
    `open_provider` is called once, by the first answer or list of models that needs it.

    Returns the name to `connect` it by. Raises ValueError for a name that is taken, or is not a small letter followed
    by small letters, digits, - and _.
    """
    if not re.fullmatch("[a-z][a-z0-9_-]*", name) or name in PROVIDER_NAMES:
        raise ValueError(f"{name!r} is taken, or cannot be the name of a provider")
    registered = RegisteredName(name)
    SPECS[registered] = ProviderSpec(label, "", lambda settings, label, key: open_provider(), takes_key=False)
    PROVIDER_NAMES.insert(PROVIDER_NAMES.index("local"), registered)
    return registered


def add_found(names: Collection[FoundName]) -> None:
    """Adds the names of servers that were found on this machine, ahead of the local models."""
    for name in names:
        if name not in PROVIDER_NAMES:
            PROVIDER_NAMES.insert(PROVIDER_NAMES.index("local"), name)


def label_of(name: ProviderName, settings: Settings) -> str:
    """The name that people know the provider by."""
    if name == "local" and settings.local_model != BUNDLED:
        return "Local model"
    return SPECS[name].label or settings.compatible_name
