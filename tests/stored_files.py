"""What the tests of the memory share: filling a session, and looking at its files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from chatbot.storage import ConversationMemory
from chatbot.types import Fault, ModelChoice, Options, SentContext, Timing, Usage
from tests.samples import prepared

TIME = "2026-01-31T12:00:00.000+00:00"

NAMES = ("a.png", "a.jpg", "a.pdf", "a.csv")
"""Good files, one of each kind."""

Json = dict[str, Any]


def filled(memory: ConversationMemory, *texts: str) -> str:
    """The id of a new conversation in which the visitor said that."""
    conversation_id = memory.create_conversation()
    for text in texts:
        memory.add_message(conversation_id, "user", text)
    return conversation_id


def attach(memory: ConversationMemory, conversation_id: str, *names: str, after: str | None = None) -> str:
    """The id of a message that came with those files."""
    for name in names:
        memory.attachments.upload(prepared(name))
    ids = [prepared(name).attachment.attachment_id for name in names]
    kept = memory.attachments.attach_uploads(conversation_id, ids)
    said = memory.add_message(conversation_id, "user", "Look", after=after, attachments=kept)
    memory.attachments.delete_uploads(ids)
    return said.message_id


def contents(memory: ConversationMemory, conversation_id: str, limit: int | None = None) -> list[str]:
    """What the messages on show say."""
    return [message.content for message in memory.get_messages(conversation_id, limit=limit)]


def files(directory: Path) -> dict[str, bytes]:
    """Each file of a session with its content."""
    return {path.name: path.read_bytes() for path in directory.iterdir()} if directory.exists() else {}


def tables(directory: Path, conversation_id: str) -> dict[str, dict[str, Any]]:
    """A conversation as its file has it."""
    content: dict[str, dict[str, Any]] = orjson.loads((directory / f"{conversation_id}.json").read_bytes())
    return content


def put(directory: Path, conversation_id: str, content: object) -> None:
    """Write a conversation's file by hand."""
    (directory / f"{conversation_id}.json").write_bytes(orjson.dumps(content))


def with_versions(memory: ConversationMemory) -> str:
    """A conversation with everything that one can have; an older version is on show."""
    conversation_id = filled(memory, "Hello 🙂\u2028")
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


def whole(memory: ConversationMemory, conversation_id: str) -> tuple[Any, ...]:
    """All of a conversation, with numbers instead of random ids."""
    messages = memory.all_messages(conversation_id)
    numbers = {"": 0} | {message.message_id: number for number, message in enumerate(messages, 1)}
    named = [
        replace(each, message_id=str(numbers[each.message_id]), parent_id=str(numbers[each.parent_id]))
        for each in messages
    ]
    head = numbers[memory.get_head(conversation_id)]
    return replace(memory.get_conversation(conversation_id), conversation_id=""), head, named


def message(message_id: str, parent_id: str = "", **details: Any) -> Json:
    """A message of an exported file."""
    return {
        "message_id": message_id,
        "parent_id": parent_id,
        "role": "user",
        "content": message_id,
        "created_at": TIME,
    } | details


def file(*messages: Json, **changes: Any) -> Json:
    """A file of version 2 with those messages."""
    usual = {
        "format": "chatbot-conversation",
        "version": 2,
        "title": "A title",
        "created_at": TIME,
        "updated_at": TIME,
        "messages": messages or [message("a"), message("b", "a"), message("c", "a")],
        "head": messages[-1]["message_id"] if messages else "b",
    }
    return usual | changes
