"""Notes: the short facts that a session's visitor asked to remember, and what may be sent of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from operator import attrgetter
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from chatbot.errors import InvalidMessage, NotFound, TooManyConversations
from chatbot.storage.forgetting import forget
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.session_file import open_table
from chatbot.storage.timestamps import now
from chatbot.types import MemorySwitches, Note, NoteSource, clean

MAX_NOTE_LENGTH = 300
"""Characters of a note."""
MAX_NOTES = 1000
"""Of a session: about a megabyte of Chinese or Japanese at most."""

RECALLED = "recalled"
"""The document that says that recall was once on."""

NOTE = TypeAdapter(Note)
SWITCHES = TypeAdapter(MemorySwitches)


class Notes:
    """The notes of a session, in `session.json`. Their ids are random. `check_size` raises TooLarge if the session may
    not store so many bytes more.

    Methods block for about a millisecond, and raise StorageError.
    """

    def __init__(self, directory: SessionDirectory, check_size: Callable[[int], None]) -> None:
        self._directory = directory
        self._check_size = check_size
        self._decoded: dict[str, tuple[Mapping[str, Any], Note]] = {}
        """The notes with their records, as they were last read. A change replaces the record."""

    def list(self) -> list[Note]:
        """All notes: pinned ones first, then the newest first."""
        with self._directory.lock():
            records = open_table(self._directory, "notes").records
            self._decoded = {note_id: self._decode(note_id, record) for note_id, record in records.items()}
            known = set(self._directory.ids())
            notes = [note for _, note in reversed(self._decoded.values())]
        notes = [
            _rootless(each) if each.source and each.source.conversation_id not in known else each for each in notes
        ]
        return sorted(sorted(notes, key=attrgetter("created_at"), reverse=True), key=lambda each: not each.pinned)

    def get(self, note_id: str) -> Note:
        """The note. Raises NotFound."""
        for note in self.list():
            if note.note_id == note_id:
                return note
        raise NotFound("note")

    def create(
        self, text: str, *, pinned: bool = False, source: NoteSource | None = None, created_at: str | None = None
    ) -> Note:
        """Stores a note, its white space as single spaces, and returns it. Raises InvalidMessage for a text that is
        empty or too long, NotFound for a source that is not there, TooManyConversations, TooManySessions and
        TooLarge."""
        note = Note(uuid4().hex, note_text(text), created_at or now(), pinned=pinned, source=source)
        with self._directory.lock():
            table = open_table(self._directory, "notes")
            if len(table.records) >= MAX_NOTES:
                raise TooManyConversations("notes", number=MAX_NOTES)
            if source:
                self._check_source(source)
            self._directory.quotas.admit_session(self._directory.folder)
            self._check_size(len(note.text.encode()))
            table.put({note.note_id: _encode(note)})
        self._directory.notify()
        return note

    def update(self, note_id: str, *, text: str | None = None, pinned: bool | None = None) -> Note:
        """Changes a note's text, or whether it is pinned, and returns it. Raises NotFound and InvalidMessage."""
        with self._directory.lock():
            note = self.get(note_id)
            changed = replace(
                note,
                text=note.text if text is None else note_text(text),
                pinned=note.pinned if pinned is None else pinned,
            )
            open_table(self._directory, "notes").replace_for_good(note_id, _encode(changed))
        self._directory.notify()
        return changed

    def delete(self, note_id: str) -> None:
        """Removes a note for good: from the accounts of answers too. The message that it was made of is never recalled,
        else the note would come back with it. Raises NotFound."""
        with self._directory.lock():
            source = self.get(note_id).source
            forget(self._directory, [note_id])
            if source and source.message_id:
                open_table(self._directory, "unrecalled").put({source.message_id: {}})
                self._directory.mark_changed(source.conversation_id)
            open_table(self._directory, "notes").drop([note_id])
        self._directory.notify()

    def record_use(self, note_ids: Iterable[str]) -> None:
        """Notes that a model was sent these notes now. Deleted ones stay deleted."""
        with self._directory.lock():
            table, time = open_table(self._directory, "notes"), now()
            used = {each: table.records[each] for each in note_ids if each in table.records}
            table.put({note_id: {**record, "last_used_at": time} for note_id, record in used.items()})

    def get_switches(self) -> MemorySwitches:
        """What may go along with the session's messages."""
        with self._directory.lock():
            record = open_table(self._directory, "switches").records.get("memory", {})
        try:
            return SWITCHES.validate_python(record)
        except ValidationError:
            return MemorySwitches()

    def set_switches(self, *, memory: bool | None = None, recall: bool | None = None) -> MemorySwitches:
        """Changes what may go along; None leaves it. Raises TooManySessions."""
        with self._directory.lock():
            old = self.get_switches()
            switches = MemorySwitches(
                old.memory if memory is None else memory, old.recall if recall is None else recall
            )
            if switches != old:
                self._directory.quotas.admit_session(self._directory.folder)
                table = open_table(self._directory, "switches")
                table.put({"memory": asdict(switches)} | ({RECALLED: {}} if switches.recall else {}))
        self._directory.notify()
        return switches

    def was_recall_on(self) -> bool:
        """Whether recall is on, or ever was: then answers may quote other conversations."""
        with self._directory.lock():
            return RECALLED in open_table(self._directory, "switches").records

    def _decode(self, note_id: str, record: Mapping[str, Any]) -> tuple[Mapping[str, Any], Note]:
        known = self._decoded.get(note_id)
        return known if known and known[0] is record else (record, _decode(note_id, record))

    def _check_source(self, source: NoteSource) -> None:
        conversation = self._directory.existing(source.conversation_id)
        if source.message_id:
            conversation.record(source.message_id)


def note_text(text: str) -> str:
    """The text as a note has it: on one line. Raises InvalidMessage if it is empty or too long."""
    line = " ".join(clean(text).split())
    if not line:
        raise InvalidMessage("note_empty")
    if len(line) > MAX_NOTE_LENGTH:
        raise InvalidMessage("note_too_long", number=len(line), most=MAX_NOTE_LENGTH)
    return line


def _rootless(note: Note) -> Note:
    return replace(note, source=None)


def _encode(note: Note) -> dict[str, Any]:
    record = asdict(note)
    del record["note_id"]
    return record


def _decode(note_id: str, record: Any) -> Note:
    """The note of a record. A detail that makes no sense has its default."""
    fields = {name: record[name] for name in Note.__dataclass_fields__ if name in record} | {"note_id": note_id}
    try:
        return NOTE.validate_python(fields)
    except ValidationError:
        return Note(note_id, record["text"], record["created_at"])
