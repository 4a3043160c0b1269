"""What is kept of conversations, and what of it a model is sent. Nothing outside this package knows TinyDB."""

from chatbot.memory.archive import from_file, to_zip, write_zip
from chatbot.memory.changes import Changes
from chatbot.memory.conversations import ConversationMemory
from chatbot.memory.exchange import from_json, to_json, to_markdown
from chatbot.memory.search import Found
from chatbot.memory.store import Store
from chatbot.memory.window import Window, estimate_tokens, likely_tokens, message_tokens, select

__all__ = [
    "Changes",
    "ConversationMemory",
    "Found",
    "Store",
    "Window",
    "estimate_tokens",
    "from_file",
    "from_json",
    "likely_tokens",
    "message_tokens",
    "select",
    "to_json",
    "to_markdown",
    "to_zip",
    "write_zip",
]
