"""Ranking: the texts that match a question, found by their words."""

import random

from chatbot.memory.ranking import Corpus, Ranking

WORDS = (
    "boat",
    "boats",
    "sailboat",
    "harbour",
    "dentist",
    "Oslo",
    "green",
    "painted",
    "paint",
    "sister",
    "three",
    "cats",
)


def test_the_best_are_those_that_match_one_by_one() -> None:
    dice = random.Random(5)  # noqa: S311 - reproducible
    for _ in range(50):
        texts = [" ".join(dice.choices(WORDS, k=4)) for _ in range(30)]
        ranking = Ranking(" ".join(dice.choices(WORDS, k=3)), Corpus(texts))
        matches = {place: ranking.match(text) for place, text in enumerate(texts)}
        enough = [place for place, match in matches.items() if match.is_enough]
        assert ranking.best() == sorted(enough, key=lambda place: -matches[place].score)


def test_nothing_is_best_where_nothing_matches() -> None:
    assert Ranking("Who is my dentist?", Corpus(["The boat is green."])).best() == []
    assert Ranking("", Corpus(["The boat is green."])).best() == []
    assert Ranking("Who is my dentist?", Corpus([])).best() == []
