"""Conversations as files to take along, and back in."""

from chatbot.transfer.conversation_json import from_json, to_json, to_markdown
from chatbot.transfer.session_zip import from_file, to_zip, write_zip

__all__ = ["from_file", "from_json", "to_json", "to_markdown", "to_zip", "write_zip"]
