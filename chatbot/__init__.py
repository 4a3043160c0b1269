"""A chatbot that streams and remembers. As a library: `connect` a provider, talk to it through a `ChatEngine`."""

from chatbot.engine import ChatEngine
from chatbot.errors import ChatbotError
from chatbot.memory import ConversationMemory, Store
from chatbot.messages import Choice, Completion, Delta, Message, Options
from chatbot.providers import Providers, connect, register
from chatbot.replies import Replies
from chatbot.settings import Settings

__version__ = "1.0.0"

__all__ = [
    "ChatEngine",
    "ChatbotError",
    "Choice",
    "Completion",
    "ConversationMemory",
    "Delta",
    "Message",
    "Options",
    "Providers",
    "Replies",
    "Settings",
    "Store",
    "connect",
    "register",
]
