"""What is kept on disk, and how. Nothing outside this package knows TinyDB."""

from chatbot.storage.change_feed import ChangeFeed
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.storage.search import SearchResult
from chatbot.storage.store import Store

__all__ = ["ChangeFeed", "ConversationMemory", "SearchResult", "Store"]
