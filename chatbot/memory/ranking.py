"""Ranks short texts by how well they match a question, locally: by words and their forms, in six languages.

A text matches a question if it has enough of the question's terms. Better none than an unrelated one: a small model
would put it into its answer.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chatbot.memory.stop_words import FIRST_PERSON, FIRST_PERSON_CHARACTERS, STOP, STOP_CHARACTERS, WEAK
from chatbot.storage.words import HIRAGANA, IDEOGRAPHS, pairs, runs, text_pieces

MIN_SHARE, MIN_SHARE_OF_TWO = 0.34, 0.15
"""Of the question's strong terms that a note has to have: if it has one of them, and if it has two or more."""
WEAK_WEIGHT = 0.3
COMPOUND_WEIGHT = 0.7

SUFFIXES = frozenset(
    """
    s es ed d ing er ers e en n em y ies ied ie ic al ly ion ions ation ations ment ments r or st t te ten ter
    in innen ung ungen ig lich o a os as ar ir an on ado ada ados ando iendo acion aciones ons ez ent ait ee ees
    eux euse ist iste ste de se sion sions ds ful ness
    """.split()  # noqa: SIM905 - a list of fifty literals would be a page
) | {""}
"""Endings of the same word in English, German, Spanish and French, behind a common start of four letters or more."""
SHORT_SUFFIXES = frozenset(("", "s", "es", "n", "en"))
"""Behind three letters."""

SPLIT = re.compile(f"[{STOP_CHARACTERS}]+")
IDEOGRAPH, KANA = re.compile(f"[{IDEOGRAPHS}]"), re.compile(f"[{HIRAGANA}]")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a question. `own` are those that follow "my" or "our": they are about the visitor."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]
    own: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def question_terms(question: str) -> Terms:
    """The terms of a question, without words that say nothing."""
    strong: dict[str, None] = {}
    weak: dict[str, None] = {}
    own: set[str] = set()
    is_own = False
    for run in runs(question):
        is_own = is_own or _ends_first_person(run)
        found = [term for term in _terms_of(run) if term not in STOP]
        for term in found:
            (weak if term in WEAK or KANA.match(term) else strong).setdefault(term)
        if is_own and found:
            own.update(found[:2])
        is_own = run in FIRST_PERSON or (is_own and not found) or _ends_first_person(run)
    if any(each in question for each in FIRST_PERSON_CHARACTERS):
        own.update(term for term in strong if IDEOGRAPH.match(term))
    return Terms(tuple(strong), tuple(weak), frozenset(own))


def _ends_first_person(run: str) -> bool:
    return run in FIRST_PERSON


def _terms_of(run: str) -> list[str]:
    """A run as a question has it: a word, a single ideograph, or pairs."""
    if KANA.match(run):
        return pairs(run) if len(run) > 2 else []
    if not IDEOGRAPH.match(run):
        return [run]
    return [term for part in SPLIT.split(run) if part for term in (pairs(part) if len(part) > 1 else [part])]


@lru_cache(maxsize=4096)
def text_terms(text: str) -> frozenset[str]:
    """The terms of a text that a question's can match."""
    return frozenset(text_pieces(text)) - STOP


def word_match(term: str, word: str) -> float:
    """How well two folded words match: 1 for forms of one word, less for a compound with it, 0 for others."""
    if term == word:
        return 1.0
    if IDEOGRAPH.match(term) or KANA.match(term) or term.isdecimal() or word.isdecimal():
        return 0.0
    start = _common_start(term, word)
    rests = term[start:], word[start:]
    if (start > 3 and SUFFIXES.issuperset(rests)) or (start == 3 and SHORT_SUFFIXES.issuperset(rests)):
        return 1.0
    if (
        start > 2
        and "" in rests
        and any(_is_doubled(term[:start], rest, other) for rest, other in (rests, rests[::-1]))
    ):
        return 1.0
    short, long = sorted((term, word), key=len)
    if len(short) > 3 and len(long) - len(short) > 2 and (long.endswith(short) or (start > 4 and start == len(short))):
        return COMPOUND_WEIGHT
    return 0.0


def _common_start(one: str, other: str) -> int:
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _is_doubled(start: str, rest: str, other: str) -> bool:
    """As in "plan" and "planned"."""
    return not other and rest[:1] == start[-1] and rest[1:] in ("ed", "ing", "er", "ers")


@dataclass(frozen=True, slots=True)
class Match:
    """How well a text matches: its score, and whether that is enough."""

    score: float
    is_enough: bool


class Corpus:
    """Texts by their words, prepared once for any number of questions. A place is that of a text among `texts`."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.size = 0
        self._places: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            for word in text_terms(text):
                self._places[word].append(self.size)
            self.size += 1
        self._vocabulary = _Vocabulary(self._places)

    def matches(self, term: str) -> dict[str, float]:
        """The words that match the term, and how well."""
        return self._vocabulary.matches(term)

    def degrees(self, matches: Mapping[str, float]) -> dict[int, float]:
        """The places of the texts that have one of the words, and how well the best of them matches."""
        found: dict[int, float] = {}
        for word, degree in sorted(matches.items(), key=lambda each: each[1]):
            found.update(dict.fromkeys(self._places[word], degree))
        return found


@lru_cache(maxsize=32)
def cached_corpus(texts: tuple[str, ...]) -> Corpus:
    """The corpus of texts that many questions are asked of."""
    return Corpus(texts)


class Ranking:
    """Matches of texts with one question. `corpus` are all that could match: a term that few of them have counts for
    more. `min_share` and `min_share_of_two` are as MIN_SHARE and MIN_SHARE_OF_TWO."""

    def __init__(
        self,
        question: str,
        corpus: Corpus,
        min_share: float = MIN_SHARE,
        min_share_of_two: float = MIN_SHARE_OF_TWO,
    ) -> None:
        self._min_shares = min_share, min_share_of_two
        self.terms = question_terms(question)
        self._matches = {term: corpus.matches(term) for term in (*self.terms.strong, *self.terms.weak)}
        self._by_place = {term: corpus.degrees(words) for term, words in self._matches.items()}
        counts = {term: len(places) for term, places in self._by_place.items()}
        self._weights = {
            term: math.log(1 + (corpus.size - count + 0.5) / (count + 0.5)) for term, count in counts.items()
        }

    def best(self) -> list[int]:
        """The places of the texts that match well enough, the best first, and of equals the first."""
        places = sorted(set().union(*self._by_place.values()))
        scores = {place: match.score for place in places if (match := self._match_at(place)).is_enough}
        return sorted(scores, key=lambda place: -scores[place])

    def match(self, text: str) -> Match:
        """How well one of the texts, or a part of it, matches the question."""
        words = text_terms(text)
        return self._match(self._degrees(words, self.terms.strong), self._degrees(words, self.terms.weak))

    def _match_at(self, place: int) -> Match:
        strong, weak = (
            {term: self._by_place[term][place] for term in terms if place in self._by_place[term]}
            for terms in (self.terms.strong, self.terms.weak)
        )
        return self._match(strong, weak)

    def _match(self, strong: Mapping[str, float], weak: Mapping[str, float]) -> Match:
        score = self._score(strong) + WEAK_WEIGHT * self._score(weak)
        return Match(score, self._is_enough(strong, weak))

    def _degrees(self, words: frozenset[str], terms: Sequence[str]) -> dict[str, float]:
        """How well each of the terms is matched, without those that are not."""
        found = {term: [self._matches[term][word] for word in words & self._matches[term].keys()] for term in terms}
        return {term: max(degrees) for term, degrees in found.items() if degrees}

    def _score(self, degrees: Mapping[str, float]) -> float:
        return sum(self._weights[term] * degree for term, degree in degrees.items())

    def _is_enough(self, strong: Mapping[str, float], weak: Mapping[str, float]) -> bool:
        if not self.terms.strong:
            return bool(weak) and len(weak) >= len(self.terms.weak) / 2
        share = len(strong) / len(self.terms.strong)
        is_own = not self.terms.own.isdisjoint(strong)
        return is_own or (bool(strong) and share >= self._min_shares[len(strong) > 1])


class _Vocabulary:
    """Words by how they start and end, so that a term is compared with few of them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = set(words)
        self._by_start: dict[str, list[str]] = {}
        self._by_end: dict[str, list[str]] = {}
        for word in self._words:
            self._by_start.setdefault(word[:3], []).append(word)
            self._by_end.setdefault(word[-3:], []).append(word)

    def matches(self, term: str) -> dict[str, float]:
        """The words that match the term, and how well."""
        if len(term) < 3 or IDEOGRAPH.match(term):
            return {term: 1.0} if term in self._words else {}
        ends = (word for word in self._by_end.get(term[-3:], ()) if word.endswith(term))
        candidates = [*self._by_start.get(term[:3], ()), *ends]
        candidates += [term[at:] for at in range(3, len(term) - 3) if term[at:] in self._words]
        found = {word: word_match(term, word) for word in candidates}
        return {word: degree for word, degree in found.items() if degree}
