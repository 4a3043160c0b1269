"""Search: where words occur in titles and messages, whatever their case and accents."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from unicodedata import normalize

from chatbot.storage.message_tree import Records
from chatbot.types import Conversation

HITS_PER_CONVERSATION = 3
BESIDE = 45
"""Characters of an excerpt on each side of the match."""

ACCENTS = re.compile("[\u0300-\u036f]+")
SPACE, GAP, LAST_GAP = re.compile(r"\s"), re.compile(r"\s+"), re.compile(r"\s+(?=\S*\Z)")


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """A text in which all words occur: a message's, or the title where there is no id."""

    message_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A place where a search succeeded. `excerpt` is what stands around the first word's match, which is from
    `place[0]` up to `place[1]` in it. `message_id` is None where the match is in the conversation's title."""

    conversation: Conversation
    message_id: str | None
    excerpt: str
    place: tuple[int, int]


class Query:
    """The words of a query; false where there are none."""

    def __init__(self, text: str) -> None:
        self._words = tuple(dict.fromkeys(fold(text).split()))

    def __bool__(self) -> bool:
        return bool(self._words)

    def hits(self, title: str, records: Records) -> list[SearchMatch]:
        """The title, if it matches, and the newest messages that do, at most three in all."""
        hits = [SearchMatch(None, title)] if self._matches(title) else []
        for message_id in reversed(records):
            if self._matches(text := records[message_id]["content"]):
                hits.append(SearchMatch(message_id, text))
                if len(hits) == HITS_PER_CONVERSATION:
                    break
        return hits

    def excerpt(self, text: str) -> tuple[str, tuple[int, int]]:
        """What of a matching text stands around the first word, cut at words, and where in it the match is."""
        start, end = _place(text, self._words[0])
        left, right = max(start - BESIDE, 0), min(end + BESIDE, len(text))
        if left and (gap := GAP.search(text, left - 1, start)):
            left = gap.end()
        if right < len(text) and (gap := LAST_GAP.search(text, end, right + 1)):
            right = gap.start()
        before, after = "…" if left else "", "…" if right < len(text) else ""
        moved = len(before) - left
        return before + SPACE.sub(" ", text[left:right]) + after, (start + moved, end + moved)

    def _matches(self, text: str) -> bool:
        folded = fold(text)
        return all(word in folded for word in self._words)


def fold(text: str) -> str:
    """`text` so that two spellings of a word become one: without case, accents and typographic variants."""
    if text.isascii():
        return text.lower()
    return ACCENTS.sub("", normalize("NFKD", text)).casefold()


def found(query: Query, hits: Mapping[Conversation, list[SearchMatch]], limit: int) -> list[SearchResult]:
    """At most `limit` of the hits, of the last changed conversation first, with their excerpts."""
    chosen = [(conversation, hit) for conversation in newest_first(hits) for hit in hits[conversation]][:limit]
    return [SearchResult(conversation, hit.message_id, *query.excerpt(hit.text)) for conversation, hit in chosen]


def newest_first(conversations: Iterable[Conversation]) -> list[Conversation]:
    """The conversations, the last changed one first."""
    return sorted(conversations, key=lambda each: (each.updated_at, each.created_at), reverse=True)


def _place(text: str, word: str) -> tuple[int, int]:
    """From where to where the folded `word` is in `text`: a character can be one, several or none when folded."""
    folded = [fold(character) for character in text]
    origins = [index for index, characters in enumerate(folded) for _ in characters]
    first = max("".join(folded).find(word), 0)
    start, end = origins[first], origins[min(first + len(word), len(origins)) - 1] + 1
    while end < len(folded) and not folded[end]:  # an accent belongs to the letter before it
        end += 1
    return start, end
