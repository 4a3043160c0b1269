"""What of a conversation a model is sent."""

from chatbot.memory.context_window import Window, estimate_tokens, likely_tokens, message_tokens, select
from chatbot.storage import ConversationMemory

__all__ = ["ConversationMemory", "Window", "estimate_tokens", "likely_tokens", "message_tokens", "select"]
