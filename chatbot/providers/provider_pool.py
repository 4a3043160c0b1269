"""ProviderPool: the providers of this app, one open client for each, and what is known of their models."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from chatbot.errors import ProviderTimeout
from chatbot.i18n import Text
from chatbot.providers.base import LIST_SECONDS, Provider
from chatbot.providers.discovery import LM_STUDIO_PORT, OLLAMA_PORT, PROBE_SECONDS, find_servers
from chatbot.providers.local.local_models import LocalModels
from chatbot.providers.local.provider import LocalProvider
from chatbot.providers.model_lists import ListState, ModelLists, fetch_models
from chatbot.providers.model_profiles import BUILT_IN, published, published_cost, traits
from chatbot.providers.registry import SPECS, add_found, check_configured, connect, label_of
from chatbot.providers.user_key_clients import UserKeyProvider
from chatbot.settings import BUNDLED, Settings
from chatbot.types import PROVIDER_NAMES, Finish, FoundName, ModelChoice, ModelProfile, ProviderName

DISCOVERED: dict[FoundName, int] = {"ollama": OLLAMA_PORT, "lmstudio": LM_STUDIO_PORT}
"""The providers that run on this machine, and their default ports."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")

MAX_LEARNED = 1000
"""Models of which a refusal is remembered: visitors name the models, so the number is bounded."""


class ProviderPool:
    """The providers that `settings` turn on, each opened at its first use and closed by `aclose`; and all that take a
    key, for visitors who type one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[ProviderName, Provider] = {}
        self._learned: dict[ModelChoice, ModelProfile] = {}
        self._lists = ModelLists(lambda name: asyncio.to_thread(self.get, name))
        self._configured = [name for name in PROVIDER_NAMES if SPECS[name].is_on(settings)]
        self._found: set[FoundName] = set()

    @property
    def offered(self) -> list[ProviderName]:
        """The providers that can be chosen without a visitor's key: those that are configured, and those that were
        found on this machine."""
        return [name for name in PROVIDER_NAMES if name in self._configured or name in self._found]

    async def discover(self, ports: Mapping[FoundName, int] = DISCOVERED, seconds: float = PROBE_SECONDS) -> None:
        """Looks for servers on this machine, on the `ports` by their providers' names. A server at COMPATIBLE_BASE_URL
        is not offered twice. Takes so many seconds at most; never raises."""
        if self._settings.discovers():
            url = urlsplit(self._settings.compatible_base_url or "")
            known = url.port if url.hostname in LOOPBACK else None
            wanted = {name: port for name, port in ports.items() if port != known}
            self._found = await find_servers(wanted, seconds)
            add_found(self._found)

    def get(self, name: ProviderName, key: SecretStr | None = None) -> Provider:
        """The open provider; with a visitor's `key`, one that opens a client for each use and closes it afterwards.
        `connect` says where a visitor's key goes.

        Raises NoProvider if it is not configured, or takes no key. May block for a second to import an SDK.
        """
        if key:
            check_configured(name, self._settings, key)
            return UserKeyProvider(self.label(name), lambda: connect(name, self._settings, key))
        if name not in self._open:
            self._open.setdefault(name, connect(name, self._settings))  # answers that start together share one
        return self._open[name]

    def takes_key(self, name: ProviderName) -> bool:
        """Whether a visitor may use the provider with a key of their own."""
        return SPECS[name].takes_user_key(self._settings)

    def is_billed(self, name: ProviderName) -> bool:
        """Whether answers of the provider may cost the operator money."""
        return SPECS[name].is_billed

    def takes_prefill(self, name: ProviderName) -> bool:
        """Whether the provider goes on with an answer that the conversation ends with."""
        return SPECS[name].takes_prefill

    def label(self, name: ProviderName) -> str:
        """The name that people know the provider by."""
        return label_of(name, self._settings)

    def alternatives(self, name: ProviderName) -> list[str | Text]:
        """The labels of the other providers that are set up and may well answer, the local model's last."""
        local = self.local_models
        broken = "local" if local and local.server.state.phase == "failed" else None
        others = [other for other in self._configured if other not in (name, broken)]
        return [self._local_text() if other == "local" else self.label(other) for other in others]

    def _local_text(self) -> Text:
        is_demo = self._settings.local_model == BUNDLED
        return Text("failure.alternative.demo" if is_demo else "failure.alternative.local")

    @property
    def default(self) -> ModelChoice | None:
        """What a new conversation starts with; None if nothing is configured."""
        name = self._default_provider
        return ModelChoice(name, next(iter(self.models(name)), "")) if name else None

    @property
    def local_models(self) -> LocalModels | None:
        """The models on this computer; None if they are off."""
        provider = self.get("local") if "local" in self._configured else None
        return provider.local_models if isinstance(provider, LocalProvider) else None

    def models(self, name: ProviderName) -> list[str]:
        """The models to offer, the default first: what the provider listed, else what is known without it. Never
        waits."""
        wanted = self._settings.chatbot_model if name == self._default_provider else None
        if name == "local" and self.local_models:
            models = self.local_models.names
            return sorted(models, key=lambda model: model != wanted) if wanted else models
        known = list(BUILT_IN.get(name, ()))
        models = (self._lists.ids(name) if name in self.offered else []) or known
        preferred = [wanted] if wanted else [model for model in known[:1] if model in models]
        return list(dict.fromkeys(preferred + models))

    def list_state(self, name: ProviderName) -> ListState:
        """What became of the provider's own list of models. The local models need none."""
        return "listed" if name == "local" else self._lists.state(name)

    async def wait_for_models(self, name: ProviderName) -> list[str]:
        """The models to offer, once the provider was asked for its list. Takes LIST_SECONDS at most; never raises."""
        if name in self.offered and name != "local":
            await self._lists.wait(name)
        return self.models(name)

    async def list_models(self, name: ProviderName, key: SecretStr) -> list[str]:
        """The models that a visitor's key may use, asked for now and not cached.

        Raises NoProvider if the provider takes no key, and ProviderErrors; takes LIST_SECONDS at most.
        """
        provider = await asyncio.to_thread(self.get, name, key)
        try:
            models = await asyncio.wait_for(fetch_models(name, provider), LIST_SECONDS)
        except TimeoutError:
            raise ProviderTimeout(self.label(name)) from None
        return [model.id for model in models]

    def profile(self, choice: ModelChoice) -> ModelProfile:
        """What is known of the model: what it refused, else what the provider's list says, else what its name tells.
        May block for 0.2 s the first time."""
        if choice.provider == "local" and self.local_models:
            listed = self.local_models.profile(choice.model)
        else:
            listed = self._lists.profile(choice)
        known = traits(choice.provider, choice.model).updated_by(published(choice.provider, choice.model))
        known = known.updated_by(listed)
        return known.updated_by(learned) if (learned := self._learned.get(choice)) else known

    def learn(self, choice: ModelChoice, fact: ModelProfile) -> None:
        """Remembers what a refusal says of the model, until the process ends."""
        self._learned[choice] = self._learned.get(choice, fact).updated_by(fact)
        if len(self._learned) > MAX_LEARNED:
            del self._learned[next(iter(self._learned))]

    def cost(self, choice: ModelChoice, finish: Finish, *, own_key: bool = False) -> float | None:
        """US dollars for an answer: by the prices in the provider's list, else the public ones; None if neither knows.
        With a visitor's `own_key` the list does not count: it may be that of another server. May block for 0.2 s the
        first time."""
        usage = finish.usage
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        listed = ModelProfile(choice.model) if own_key else self._lists.profile(choice)
        if listed.input_price is not None and listed.output_price is not None:
            return usage.input_tokens * listed.input_price + usage.output_tokens * listed.output_price
        return published_cost(choice, finish)

    async def warm_up(self) -> None:
        """Loads the default provider and fetches all model lists ahead of the first answer. Never raises: a provider
        that is down keeps its built-in list."""
        await self.discover()
        if self.local_models:
            await asyncio.to_thread(self.local_models.refresh)
        default = self.default
        if default and default.provider in self._configured:
            provider = await asyncio.to_thread(self.get, default.provider)
            await asyncio.to_thread(self.profile, default)
            if isinstance(provider, LocalProvider):
                await provider.warm_up(default.model)
        await asyncio.gather(*(self._lists.refresh(name) for name in self.offered if name != "local"))

    async def aclose(self) -> None:
        """Closes every provider, and the local model."""
        await self._lists.aclose()
        await asyncio.gather(*(provider.aclose() for provider in self._open.values()), return_exceptions=True)
        if self.local_models:
            await asyncio.to_thread(self.local_models.close)

    @property
    def _default_provider(self) -> ProviderName | None:
        return self._settings.chatbot_provider or next(iter(self._configured), None)
