"""Queries and their results: words are found whatever their case, accents, apostrophes and hyphens."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

from chatbot.types import Conversation

EXCERPT_MARGIN = 45
"""Characters of an excerpt on each side of the match."""

ACCENTS = re.compile("[\u0300-\u036f]+")
SAME = {"'": "‘’‚‛ʻʼʹˈ′´＇՚", '"': "“”„‟″＂", "-": "‐‑‒–—―⁃−﹘﹣－"}
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphens and the like: places where a word may or may not break."""
VARIANTS = str.maketrans(dict.fromkeys(INVISIBLE, "") | {other: one for one in SAME for other in SAME[one]})
SPACE, GAP, LAST_GAP = re.compile(r"\s"), re.compile(r"\s+"), re.compile(r"\s+(?=\S*\Z)")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A match for the page. `excerpt` is the text around the first word, which spans `place[0]` to `place[1]` in it.
    `message_id` is None if the match is in the conversation's title. `created_at` is the message's, or the
    conversation's."""

    conversation: Conversation
    message_id: str | None
    excerpt: str
    place: tuple[int, int]
    created_at: str = ""


class SearchQuery:
    """The words of a query; false if there are none."""

    def __init__(self, text: str) -> None:
        self.words = tuple(dict.fromkeys(fold(text).split()))

    def __bool__(self) -> bool:
        return bool(self.words)

    def excerpt(self, text: str) -> tuple[str, tuple[int, int]]:
        """The text around the first word of a matching text, cut at words, and the match's place in it."""
        start, end = _place(text, self.words[0])
        left, right = max(start - EXCERPT_MARGIN, 0), min(end + EXCERPT_MARGIN, len(text))
        if left and (gap := GAP.search(text, left - 1, start)):
            left = gap.end()
        if right < len(text) and (gap := LAST_GAP.search(text, end, right + 1)):
            right = gap.start()
        before, after = "…" if left else "", "…" if right < len(text) else ""
        offset = len(before) - left
        return before + SPACE.sub(" ", text[left:right]) + after, (start + offset, end + offset)


def fold(text: str) -> str:
    """Maps spellings of a word to one: without case, accents and typographic variants."""
    if text.isascii():
        return text.lower()
    return ACCENTS.sub("", normalize("NFKD", text.translate(VARIANTS))).casefold()


def newest_first(conversations: Iterable[Conversation]) -> list[Conversation]:
    """The conversations, the last changed one first."""
    return sorted(conversations, key=lambda each: (each.updated_at, each.created_at), reverse=True)


def _place(text: str, word: str) -> tuple[int, int]:
    """Where the folded `word` starts and ends in `text`: a folded character can be one, several or none."""
    folded = [fold(character) for character in text]
    origins = [index for index, characters in enumerate(folded) for _ in characters]
    first = max("".join(folded).find(word), 0)
    start, end = origins[first], origins[min(first + len(word), len(origins)) - 1] + 1
    while end < len(folded) and not folded[end]:  # an accent belongs to the letter before it
        end += 1
    return start, end
