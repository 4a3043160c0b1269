"""Exports conversations as files, and imports them."""

from chatbot.transfer.conversation_json import ExportedConversation, export_json, import_json
from chatbot.transfer.markdown import export_markdown
from chatbot.transfer.session_zip import export_zip, import_file, title_as_file_name, write_zip

__all__ = [
    "ExportedConversation",
    "export_json",
    "export_markdown",
    "export_zip",
    "import_file",
    "import_json",
    "title_as_file_name",
    "write_zip",
]
