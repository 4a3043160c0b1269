"""Removes what was deleted from the accounts of answers, which quote what of the memory a model was sent."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.session_directory import SessionDirectory
from chatbot.types import SentMemory, StoredMessage


def forget(directory: SessionDirectory, deleted: Collection[str]) -> None:
    """Rewrites every account of the session that quotes a note, a message or a conversation with one of these ids. It
    reads the files of all conversations, which takes about 50 ms for a thousand. The caller holds the session's
    lock."""
    if not deleted:
        return
    for file in _mentioning(directory, [each.encode() for each in deleted]):
        stale = [each for each in file.messages() if each.memory and without(each.memory, deleted) != each.memory]
        if stale:
            with directory.transaction(file.conversation_id) as opened:
                opened.replace_for_good(*(_without(each, deleted) for each in stale))


def without(memory: SentMemory, deleted: Collection[str]) -> SentMemory:
    """The account without notes, messages, conversations and summaries that have one of these ids."""
    summary = memory.summary
    return replace(
        memory,
        summary=None if summary and summary.message_id in deleted else summary,
        notes=tuple(each for each in memory.notes if each.note_id not in deleted),
        passages=tuple(
            each for each in memory.passages if each.message_id not in deleted and each.conversation_id not in deleted
        ),
    )


def _without(message: StoredMessage, deleted: Collection[str]) -> StoredMessage:
    return replace(message, memory=message.memory and without(message.memory, deleted))


def _mentioning(directory: SessionDirectory, ids: Collection[bytes]) -> Iterator[ConversationFile]:
    """The conversations whose files have one of the ids somewhere."""
    for name, content in directory.folder.read_all([f"{each}.json" for each in directory.ids()]):
        if any(each in content for each in ids) and (file := directory.peek(name.removesuffix(".json"))):
            yield file
