"""Converts messages and options to the records of the store's files, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import StorageError
from chatbot.storage.leases import Leases
from chatbot.types import Options, Role, Status, StoredMessage, clean

FORMAT = 2
"""Of the files. A file of another format is refused and left as it is."""

ROLES, STATUSES = frozenset(get_args(Role)), frozenset(get_args(Status))

MESSAGE = TypeAdapter(StoredMessage)
OPTIONS = TypeAdapter(Options)
DEFAULT_OPTIONS: dict[str, Any] = {"system_prompt": "", "max_tokens": 2000, "history_limit": 20}
"""For stored options that lack one of these."""


def encode(message: StoredMessage) -> dict[str, Any]:
    """The message as JSON's types, without its id, which is the record's key."""
    record = _cleaned(asdict(message))
    del record["message_id"]
    for name in ("attachments", "memory", "note", "pinned"):
        if not record[name]:
            del record[name]
    return record


def decode(message_id: str, record: Mapping[str, Any], leases: Leases) -> StoredMessage:
    """The message of a record. A running answer without a lease was cut off. Unknown fields are ignored. A missing
    detail, or one that makes no sense, has its default: the text is not lost for it."""
    fields = {name: record[name] for name in StoredMessage.__dataclass_fields__ if name in record}
    fields["message_id"] = message_id
    if fields["status"] == "running" and not leases.is_live(record.get("run")):
        fields |= {"status": "interrupted", "finish_reason": "interrupted"}
    try:
        return MESSAGE.validate_python(fields)
    except ValidationError as error:
        invalid = {fault["loc"][0] for fault in error.errors()}
        return MESSAGE.validate_python({name: value for name, value in fields.items() if name not in invalid})


def encode_options(options: Options) -> dict[str, Any]:
    """The options as JSON's types."""
    return _cleaned(asdict(options))


def decode_options(record: Any) -> Options | None:
    """The options of a record; None if there are none, or they make no sense."""
    if not isinstance(record, dict):
        return None
    try:
        return OPTIONS.validate_python(DEFAULT_OPTIONS | record)
    except ValidationError:
        return None


def check_conversation(tables: Any) -> None:
    """Raises ValueError, KeyError, TypeError or AttributeError unless a file's content is a conversation all of whose
    messages can be reached; StorageError for a file of another format."""
    (document,) = tables["conversation"].values()
    if document["format"] != FORMAT:
        raise StorageError("other_format")
    for time in (document["created_at"], document["updated_at"]):
        datetime.fromisoformat(time)
    if not isinstance(document["title"], str):
        raise TypeError("the title is no text")
    _check_tree(tables.get("messages", {}), document["head"])


def _check_tree(messages: Mapping[str, Mapping[str, Any]], head: str) -> None:
    """Each message has to come after its parent, which also means that each has a way back to the root."""
    seen = {""}
    for message_id, record in messages.items():
        if message_id in seen or record["parent_id"] not in seen or not _is_message(record):
            raise ValueError("a message has no place in the tree")
        seen.add(message_id)
    if head not in seen:
        raise ValueError("the head is no message")


def _is_message(record: Mapping[str, Any]) -> bool:
    return (
        record["role"] in ROLES
        and record["status"] in STATUSES
        and type(record["content"]) is str
        and type(record["created_at"]) is str
    )


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = clean(value)
        elif isinstance(value, dict):
            _cleaned(value)
    return fields
