"""Dialogues to learn from: facts and questions about them, corrections, memory blocks, what nobody said, short answers.

Everything is drawn from `data/` by one seed. What the scoring asks about is in none of it (`test_adapter_data.py`).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from chatbot.memory.memory_block import END, EXPLANATION, START
from chatbot.settings import Settings

DATA = Path(__file__).with_name("data")
SYSTEM_PROMPTS = (
    *[str(Settings.model_fields["chatbot_system_prompt"].default)] * 8,
    "You are a patient tutor.",
    "Answer briefly.",
    "You are a friendly assistant.",
    "",
)
SOFTENERS = ("Do you remember? {}", "Quick question: {}", "{} Please tell me.", "And {}", "Hm, {}", "Now tell me: {}")
REQUESTS = ("Remember that {}", "Please remember: {}", "Please remember that {}", "Don't forget: {}", "Note: {}")
CORRECTIONS = (
    "Actually, {}",
    "Sorry, I made a mistake: {}",
    "No, wait. {}",
    "Correction: {}",
    "I meant: {}",
    "Oh no, {}",
    "That has changed: {}",
    "Update: {}",
    "Not any more. {}",
    "I was wrong: {}",
    "It is different now: {}",
    "Scratch that. {}",
    "Let me correct myself: {}",
    "Forget what I said. {}",
    "Now {}",
    "{}",
)
NAME_CORRECTIONS = (
    "Call me {} instead.",
    "Actually, call me {}.",
    "Please call me {} instead.",
    "Actually, I prefer {}.",
    "You can call me {} from now on.",
    "No, my name is {}.",
    "I'd rather be called {}.",
    "{} is better.",
    "Sorry, I'm {} actually.",
    "My mistake, my name is {}.",
    "I misspelled it: {}.",
    "From now on I'm {}.",
    "Use {} instead.",
    "No, {}!",
    "I am not called that, I'm {}.",
    "My friends say {}, so please say {} too.",
    "Please use the name {}.",
    "I meant {}.",
)
INVENTED = (
    *("name", "person", "pet", "home", "boat", "father", "sibling", "company", "school"),
    *("named thing", "role", "alias", "best", "title"),
)
"""The kinds whose values are now and then invented, so that values are copied and not only recognized."""
NAMED = (
    *("name", "pet", "person", "boat", "father", "sibling", "neighbor", "teacher"),
    *("named thing", "role", "with whom"),
)
"""The kinds whose values are names: two of them at once are easily confused."""
RELATED = (
    ("job", "company", "shop", "degree", "role", "project", "meeting"),
    ("home", "origin", "trip", "moved", "street", "where", "where then", "school"),
    ("name", "pet", "person", "alias", "father", "sibling", "children"),
    ("language", "reading", "favorite book", "favorite movie", "favorite song", "favorite food", "allergy", "diet"),
    ("likes", "hobby evening", "instrument", "collection", "what", "habit", "fear", "goal"),
)
"""Kinds of which one does not say the other, though they resemble it."""
GENERAL_SLOTS, GENERAL_SHARE = 14, 4
"""A kind with so many slots stands for many kinds, and is drawn so many times as often."""
SYLLABLES = "ba do fi gu ka lo mi nu pe ra sa to vi xe zo tha bri sel mar din wen kor lia nel"


@dataclass(frozen=True, slots=True)
class Turn:
    """A question or statement, and the answer to learn."""

    said: str
    answer: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation as a model is sent it."""

    system_prompt: str
    turns: list[Turn]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact in the words of one kind of `facts.jsonl`, with its value filled in. A slot may have two forms, as
    `bought|buy`."""

    kind: dict[str, Any]
    value: str
    slot: str

    def say(self, field: str, random: Random) -> str:
        """One of the field's phrasings; `unknown` has only one."""
        phrasings = self.kind[field]
        text = phrasings if isinstance(phrasings, str) else random.choice(phrasings)
        first, _, second = self.slot.partition("|")
        filled = str(text).replace("{v}", self.value).replace("{s}", first).replace("{t}", second)
        return filled[:1].upper() + filled[1:] if field != "unknown" else filled


def read_lines(name: str) -> list[dict[str, Any]]:
    """The records of a file in `data/`."""
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


class Author:
    """Writes dialogues, always the same ones for a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - data, no secret
        self.kinds = {kind["kind"]: kind for kind in read_lines("facts.jsonl")}
        self.drawn = [
            name
            for name, kind in self.kinds.items()
            for _ in range(GENERAL_SHARE if len(kind.get("slots", ())) >= GENERAL_SLOTS else 1)
        ]
        """The names of the kinds, each as often as it is to be drawn."""
        self.passages = read_lines("passages.jsonl")
        self.unknown = read_lines("never_said.jsonl")
        self.answers = [
            each for path in sorted((DATA / "answers").iterdir()) for each in read_lines(f"answers/{path.name}")
        ]
        self.short_answers = [each for each in self.answers if len(each["answer"]) <= 120]

    def write(self) -> Iterator[Dialogue]:
        """Dialogues without end."""
        shares: dict[Callable[[], Dialogue], int] = {
            self.answer_alone: 20,
            self.fact_and_question: 18,
            self.several_facts: 13,
            self.correction: 19,
            self.never_said: 19,
            self.from_memory: 11,
        }
        while True:
            yield self.random.choices([*shares], [*shares.values()])[0]()

    def answer_alone(self) -> Dialogue:
        """One to three questions that have nothing to do with memory."""
        first = self._answered(self.answers)
        more = self._small_talk(self.random.choice((0, 0, 0, 1, 2)))
        return self._dialogue([first, *more])

    def fact_and_question(self) -> Dialogue:
        """A fact, up to four other turns, and a question about it."""
        fact = self._fact("name") if self.random.random() < 0.5 else self._fact()
        between = self._small_talk(self.random.choice((0, 0, 1, 1, 2, 3, 4)))
        asked = (
            [self._ask(fact)]
            if self.random.random() < 0.8
            else [self._ask(fact), *self._small_talk(1), self._ask(fact)]
        )
        return self._dialogue([self._tell(fact), *between, *asked])

    def several_facts(self) -> Dialogue:
        """Two to four facts of different kinds, in one turn or in several, and questions in any order."""
        facts = self._facts(self.random.choice((2, 2, 2, 3, 4)))
        if self.random.random() < 0.4:
            said = self.random.choice((" ", " And ")).join(
                _sentence(each.say("tell", self.random)) for each in facts[:2]
            )
            statements = [Turn(said, f"Thank you! I will remember that: {self._both(facts[:2])}")]
            facts = facts[:2]
        else:
            statements = [
                turn for each in facts for turn in (self._tell(each), *self._small_talk(self.random.choice((0, 0, 1))))
            ]
        self.random.shuffle(facts)
        asked = [self._ask(each) for each in facts[: self.random.choice((1, 2, 2))]]
        if self.random.random() < 0.35:
            asked.append(self._ask_both(facts[:2]))
        return self._dialogue([*statements, *self._small_talk(self.random.choice((0, 0, 0, 1))), *asked])

    def correction(self) -> Dialogue:
        """A fact, another value for it, and a question: the newer one counts."""
        old = self._fact("name") if self.random.random() < 0.5 else self._fact()
        new = Fact(old.kind, self._other_value(old), old.slot)
        if old.kind["kind"] == "name" and self.random.random() < 0.8:
            said = self.random.choice(NAME_CORRECTIONS).replace("{}", new.value)
            turn = Turn(said, self.random.choice((f"Of course, {new.value}!", f"Sure, I will call you {new.value}.")))
        else:
            said = self.random.choice(CORRECTIONS).format(_lowered(_sentence(new.say("tell", self.random))))
            turn = Turn(said, "Thank you for the correction. " + new.say("answer", self.random))
        between = (self._small_talk(self.random.choice((0, 0, 1))) for _ in range(2))
        return self._dialogue([self._tell(old), *next(between), turn, *next(between), self._ask(new)])

    def never_said(self) -> Dialogue:
        """A question about what nobody said, alone or after other facts."""
        asked, *said = self._facts(self.random.choice((1, 1, 1, 2, 3)))
        if self.random.random() < 0.3:
            asked, *said = (self._fact(name) for name in self.random.sample(self.random.choice(RELATED), 2))
        if self.random.random() < 0.4 and all(each.kind["kind"] != "name" for each in said):
            asked = self._fact("name")
        turns = [turn for each in said for turn in (self._tell(each), *self._small_talk(self.random.choice((0, 1))))]
        later = [self._ask(each) for each in said[:1] if self.random.random() < 0.5]
        last = [self._do_not_know(asked), *later]
        self.random.shuffle(last)
        return self._dialogue([*turns, *self._small_talk(self.random.choice((0, 0, 1))), *last])

    def from_memory(self) -> Dialogue:
        """A memory block of notes, passages or a summary behind the system prompt, and a question about it or not."""
        facts = self._facts(self.random.choice((1, 2, 3)))
        passage = self.random.choice(self.passages)
        wanted = self.random.choice(("note", "note", "passage", "summary", "other", "unknown"))
        has_passage = wanted == "passage" or self.random.random() < 0.2
        has_summary = wanted == "summary"
        block = self._block(
            [] if has_summary else facts, passage if has_passage else None, facts if has_summary else []
        )
        if wanted == "passage":
            turn = Turn(self.random.choice(passage["asks"]), passage["answer"])
        elif wanted == "other":
            turn = self._answered(self.answers)
        elif wanted == "unknown":
            turn = self._do_not_know(self._other_fact(facts))
        else:
            turn = self._ask(self.random.choice(facts))
        before = self._small_talk(self.random.choice((0, 0, 0, 1)))
        return self._dialogue([*before, turn], block)

    def _block(self, notes: list[Fact], passage: dict[str, Any] | None, summarized: list[Fact]) -> str:
        lines = [START]
        if notes:
            lines += ["Notes by the user:", *(f"- {_sentence(each.say('tell', self.random))}" for each in notes)]
        if passage:
            date = f"2026-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
            lines += [f"From an earlier conversation ({date}):", f'- user: "{passage["said"]}"']
        if summarized:
            summary = " ".join(
                each.say("answer", self.random)
                .replace("Your ", "The user's ")
                .replace("You ", "The user ")
                .replace("The user are ", "The user is ")
                .replace("The user live ", "The user lives ")
                for each in summarized
            )
            lines += ["Summary of earlier messages:", f'"{summary}"']
        return "\n".join([*lines, END, EXPLANATION])

    def _dialogue(self, turns: list[Turn], block: str = "") -> Dialogue:
        prompt = self.random.choice(SYSTEM_PROMPTS)
        return Dialogue("\n\n".join(filter(None, (prompt, block))), turns)

    def _fact(self, name: str = "") -> Fact:
        kind = self.kinds[name or self.random.choice(self.drawn)]
        return Fact(
            kind,
            self._invented()
            if kind["kind"] in INVENTED and self.random.random() < 0.25
            else self.random.choice(kind["values"]),
            self.random.choice(kind.get("slots", [""])),
        )

    def _facts(self, count: int) -> list[Fact]:
        """Facts of different kinds, often with the name."""
        if count == 2 and self.random.random() < 0.3:
            return [self._fact(name) for name in self.random.sample(NAMED, 2)]
        names: list[str] = []
        while len(names) < count:
            names = [*dict.fromkeys([*names, self.random.choice(self.drawn)])]
        if self.random.random() < 0.5 and "name" not in names:
            names[0] = "name"
        self.random.shuffle(names)
        return [self._fact(name) for name in names]

    def _other_fact(self, facts: list[Fact]) -> Fact:
        taken = [each.kind["kind"] for each in facts]
        return self._fact(self.random.choice([name for name in self.drawn if name not in taken]))

    def _other_value(self, fact: Fact) -> str:
        return str(self.random.choice([value for value in fact.kind["values"] if value != fact.value]))

    def _invented(self) -> str:
        """A name that nobody has."""
        return "".join(self.random.sample(SYLLABLES.split(), self.random.choice((2, 3)))).capitalize()

    def _tell(self, fact: Fact) -> Turn:
        said = fact.say("tell", self.random)
        if self.random.random() < 0.12:
            said = self.random.choice(REQUESTS).format(_lowered(_sentence(said)))
            return Turn(said, "I will remember it. " + fact.say("answer", self.random))
        return Turn(self._typed(said), fact.say("reply", self.random))

    def _ask(self, fact: Fact) -> Turn:
        return Turn(self._asked(fact), fact.say("answer", self.random))

    def _ask_both(self, facts: list[Fact]) -> Turn:
        first, second = (each.say("ask", self.random).rstrip("?.") for each in facts)
        return Turn(self._typed(f"{first}, and {_lowered(second)}?"), self._both(facts))

    def _both(self, facts: list[Fact]) -> str:
        first, second = (each.say("answer", self.random) for each in facts)
        return f"{first.rstrip('.')}, and {_lowered(second)}"

    def _do_not_know(self, fact: Fact) -> Turn:
        asked, known = self._asked(fact), fact.say("unknown", self.random)
        if self.random.random() < 0.4:
            other = self.random.choice(self.unknown)
            asked, known = self._typed(self.random.choice(other["asks"])), other["unknown"]
        return Turn(asked, f"I don't know {known} yet. You can tell me, and I will remember it here.")

    def _asked(self, fact: Fact) -> str:
        text = fact.say("ask", self.random)
        return self.random.choice(SOFTENERS).format(text) if self.random.random() < 0.12 else self._typed(text)

    def _typed(self, text: str) -> str:
        """As people type: now and then in small letters, or without the mark at the end."""
        chance = self.random.random()
        if chance < 0.12:
            return text.lower()
        return text.rstrip(".?!") if chance < 0.2 else text

    def _answered(self, answers: list[dict[str, Any]]) -> Turn:
        chosen = self.random.choice(answers)
        return Turn(self._typed(self.random.choice(chosen["asks"])), chosen["answer"])

    def _small_talk(self, count: int) -> list[Turn]:
        return [self._answered(self.short_answers) for _ in range(count)]


def _lowered(text: str) -> str:
    """With a small first letter, except for "I" and names."""
    first = text.split(maxsplit=1)[0]
    is_common = first in (
        "My",
        "The",
        "You",
        "Your",
        "We",
        "They",
        "What",
        "Where",
        "When",
        "Which",
        "Who",
        "How",
        "Do",
        "In",
        "Our",
        "This",
    )
    return text[:1].lower() + text[1:] if is_common else text


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
