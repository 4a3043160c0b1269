"""What of a conversation a model is sent."""

from chatbot.memory.context_window import ContextWindow, select_messages
from chatbot.memory.message_sizes import estimate_tokens, likely_tokens, message_tokens
from chatbot.storage import ConversationMemory

__all__ = [
    "ContextWindow",
    "ConversationMemory",
    "estimate_tokens",
    "likely_tokens",
    "message_tokens",
    "select_messages",
]
