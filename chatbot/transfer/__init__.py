"""Conversations as files to take along, and back in."""

from chatbot.transfer.conversation_json import export_json, export_markdown, import_json
from chatbot.transfer.session_zip import export_zip, import_file, write_zip

__all__ = ["export_json", "export_markdown", "export_zip", "import_file", "import_json", "write_zip"]
