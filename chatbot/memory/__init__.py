"""What is kept of conversations, and what of it a model is sent. Nothing outside this package knows TinyDB."""

from chatbot.memory.conversations import ConversationMemory
from chatbot.memory.exchange import from_json, to_json, to_markdown
from chatbot.memory.store import Store
from chatbot.memory.window import Window, estimate_tokens, select

__all__ = ["ConversationMemory", "Store", "Window", "estimate_tokens", "from_json", "select", "to_json", "to_markdown"]
