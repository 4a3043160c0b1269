"""Services: what the page and the API work with, created once for each process."""

from dataclasses import dataclass

from chatbot.providers import ProviderPool
from chatbot.replies.imports import Imports
from chatbot.replies.limits import Limits, RateLimit
from chatbot.replies.message_queue import MessageQueue
from chatbot.replies.replies import Replies
from chatbot.replies.single_call import SingleCalls
from chatbot.replies.suggestions import Suggestions
from chatbot.replies.summarizing import Summarizing
from chatbot.replies.uploads import Uploads
from chatbot.settings import Settings
from chatbot.storage import Quotas, Store
from chatbot.web.login_throttle import LoginThrottle
from chatbot.web.session_tokens import SessionTokens


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one running app."""

    settings: Settings
    tokens: SessionTokens
    store: Store
    providers: ProviderPool
    replies: Replies
    queue: MessageQueue
    uploads: Uploads
    imports: Imports
    suggestions: Suggestions
    summarizing: Summarizing
    login_throttle: LoginThrottle

    @property
    def is_behind_proxy(self) -> bool:
        """Whether the visitor's address is in X-Forwarded-For: on a Space it always is."""
        return bool(self.settings.space_id)

    async def aclose(self) -> None:
        """Stores every partial answer and closes the connections."""
        self.imports.close()
        await self.replies.shutdown()
        await self.providers.aclose()


def create_services(settings: Settings, store: Store, secret: str) -> Services:
    """Creates the services. `secret` signs session tokens."""
    per_minute = settings.chatbot_messages_per_minute
    limits = Limits(
        per_minute,
        settings.chatbot_daily_tokens,
        store.backend.token_counter(),
        settings.longest_answer(),
    )
    providers = ProviderPool(settings)
    calls = SingleCalls(providers, limits, settings.chatbot_reply_seconds)
    replies = Replies(
        store,
        providers,
        settings.chatbot_reply_seconds,
        limits,
        settings.chatbot_max_files,
        settings.chatbot_memory_tokens,
    )
    summarizing = Summarizing(store, calls)
    queue = MessageQueue(store, replies, settings.chatbot_max_files)
    replies.after_answer(summarizing.after_answer)
    max_file_bytes = round(settings.chatbot_max_file_mb * 1e6)
    return Services(
        settings=settings,
        tokens=SessionTokens(secret),
        store=store,
        providers=providers,
        replies=replies,
        queue=queue,
        uploads=Uploads(store, max_file_bytes, RateLimit(per_minute * settings.chatbot_max_files)),
        imports=Imports(store, RateLimit(per_minute)),
        suggestions=Suggestions(store, calls),
        summarizing=summarizing,
        login_throttle=LoginThrottle(bool(settings.space_id)),
    )


def quotas(settings: Settings) -> Quotas:
    """How much each session may store."""
    return Quotas(
        settings.chatbot_most_sessions,
        settings.chatbot_most_conversations,
        round(settings.chatbot_max_session_mb * 1e6),
    )
