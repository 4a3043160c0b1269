"""Recall: the passages of a session's earlier conversations that match a question, ranked locally and dated."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from datetime import date
from itertools import islice

from chatbot.memory.ranking import SUFFIXES, Corpus, Ranking, Terms, question_terms
from chatbot.memory.time_words import AskedTime, asked_time, without_time
from chatbot.storage.search import fold
from chatbot.storage.search_index import IndexedMessage, SearchIndex
from chatbot.storage.words import is_unspaced
from chatbot.types import Passage

MAX_PASSAGES = 3
CANDIDATES, LOOKED_AT_ONCE = 60, 10
"""Messages that the index finds, and how many of them are looked at more closely at a time."""
PASSAGE_LENGTH = 400
"""Characters of a passage: of a longer message the sentences that match best."""
MIN_SHARE, MIN_SHARE_OF_TWO = 0.5, 0.3
"""As for notes, but more: a message has more words that match by chance."""
QUESTION_WEIGHT = 0.8
"""Of a message that only asks."""
EVER = "", "9999"

SENTENCES = re.compile(r"[^.!?。！？\n]*(?:[.!?。！？]+|\n|\Z)\s*")


def recall(
    index: SearchIndex, question: str, conversation_id: str, today: date, without: Set[str] = frozenset()
) -> list[Passage]:
    """The best passages of other conversations than `conversation_id`, at most MAX_PASSAGES, and none of the messages
    and conversations with the ids `without`; of the index as it was last updated. Blocks for some milliseconds. Raises
    StorageError."""
    time = asked_time(question, today)
    subject = without_time(question, time)
    candidates = find(index, subject, time, conversation_id)
    found = rank(
        subject, question, [each for each in candidates if without.isdisjoint((each.message_id, each.conversation_id))]
    )
    return [_passage(each) for each in islice(found, MAX_PASSAGES)]


def find(index: SearchIndex, subject: str, time: AskedTime | None, conversation_id: str) -> list[IndexedMessage]:
    """The messages in which the subject may be: only those of that time, or those that name it if it can be a part of
    the subject. Of a question for a time alone the visitor's newest messages of then."""
    terms = question_terms(subject)
    if time is None:
        return _find(index, terms, EVER, conversation_id)
    span = time.since.isoformat(), time.until.isoformat()
    if time.is_sure and not terms.strong:
        return index.newest(*span, conversation_id, CANDIDATES)
    found = _find(index, terms, span, conversation_id)
    if not time.is_sure:
        naming = (each for each in _find(index, terms, EVER, conversation_id) if time.words in fold(each.text))
        found += [each for each in naming if each not in found]
    return found


def rank(subject: str, question: str, found: Sequence[IndexedMessage]) -> Iterator[IndexedMessage]:
    """The messages that match the subject well enough, cut to the passages that do, the best first, each text once. A
    message is looked at when it is asked for: a first token waits."""
    asked = fold(question).strip()
    others = [each for each in found if asked not in fold(each.text)]  # somebody has asked that before
    others.sort(key=_weight, reverse=True)
    has_subject = bool(question_terms(subject).strong) or any(each.score for each in found)
    texts = set()
    for start in range(0, len(others), LOOKED_AT_ONCE):
        for passage in _passages(subject, has_subject, others[start : start + LOOKED_AT_ONCE]):
            if (text := fold(passage.text)) not in texts:
                texts.add(text)
                yield passage


def _passages(subject: str, has_subject: bool, messages: Sequence[IndexedMessage]) -> Iterator[IndexedMessage]:
    """Those of the messages that match well enough, cut to their best parts, in their order. Without a subject all."""
    ranking = Ranking(subject, Corpus(each.text for each in messages), MIN_SHARE, MIN_SHARE_OF_TWO)
    places = sorted(ranking.best()) if has_subject else range(len(messages))
    for place in places:
        passage = replace(messages[place], text=_excerpt(messages[place].text, ranking))
        if not has_subject or ranking.match(passage.text).is_enough:
            yield passage


def _find(index: SearchIndex, terms: Terms, span: tuple[str, str], without: str) -> list[IndexedMessage]:
    query = " OR ".join(map(_index_term, (*terms.strong, *terms.weak)))
    return index.find(query, *span, without, CANDIDATES) if query else []


def _index_term(term: str) -> str:
    """The term in FTS5's language: every word that starts as it does, without its ending."""
    if is_unspaced(term):
        return f'"{term}"'
    stem = min((term.removesuffix(each) for each in SUFFIXES if len(term) - len(each) > 3), key=len, default=term)
    return f'"{stem}" *' if len(stem) > 3 else f'"{term}" OR "{term}s"'


def _excerpt(text: str, ranking: Ranking) -> str:
    """The neighbouring sentences that match best, of at most PASSAGE_LENGTH characters."""
    if len(text) <= PASSAGE_LENGTH:
        return text
    sentences = [each for long in SENTENCES.findall(text) for each in _halves(long)]
    windows = list(_windows(sentences))
    return max(windows, key=lambda each: ranking.match(each).score).strip()


def _windows(sentences: Sequence[str]) -> Iterable[str]:
    for start in range(len(sentences)):
        end = start + 1
        while end < len(sentences) and sum(map(len, sentences[start : end + 1])) <= PASSAGE_LENGTH:
            end += 1
        yield "".join(sentences[start:end])


def _halves(sentence: str) -> list[str]:
    """A sentence in parts that fit."""
    return [sentence[at : at + PASSAGE_LENGTH] for at in range(0, len(sentence), PASSAGE_LENGTH)]


def _weight(message: IndexedMessage) -> tuple[float, str]:
    is_question = message.text.rstrip().endswith(("?", "？"))
    return message.score * (QUESTION_WEIGHT if is_question else 1), message.created_at


def _passage(message: IndexedMessage) -> Passage:
    return Passage(message.conversation_id, message.message_id, message.role, message.created_at[:10], message.text)
