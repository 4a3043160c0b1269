"""Notes as files: in a session's zip, as a Markdown list, and as what another assistant has remembered."""

import re
from collections.abc import Iterable
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.errors import InvalidFile, TooManyConversations
from chatbot.storage import ConversationMemory
from chatbot.storage.notes import MAX_NOTE_LENGTH, MAX_NOTES
from chatbot.transfer.markdown import escape
from chatbot.types import Note, clean, cut

NOTES_JSON, NOTES_MARKDOWN = "notes.json", "notes.md"
"""Their names in a zip."""

PIN = "📌 "
BULLET = re.compile(r"\s*(?:[-*+•‣◦·–—]|\(?\d{1,3}[.)]|\[[ x]\])\s+(?:\[[ xX]\]\s+)?")
DATE = re.compile(r"[\[(]?\d{4}-\d\d-\d\d[\])]?\s*[:–—-]?\s+|[\[(]unknown[\])]\s*[:–—-]?\s*", re.IGNORECASE)
"""Before a fact in the exports of other assistants."""
ESCAPED = re.compile(r"\\([\\`*\[\]<>&|~$_#])")
EMPHASIS = re.compile(r"(\*\*|__)(.+?)\1")
NO_FACT = re.compile(r"#|```|~~~|---|\*\*\*|<!--|.*[:：]\s*\Z")
"""A heading, a fence, a rule, or a line that introduces what follows."""


class ExportedNote(BaseModel):
    """A note in a file."""

    model_config = ConfigDict(extra="ignore")

    text: str = Field(min_length=1, max_length=MAX_NOTE_LENGTH)
    pinned: bool = False
    created_at: str | None = Field(default=None, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$")


class ExportedNotes(BaseModel):
    """The JSON file."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["chatbot-notes"]
    version: Literal[1]
    notes: list[ExportedNote] = Field(max_length=MAX_NOTES)


def export_notes(notes: Iterable[Note]) -> bytes:
    """The notes as JSON, for `parse_notes`."""
    exported = [{"text": each.text, "pinned": each.pinned, "created_at": each.created_at} for each in notes]
    content = {"format": "chatbot-notes", "version": 1, "notes": exported}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def export_notes_markdown(notes: Iterable[Note]) -> str:
    """The notes as a Markdown list, for people and for `candidates`."""
    return "".join(f"- {PIN if each.pinned else ''}{escape(each.text)}\n" for each in notes)


def parse_notes(content: Any) -> list[ExportedNote]:
    """The notes of a file, given as parsed JSON. Raises InvalidFile for anything that `export_notes` did not make."""
    try:
        return ExportedNotes.model_validate(content).notes
    except ValidationError:
        raise InvalidFile from None


def parse_notes_markdown(text: str) -> list[ExportedNote]:
    """The notes of a Markdown list."""
    lines = ((line.startswith(PIN), line.removeprefix(PIN)) for line in candidates(text))
    return [ExportedNote(text=line, pinned=pinned) for pinned, line in lines if line]


def import_notes(memory: ConversationMemory, notes: Iterable[ExportedNote]) -> list[Note]:
    """Stores notes and returns them, without those that are there already. Raises TooManyConversations, and changes
    nothing, if they are too many; TooLarge and TooManySessions."""
    known = {each.text for each in memory.notes.list()}
    new = {" ".join(clean(each.text).split()): each for each in notes}
    new = {text: each for text, each in new.items() if text and text not in known}
    if len(known) + len(new) > MAX_NOTES:
        raise TooManyConversations("notes", number=MAX_NOTES)
    oldest_first = reversed(new.items())  # the order of notes that have one time
    return [memory.notes.create(text, pinned=each.pinned, created_at=each.created_at) for text, each in oldest_first]


def candidates(text: str) -> list[str]:
    """The lines of another assistant's memory, or of any list, that could be notes, each once, without bullets,
    headings and dates. Nothing is stored of them."""
    facts = (_fact(line) for line in clean(text).splitlines())
    return list(dict.fromkeys(fact for fact in facts if fact))[:MAX_NOTES]


def _fact(line: str) -> str:
    if NO_FACT.match(line.strip()):
        return ""
    fact = DATE.sub("", BULLET.sub("", line, count=1), count=1)
    plain = ESCAPED.sub(r"\1", EMPHASIS.sub(r"\2", fact))
    line = " ".join(plain.split())
    return cut(line, MAX_NOTE_LENGTH) if any(map(str.isalnum, line)) else ""
