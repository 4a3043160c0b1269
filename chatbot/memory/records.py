"""How a message is written in the store's file, and read from it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from chatbot.messages import Fault, StoredMessage, Timing, Usage, clean

THIS_RUN = uuid4().hex
"""Marks the answers that this process is writing: a running one of another process was cut off with it."""


def encode(message: StoredMessage) -> dict[str, Any]:
    """The message as JSON's types."""
    record = {name: clean(value) if isinstance(value, str) else value for name, value in asdict(message).items()}
    if message.status == "running":
        record["run"] = THIS_RUN
    return record


def decode(record: Mapping[str, Any]) -> StoredMessage:
    """The message of a record that `encode` made. Fields that are not known here are left alone."""
    fields = {name: record[name] for name in StoredMessage.__dataclass_fields__ if name in record}
    if fields["status"] == "running" and record.get("run") != THIS_RUN:
        fields |= {"status": "interrupted", "finish_reason": "interrupted"}
    fields["usage"] = Usage(**fields["usage"])
    if fields["timing"]:
        fields["timing"] = Timing(**fields["timing"])
    if fields["fault"]:
        fields["fault"] = Fault(**fields["fault"])
    return StoredMessage(**fields)
