"""A chatbot that streams and remembers. As a library: `connect` a provider, and talk to it through a `ChatEngine`."""

from chatbot.engine import ChatEngine
from chatbot.errors import ChatbotError
from chatbot.providers import ProviderPool, connect, register
from chatbot.replies.replies import Replies
from chatbot.settings import Settings
from chatbot.storage import ConversationMemory, Store
from chatbot.types import Completion, Delta, Message, ModelChoice, Options

__version__ = "1.0.0"

__all__ = [
    "ChatEngine",
    "ChatbotError",
    "Completion",
    "ConversationMemory",
    "Delta",
    "Message",
    "ModelChoice",
    "Options",
    "ProviderPool",
    "Replies",
    "Settings",
    "Store",
    "connect",
    "register",
]
