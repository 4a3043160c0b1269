"""What is kept on disk, and how. Nothing outside this package knows TinyDB."""

from chatbot.storage.change_feed import Changes
from chatbot.storage.conversation_memory import ConversationMemory
from chatbot.storage.search import Found
from chatbot.storage.store import Store

__all__ = ["Changes", "ConversationMemory", "Found", "Store"]
