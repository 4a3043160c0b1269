"""What is stored on disk, and how. A `Store` hands out one `ConversationMemory` a session: a directory with one TinyDB
file a conversation, whose storage writes atomically; or, with CHATBOT_DATABASE_URL, the same files as rows of
PostgreSQL. Nothing outside this package imports TinyDB or psycopg."""

from chatbot.storage.change_feed import ChangeFeed
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.storage.events import Event
from chatbot.storage.quotas import Quotas
from chatbot.storage.search import SearchResult
from chatbot.storage.store import Store, open_store

__all__ = ["ChangeFeed", "ConversationMemory", "Event", "Quotas", "SearchResult", "Store", "open_store"]
