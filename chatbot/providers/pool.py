"""The providers of this app: what they offer, what is known of their models, and one open client for each."""

import asyncio

from pydantic import SecretStr

from chatbot.errors import ProviderTimeout
from chatbot.providers import model_catalog as catalog
from chatbot.providers.base import LIST_SECONDS, Provider
from chatbot.providers.local.llama_server import LlamaServer
from chatbot.providers.local.provider import LocalProvider
from chatbot.providers.model_lists import ModelLists, fetched
from chatbot.providers.model_profiles import Model
from chatbot.providers.registry import SPECS, connect, label_of
from chatbot.providers.user_key_clients import UserKeyClients
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, FileSupport, ModelChoice, ProviderName, Usage


class ProviderPool:
    """The providers that `settings` turn on, each opened when it is first used and kept until `aclose`; and all that
    take a key, for visitors who bring one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[ProviderName, Provider] = {}
        self._visitors = UserKeyClients(lambda name, key: connect(name, settings, key))
        self._lists = ModelLists(lambda name: asyncio.to_thread(self.get, name))
        self.offered: list[ProviderName] = [name for name in PROVIDER_NAMES if SPECS[name].is_on(settings)]

    def get(self, name: ProviderName, key: SecretStr | None = None) -> Provider:
        """The provider, open; with a visitor's `key`, one of its own that nobody else is given, closed some minutes
        after its last use. Where a visitor's key may go is told by `connect`.

        Raises NoProvider where it is not configured, or takes no key. May block for a second, when an SDK has to be
        imported first.
        """
        if key:
            return self._visitors.get(name, key)
        if name not in self._open:
            self._open.setdefault(name, connect(name, self._settings))  # answers that begin together share one
        return self._open[name]

    def takes_key(self, name: ProviderName) -> bool:
        """Whether a visitor may use the provider with a key of their own."""
        return SPECS[name].takes_visitors(self._settings)

    def label(self, name: ProviderName) -> str:
        """The name that people know the provider by."""
        return label_of(name, self._settings)

    def others(self, name: ProviderName) -> list[str]:
        """The labels of the other providers that are set up here and may well answer."""
        embedded = self.embedded
        broken = "local" if embedded and embedded.state.phase == "failed" else None
        return [self.label(other) for other in self.offered if other not in (name, broken)]

    @property
    def default(self) -> ModelChoice | None:
        """What a new conversation starts with; None where nothing is configured."""
        name = self._settings.chatbot_provider or next(iter(self.offered), None)
        if name is None:
            return None
        return ModelChoice(name, next(iter(self.models(name)), ""))

    @property
    def embedded(self) -> LlamaServer | None:
        """The embedded model, loaded or not; None where it is off."""
        provider = self.get("local") if "local" in self.offered else None
        return provider.embedded if isinstance(provider, LocalProvider) else None

    def models(self, name: ProviderName) -> list[str]:
        """The models to offer, the default first: what the provider listed, else what is known without it.

        Never waits: a list that is old is asked for again in the background.
        """
        if name == "local" and self.embedded:
            return [self.embedded.model]
        known = list(catalog.BUILT_IN.get(name, ()))
        models = (self._lists.ids(name) if name in self.offered else []) or known
        preferred = [model for model in known[:1] if model in models]
        if self._settings.chatbot_model and name == (self._settings.chatbot_provider or next(iter(self.offered), None)):
            preferred = [self._settings.chatbot_model]
        return list(dict.fromkeys(preferred + models))

    async def listed_models(self, name: ProviderName) -> list[str]:
        """The models to offer, as `models` has them, once the provider was asked for its list. Takes LIST_SECONDS at
        most, and never raises."""
        if name in self.offered and name != "local":
            await self._lists.listed(name)
        return self.models(name)

    async def list_models(self, name: ProviderName, key: SecretStr) -> list[str]:
        """The models that a visitor's key may use, as the provider lists them now. Kept for nobody.

        Raises NoProvider where it takes no key, and ProviderErrors; takes LIST_SECONDS at most.
        """
        provider = await asyncio.to_thread(self.get, name, key)
        try:
            models = await asyncio.wait_for(fetched(name, provider), LIST_SECONDS)
        except TimeoutError:
            raise ProviderTimeout(self.label(name)) from None
        return [model.id for model in models]

    def context_tokens(self, choice: ModelChoice) -> int | None:
        """How many tokens that model reads at most; None where it is not known. May block for 0.2 s the first time."""
        if choice.provider == "local" and self.embedded:
            return self.embedded.context_tokens
        listed = self._lists.model(choice).context_tokens
        return listed or catalog.context_tokens(choice.provider, choice.model)

    def answer_tokens(self, choice: ModelChoice) -> int | None:
        """The longest answer that the provider's list gives that model; None where it does not say."""
        return self._lists.model(choice).answer_tokens

    def reads(self, choice: ModelChoice) -> FileSupport:
        """Which files that model reads as they are: by the provider's own list, else by what is known of its name."""
        listed, known = self._lists.model(choice).reads, catalog.reads(choice.provider, choice.model)
        return FileSupport(
            known.pictures if listed.pictures is None else listed.pictures,
            known.documents if listed.documents is None else listed.documents,
        )

    def cost(
        self, choice: ModelChoice, usage: Usage, cache_read: int = 0, cache_write: int = 0, *, own_key: bool = False
    ) -> float | None:
        """What an answer cost, in US dollars: by the prices in the provider's own list, else by genai-prices; None
        where neither knows, and for the embedded model, which has no price. With a visitor's `own_key` the list does
        not count: it may be that of another server.

        `cache_read` and `cache_write` are as `Finish` has them. May block for 0.2 s the first time.
        """
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        listed = Model(choice.model) if own_key else self._lists.model(choice)
        if listed.input_price is not None and listed.output_price is not None:
            return usage.input_tokens * listed.input_price + usage.output_tokens * listed.output_price
        return catalog.cost(choice.provider, choice.model, usage, cache_read, cache_write)

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
        await asyncio.gather(*(self._lists.refresh(name) for name in self.offered if name != "local"))

    async def aclose(self) -> None:
        """Close every provider, and the embedded model."""
        await self._lists.aclose()
        await self._visitors.aclose()
        await asyncio.gather(*(provider.aclose() for provider in self._open.values()), return_exceptions=True)
        if self.embedded:
            await asyncio.to_thread(self.embedded.close)
