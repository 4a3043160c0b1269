"""From format 1, one file for all of a session, to one file for each of its conversations."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from chatbot.storage.append_log import Tables
from chatbot.storage.atomic_json import AtomicJsonStorage
from chatbot.storage.conversation_file import FORMAT
from chatbot.storage.serialization import is_conversation

CONVERSATION_ID = re.compile(r"(?!session$)[0-9a-z-]{1,64}", re.ASCII)
"""What can be a conversation's id, and so the name of its file, on any system; `session.json` is another's."""


def migrate(old: Path, directory: Path) -> None:
    """Put what is in the file `old` into files in `directory`, then remove it. Raises OSError.

    Killed on the way it can begin again: what got a file was complete. Where something in `old` cannot be understood,
    the rest is taken over and the file is set aside instead.
    """
    storage = AtomicJsonStorage(old)
    complete = True
    for conversation_id, tables in _conversations(storage.read() or {}):
        path = directory / f"{conversation_id}.json"
        if not is_conversation(tables):
            complete = False
        elif not path.exists():
            AtomicJsonStorage(path).write(tables)
    if complete:
        storage.forget()
    else:
        storage.set_aside()


def _conversations(old: Tables) -> Iterator[tuple[str, Tables]]:
    """The conversations by id, in the order in which they were begun."""
    for document in old.get("conversations", {}).values():
        known = document.get("conversation_id")
        conversation_id = known if CONVERSATION_ID.fullmatch(str(known)) else _an_id(str(known))
        messages = _in_one_line(old.get(f"messages:{known}", {}))
        head = next(reversed(messages), "")
        new = document | {"format": FORMAT, "conversation_id": conversation_id, "head": head, "options": None}
        yield conversation_id, {"conversation": {conversation_id: new}, "messages": messages}


def _in_one_line(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The messages by id, each with the one before as its parent."""
    messages: dict[str, dict[str, Any]] = {}
    parent_id = ""
    for key, record in records.items():
        message_id = str(record.get("message_id") or _an_id(key))
        fields = {name: value for name, value in record.items() if name != "message_id"}
        messages[message_id] = fields | {"parent_id": parent_id}
        parent_id = message_id
    return messages


def _an_id(name: str) -> str:
    """The same each time, so that a migration that is begun again finds what it made before."""
    return uuid5(NAMESPACE_OID, name).hex
