"""`session.json`: what a session has besides conversations, in one TinyDB file."""

from typing import Any

from chatbot.storage.atomic_json import AtomicJsonStorage, check_tables
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.tinydb_storage import KeyedDB, KeyedTable

TEXTS = {"prompts": ("text",), "notes": ("text", "created_at")}
"""What each document of a table has to have, as text."""


def open_table(directory: SessionDirectory, name: str) -> KeyedTable:
    """The table of that name, as it is on disk. The caller holds the session's lock, as long as it reads."""
    if directory.session_file is None:
        directory.session_file = AtomicJsonStorage((directory.folder, "session.json"), _check)
    return KeyedDB(directory.session_file).keyed(name)


def _check(content: Any) -> None:
    """Raises ValueError unless every document has its texts."""
    check_tables(content)
    for name, fields in TEXTS.items():
        if not all(isinstance(each.get(field), str) for each in content.get(name, {}).values() for field in fields):
            raise ValueError(f"{name}: a document without its text")
