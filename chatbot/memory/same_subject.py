"""Notes about the same: of two that share most of their words, the newer one counts."""

from collections import defaultdict
from collections.abc import Iterable

from chatbot.memory.ranking import text_terms
from chatbot.types import Note

SAME_SUBJECT = 0.5
"""Two notes with this share of the shorter one's terms in common are about the same."""


def is_newer_about_same(newer: Note, older: Note) -> bool:
    """Whether both are about the same, and the first was created later."""
    if newer.created_at <= older.created_at:
        return False
    one, other = text_terms(newer.text), text_terms(older.text)
    return len(one & other) >= SAME_SUBJECT * min(len(one), len(other))


def newer_notes(notes: Iterable[Note]) -> dict[str, str]:
    """For each note that has a newer one about the same, the id of the newest of those."""
    found: dict[str, str] = {}
    by_term: dict[str, list[Note]] = defaultdict(list)
    for note in sorted(notes, key=lambda each: each.created_at, reverse=True):
        terms = text_terms(note.text)
        candidates = {other.note_id: other for term in terms for other in by_term[term]}.values()
        newest_first = sorted(candidates, key=lambda each: each.created_at, reverse=True)
        newer = next((other for other in newest_first if is_newer_about_same(other, note)), None)
        if newer:
            found[note.note_id] = newer.note_id
        for term in terms:
            by_term[term].append(note)
    return found
