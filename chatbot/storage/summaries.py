"""Summaries: what models said of the first messages of conversations, over the untouched messages."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import NotFound
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.forgetting import forget
from chatbot.storage.message_tree import branch
from chatbot.storage.session_directory import SessionDirectory
from chatbot.types import Summary, clean

MAX_SUMMARY_LENGTH = 10_000
"""Characters."""

SUMMARY = TypeAdapter(Summary)


class Summaries:
    """The summaries of a session's conversations. Each goes on from the one before it; the newest counts of which all
    messages are on display, so that another version of a message brings an older one back.

    Methods block for about a millisecond. They raise NotFound for a conversation that is not there, and StorageError.
    """

    def __init__(self, directory: SessionDirectory) -> None:
        self._directory = directory

    def list(self, conversation_id: str) -> list[Summary]:
        """All summaries of a conversation, oldest first."""
        with self._directory.read(conversation_id) as file:
            return summaries_of(file)

    def current(self, conversation_id: str) -> Summary | None:
        """The summary that counts, if there is one."""
        with self._directory.read(conversation_id) as file:
            return _current(file)

    def add(self, conversation_id: str, summary: Summary, before: Summary | None = None) -> None:
        """Adds a summary that goes on from the one `before`. Raises NotFound if its last message was removed meanwhile,
        or that one does not count any more, or was changed."""
        with self._directory.write(conversation_id) as file:
            file.record(summary.until)
            if _current(file) != before:
                raise NotFound("summary")
            self._store(file, [*summaries_of(file), summary])

    def add_imported(self, conversation_id: str, summaries: Sequence[Summary]) -> None:
        """Adds the summaries of an imported conversation, oldest first."""
        with self._directory.write(conversation_id) as file:
            self._store(file, [*summaries_of(file), *summaries])

    def edit(self, conversation_id: str, text: str) -> Summary:
        """Changes the text of the summary that counts, and returns it. Raises NotFound if there is none."""
        with self._directory.write(conversation_id) as file:
            old = _found(file)
            changed = replace(old, text=clean(text))
            self._store(file, [changed if each == old else each for each in summaries_of(file)])
            return changed

    def remove(self, conversation_id: str) -> None:
        """Removes the summary that counts, from the accounts of answers too; then the one before it does. Raises
        NotFound if there is none."""
        with self._directory.write(conversation_id) as file:
            removed = _found(file)
            self._store(file, [each for each in summaries_of(file) if each != removed])
        with self._directory.lock():
            forget(self._directory, [removed.message_id])

    def _store(self, file: ConversationFile, summaries: Sequence[Summary]) -> None:
        """Stores the summaries, and marks what the conversation shows as changed."""
        _replace(file, summaries)
        file.change(shown_at=self._directory.next_time(file.summary().touched_at))


def summaries_of(file: ConversationFile) -> list[Summary]:
    """All summaries of a conversation, oldest first. What makes no sense is left out."""
    stored = file.document.get("summaries", [])
    found = (_decode(each) for each in stored) if isinstance(stored, list | tuple) else ()
    return [each for each in found if each]


def drop_outdated(file: ConversationFile) -> None:
    """Removes the summaries of messages that are not there any more. The answers for which they were sent followed
    these messages, so that no account quotes them."""
    known = summaries_of(file)
    current = [each for each in known if each.until in file.records]
    if len(current) < len(known):
        _replace(file, current)


def _current(file: ConversationFile) -> Summary | None:
    known = summaries_of(file)
    shown = {*branch(file.records, file.head, None)} if known else set()
    return next((each for each in reversed(known) if each.until in shown), None)


def _found(file: ConversationFile) -> Summary:
    current = _current(file)
    if current is None:
        raise NotFound("summary")
    return current


def _replace(file: ConversationFile, summaries: Sequence[Summary]) -> None:
    """Leaves nothing of an old text in the file."""
    file.change_for_good(summaries=[asdict(each) for each in summaries])


def _decode(record: Any) -> Summary | None:
    try:
        return SUMMARY.validate_python(record)
    except ValidationError:
        return None
