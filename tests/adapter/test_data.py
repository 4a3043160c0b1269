"""The adapter's data: what it is scored on is in none of it."""

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from tests.adapter.dialogues import DATA, Author, read_lines

SCORED: dict[str, Any] = json.loads(Path(__file__).with_name("scored.json").read_text("utf-8"))
MAX_CHARACTERS = 400
"""About 80 tokens, or a little more for code."""


def normalized(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def learnt_texts(seed: int, count: int) -> set[str]:
    turns = (turn for dialogue in islice(Author(seed).write(), count) for turn in dialogue.turns)
    return {normalized(text) for turn in turns for text in (turn.said, turn.answer)}


def test_the_data_are_the_same_for_a_seed_and_others_for_another() -> None:
    first, again, other = (list(islice(Author(seed).write(), 50)) for seed in (1, 1, 2))
    assert first == again != other


def test_no_scored_name_or_value_is_in_any_file_of_the_data() -> None:
    words = normalized(" ".join(path.read_text("utf-8") for path in DATA.rglob("*.jsonl"))).split()
    facts = [fact[-1] for kind in ("facts", "facts_corrected") for fact in SCORED[kind]]
    starts = tuple(normalized(value).split()[0] for value in (*SCORED["names"], *facts))
    assert [word for word in words if word.startswith(starts)] == []


def test_no_scored_question_or_phrasing_is_learnt() -> None:
    facts = [text for fact in (*SCORED["facts"], *SCORED["facts_corrected"]) for text in fact[:-1]]
    scored = {
        normalized(text) for text in (*facts, *SCORED["first_questions"], *SCORED["never_said"], *SCORED["name_asked"])
    }
    phrasings = {text for kind in read_lines("facts.jsonl") for field in ("tell", "ask") for text in kind[field]}
    assert scored & learnt_texts(seed=1, count=4000) == set()
    assert {*SCORED["name_said"], *SCORED["name_corrected"]} & phrasings == set()


def test_at_least_400_answers_are_short_and_end() -> None:
    answers = [each["answer"] for each in Author(1).answers]
    assert len(answers) >= 400
    assert max(map(len, answers)) <= MAX_CHARACTERS
    assert all(answer == answer.strip() for answer in answers)
