"""How messages and options are written in the store's files, and read from them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from chatbot.types import Options, Role, Status, StoredMessage, clean

THIS_RUN = uuid4().hex
"""Marks the answers that this process is writing: a running one of another process was cut off with it."""

ROLES, STATUSES = frozenset(get_args(Role)), frozenset(get_args(Status))

MESSAGE = TypeAdapter(StoredMessage)
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
    """The message of a record that `encode` made. Fields that are not known here are left alone. What was added since
    it was made has its default, and so has a detail that makes no sense: the text is not lost for it."""
    fields = {name: record[name] for name in StoredMessage.__dataclass_fields__ if name in record}
    fields["message_id"] = message_id
    if fields["status"] == "running" and record.get("run") != THIS_RUN:
        fields |= {"status": "interrupted", "finish_reason": "interrupted"}
    try:
        return MESSAGE.validate_python(fields)
    except ValidationError as error:
        senseless = {fault["loc"][0] for fault in error.errors()}
        return MESSAGE.validate_python({name: value for name, value in fields.items() if name not in senseless})


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
        for time in (document["created_at"], document["updated_at"]):
            datetime.fromisoformat(time)
        return isinstance(document["title"], str) and _is_tree(messages, document["head"])
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


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = clean(value)
        elif isinstance(value, dict):
            _cleaned(value)
    return fields
