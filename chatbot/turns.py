"""A turn on disk: what the visitor said, and the empty answer that a model is to fill."""

from collections.abc import Callable, Sequence

from chatbot.errors import InvalidMessage, NotFound
from chatbot.memory import ConversationMemory
from chatbot.messages import Options, StoredMessage

LONGEST_MESSAGE = 10_000
"""Characters of one message, as the API's description promises."""

Question = Callable[[ConversationMemory, str], str]
"""Sees to it that a conversation has the message to answer; returns its id."""


def new_message(text: str, edited: str | None = None) -> Question:
    """`text` as the conversation's next message, or as another version of the one with the id `edited`.

    Raises InvalidMessage for a text that is empty or too long; NotFound, when it is written, for an id that is no
    message of the visitor's.
    """
    if not text.strip():
        raise InvalidMessage
    if len(text) > LONGEST_MESSAGE:
        raise InvalidMessage(f"This message is {len(text):,} characters long; {LONGEST_MESSAGE:,} is the most.")

    def write(memory: ConversationMemory, conversation_id: str) -> str:
        place = _found(memory, conversation_id, edited).parent_id if edited else None
        return memory.add_message(conversation_id, "user", text, after=place).message_id

    return write


def old_message(message_id: str) -> Question:
    """A message that is there already, for another answer to it. Raises NotFound, when it is looked for, as above."""
    return lambda memory, conversation_id: _found(memory, conversation_id, message_id).message_id


def write_turn(
    memory: ConversationMemory, conversation_id: str, is_new: bool, question: Question, options: Options
) -> tuple[Sequence[StoredMessage], StoredMessage]:
    """Put the turn on disk in one write; returns the conversation up to the question, and the empty answer."""
    with memory.one_write(conversation_id):
        if is_new:
            memory.create_conversation(conversation_id=conversation_id)
        asked = question(memory, conversation_id)
        memory.set_options(conversation_id, options)
        details = {"status": "running", "provider": options.choice.provider, "model": options.choice.model}
        answer = memory.add_message(conversation_id, "assistant", "", after=asked, **details)
        return memory.get_messages(conversation_id, limit=None)[:-1], answer


def _found(memory: ConversationMemory, conversation_id: str, message_id: str) -> StoredMessage:
    for message in memory.all_messages(conversation_id):
        if message.message_id == message_id and message.role == "user":
            return message
    raise NotFound
