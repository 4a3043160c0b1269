"""The scored conversations, drawn from `scored.json` by a seed. None of its names, values and phrasings was learnt."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

SCORED: dict[str, Any] = json.loads(Path(__file__).with_name("scored.json").read_text("utf-8"))
DOES_NOT_KNOW = re.compile(
    r"(don.t|do not) (yet )?know|(not|n.t) (yet )?(told|tell|said|mentioned|shared)", re.IGNORECASE
)
COUNTS = {
    "said and asked": 100,
    "one turn between": 50,
    "two turns between": 50,
    "four turns between": 50,
    "corrected": 50,
    "two facts": 50,
    "never said": 50,
    "from a note": 50,
}
GOALS = {
    "said and asked": 0.98,
    "one turn between": 0.95,
    "two turns between": 0.90,
    "four turns between": 0.80,
    "corrected": 0.80,
    "two facts": 0.85,
    "never said": 0.90,
}


@dataclass(frozen=True, slots=True)
class Case:
    """What is `said` in turn, then each question with what its answer must have (None: that it is not known), and what
    none may have. `notes` are saved before."""

    said: Sequence[str]
    questions: Sequence[tuple[str, str | None]]
    never: str = ""
    notes: Sequence[str] = ()

    def is_right(self, answers: Sequence[str]) -> bool:
        """Whether all answers to the questions are right."""
        pairs = zip(self.questions, answers, strict=True)
        return all(self._is_right(expected, answer) for (_, expected), answer in pairs)

    def _is_right(self, expected: str | None, answer: str) -> bool:
        if self.never and self.never.casefold() in answer.casefold():
            return False
        if expected is None:
            return bool(DOES_NOT_KNOW.search(answer))
        return expected.casefold() in answer.casefold() and not DOES_NOT_KNOW.search(answer)


def cases(seed: int, share: float) -> dict[str, list[Case]]:
    """The cases of each class: COUNTS of them, times `share`."""
    writer = _CaseWriter(Random(seed))  # noqa: S311 - a draw, no secret
    return {
        name: [writer.case(name, number) for number in range(round(count * share))] for name, count in COUNTS.items()
    }


class _CaseWriter:
    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._names = self._endless(SCORED["names"])
        self._facts = self._endless(SCORED["facts"])
        self._corrections = self._endless(SCORED["facts_corrected"])
        self._never_said = self._endless(SCORED["never_said"])

    def case(self, name: str, number: int) -> Case:
        """The case with this number of its class: names and other facts by turns."""
        fact = self._fact(number)
        match name:
            case "corrected":
                return self._corrected() if number % 2 else self._renamed()
            case "two facts":
                facts = [self._fact(0), self._fact(1)]
                self._dice.shuffle(facts)
                return Case([said for said, _, _ in facts], [(asked, value) for _, asked, value in facts])
            case "never said":
                return Case([fact[0]] if number % 2 else [], [(self._other_question(fact[1]), None)], never=fact[2])
            case "from a note":
                return Case([], [fact[1:]], notes=[fact[0]])
        between = {"one turn between": 1, "two turns between": 2, "four turns between": 4}.get(name, 0)
        return Case([fact[0], *self._dice.sample(SCORED["first_questions"], between)], [fact[1:]])

    def _fact(self, number: int) -> tuple[str, str, str]:
        """What is said, asked and expected."""
        if number % 2:
            said, asked, value = next(self._facts)
            return said, asked, value
        name = next(self._names)
        return self._say("name_said", name), self._dice.choice(SCORED["name_asked"]), name

    def _renamed(self) -> Case:
        old, new = next(self._names), next(self._names)
        said = [self._say("name_said", old), self._say("name_corrected", new)]
        return Case(said, [(self._dice.choice(SCORED["name_asked"]), new)], never=old)

    def _corrected(self) -> Case:
        said, corrected, asked, value = next(self._corrections)
        return Case([said, corrected], [(asked, value)])

    def _other_question(self, asked: str) -> str:
        is_name = asked in SCORED["name_asked"]
        return next(
            str(each) for each in self._never_said if each != asked and not (is_name and each in SCORED["name_asked"])
        )

    def _say(self, kind: str, name: str) -> str:
        return str(self._dice.choice(SCORED[kind])).replace("{v}", name)

    def _endless(self, values: Sequence[Any]) -> Iterator[Any]:
        while True:
            yield from self._dice.sample(values, len(values))


def most_repeated(answer: str) -> int:
    """How often the answer's most frequent line or sentence of three words or more comes."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", answer)
    said = [re.sub(r"\W+", " ", part).strip().casefold() for part in parts]
    return max(Counter(each for each in said if len(each.split()) >= 3).values(), default=0)
