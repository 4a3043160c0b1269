"""Fills sessions, reads and writes their files, and builds exported files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from chatbot.storage import ConversationMemory
from chatbot.types import Fault, ModelChoice, Options, SentContext, Timing, Usage
from tests.support.sample_files import prepared

TIME = "2026-01-31T12:00:00.000+00:00"

FILE_NAMES = ("a.png", "a.jpg", "a.pdf", "a.csv")
"""Valid attachments, one of each kind."""

Json = dict[str, Any]


def add_conversation(memory: ConversationMemory, *texts: str) -> str:
    """Creates a conversation with these messages of the visitor; returns its id."""
    conversation_id = memory.create_conversation()
    for text in texts:
        memory.add_message(conversation_id, "user", text)
    return conversation_id


def attach(memory: ConversationMemory, conversation_id: str, *names: str, after: str | None = None) -> str:
    """Adds a message with these attachments; returns its id."""
    for name in names:
        memory.attachments.upload(prepared(name))
    ids = [prepared(name).attachment.attachment_id for name in names]
    attachments = memory.attachments.attach_uploads(conversation_id, ids)
    message = memory.add_message(conversation_id, "user", "Look", after=after, attachments=attachments)
    memory.attachments.delete_uploads(ids)
    return message.message_id


def contents(memory: ConversationMemory, conversation_id: str, limit: int | None = None) -> list[str]:
    """The texts of the messages on the shown branch."""
    return [message.content for message in memory.get_messages(conversation_id, limit=limit)]


def read_files(directory: Path) -> dict[str, bytes]:
    """The content of each file of a session, by name."""
    return {path.name: path.read_bytes() for path in directory.iterdir()} if directory.exists() else {}


def read_tables(directory: Path, conversation_id: str) -> dict[str, dict[str, Any]]:
    """Reads the tables in a conversation's file."""
    content: dict[str, dict[str, Any]] = orjson.loads((directory / f"{conversation_id}.json").read_bytes())
    return content


def write_tables(directory: Path, conversation_id: str, content: object) -> None:
    """Overwrites a conversation's file."""
    (directory / f"{conversation_id}.json").write_bytes(orjson.dumps(content))


def add_full_conversation(memory: ConversationMemory) -> str:
    """Creates a conversation that has every field and shows an older version; returns its id."""
    conversation_id = add_conversation(memory, "Hello 🙂\u2028")
    question = memory.get_head(conversation_id)
    answer = memory.add_message(
        conversation_id,
        "assistant",
        "Hi!",
        provider="openai",
        model="m",
        reasoning="A greeting.",
        finish_reason="stop",
        usage=Usage(3, 2, estimated=True),
        timing=Timing(120, 400, 80),
        cost=0.00123,
        seen=SentContext(1, 2, trimmed=True),
    )
    fault = Fault("provider_timeout", {"key": "failure.provider_timeout", "provider": "OpenAI"}, True, 1.5)
    memory.add_message(conversation_id, "assistant", "", after=question, status="failed", fault=fault)
    memory.add_message(conversation_id, "user", "Hello?", after="")
    memory.show_version(conversation_id, answer.message_id)
    options = Options(ModelChoice("anthropic", "model"), "Be brief.", 100, 20, 0.5, "low")
    memory.set_options(conversation_id, options)
    return conversation_id


def normalized(memory: ConversationMemory, conversation_id: str) -> tuple[Any, ...]:
    """A conversation, its head and all messages, with numbers instead of random ids."""
    messages = memory.all_messages(conversation_id)
    numbers = {"": 0} | {message.message_id: number for number, message in enumerate(messages, 1)}
    numbered = [
        replace(each, message_id=str(numbers[each.message_id]), parent_id=str(numbers[each.parent_id]))
        for each in messages
    ]
    head = numbers[memory.get_head(conversation_id)]
    return replace(memory.get_conversation(conversation_id), conversation_id=""), head, numbered


def message(message_id: str, parent_id: str = "", **details: Any) -> Json:
    """A message in an exported file."""
    return {
        "message_id": message_id,
        "parent_id": parent_id,
        "role": "user",
        "content": message_id,
        "created_at": TIME,
    } | details


def file(*messages: Json, **changes: Any) -> Json:
    """An exported file of version 2."""
    defaults = {
        "format": "chatbot-conversation",
        "version": 2,
        "title": "A title",
        "created_at": TIME,
        "updated_at": TIME,
        "messages": messages or [message("a"), message("b", "a"), message("c", "a")],
        "head": messages[-1]["message_id"] if messages else "b",
    }
    return defaults | changes
