"""How messages and options are written in the store's files, and read from them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar, get_args
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from chatbot.messages import Attachment, Fault, Options, Role, Seen, Status, StoredMessage, Timing, Usage, clean

T = TypeVar("T")

THIS_RUN = uuid4().hex
"""Marks the answers that this process is writing: a running one of another process was cut off with it."""

PARTS = {"timing": Timing, "fault": Fault, "seen": Seen}
ROLES, STATUSES = frozenset(get_args(Role)), frozenset(get_args(Status))

OPTIONS = TypeAdapter(Options)
USUAL_OPTIONS: dict[str, Any] = {"system_prompt": "", "max_tokens": 2000, "history_limit": 20}
"""For options that were stored without one of these."""


def encode(message: StoredMessage) -> dict[str, Any]:
    """The message as JSON's types. Its id is not in it: that is the key under which it is stored."""
    record = _cleaned(asdict(message))
    del record["message_id"]
    if not message.attachments:
        del record["attachments"]
    if message.status == "running":
        record["run"] = THIS_RUN
    return record


def decode(message_id: str, record: Mapping[str, Any]) -> StoredMessage:
    """The message of a record that `encode` made. Fields that are not known here are left alone, and what was added
    since it was made has its default."""
    fields = {name: record[name] for name in StoredMessage.__dataclass_fields__ if name in record}
    if fields["status"] == "running" and record.get("run") != THIS_RUN:
        fields |= {"status": "interrupted", "finish_reason": "interrupted"}
    for name, kind in PARTS.items():
        if name in fields:
            fields[name] = _part(kind, fields[name])
    files = (_part(Attachment, each) for each in record.get("attachments", ()))
    fields["attachments"] = tuple(each for each in files if each)
    fields["usage"] = _part(Usage, fields.get("usage")) or Usage()
    return StoredMessage(**fields | {"message_id": message_id})


def encode_options(options: Options) -> dict[str, Any]:
    """The options as JSON's types."""
    return _cleaned(asdict(options))


def decode_options(record: Any) -> Options | None:
    """The options of a record that `encode_options` made, None where there are none that can be understood."""
    if not isinstance(record, dict):
        return None
    try:
        return OPTIONS.validate_python(USUAL_OPTIONS | record)
    except ValidationError:
        return None


def is_conversation(tables: Any) -> bool:
    """Whether a file's content is a conversation, all of whose messages are where they can be reached."""
    try:
        (document,) = tables["conversation"].values()
        messages = tables.get("messages", {})
        texts = (document["title"], document["created_at"], document["updated_at"])
        return all(isinstance(text, str) for text in texts) and _is_tree(messages, document["head"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _is_tree(messages: Mapping[str, Mapping[str, Any]], head: str) -> bool:
    """Whether each message comes after its parent, which also means that there is a way back to the beginning."""
    known = {""}
    for message_id, record in messages.items():
        if message_id in known or record["parent_id"] not in known or not _is_message(record):
            return False
        known.add(message_id)
    return head in known


def _is_message(record: Mapping[str, Any]) -> bool:
    return (
        record["role"] in ROLES
        and record["status"] in STATUSES
        and type(record["content"]) is str
        and type(record["created_at"]) is str
    )


def _part(kind: type[T], record: Any) -> T | None:
    if not isinstance(record, dict):
        return None
    try:
        return kind(**{name: record[name] for name in kind.__dataclass_fields__ if name in record})  # type: ignore[attr-defined]
    except TypeError:  # what it cannot be without is missing
        return None


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = clean(value)
        elif isinstance(value, dict):
            _cleaned(value)
    return fields
