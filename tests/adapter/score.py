"""Scores the demo model through the app's own API: `python -m tests.adapter.score`, with --base without its adapter."""

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.providers.local.demo_model import TEMPERATURE
from chatbot.providers.local.weights import default_cache, find_weights
from tests.adapter.cases import GOALS, SCORED, Case, cases, most_repeated
from tests.support.api_client import Visitor
from tests.support.running import RunningApp

AT_ONCE = 3
ANSWER_TOKENS = 200
ANSWER_SECONDS = 300
ENDED_GOAL = 55 / 60


@dataclass(frozen=True, slots=True)
class Scores:
    """The share of right cases of each class, and the answers to the first questions as (question, answer, ended)."""

    right: dict[str, float]
    wrong: dict[str, list[tuple[Case, list[str]]]]
    first_answers: list[tuple[str, str, bool]]

    @property
    def ended(self) -> float:
        """The share of first answers that ended by themselves within ANSWER_TOKENS."""
        return sum(ended for _, _, ended in self.first_answers) / len(self.first_answers)

    @property
    def loops(self) -> list[str]:
        """The first answers that have a line or sentence three times."""
        return [answer for _, answer, _ in self.first_answers if most_repeated(answer) >= 3]

    def below(self, goals: dict[str, float]) -> dict[str, float]:
        """The classes that do not reach their goals."""
        return {name: self.right[name] for name, goal in goals.items() if self.right[name] < goal}


class Scorer:
    """Talks with the app at `url`, each conversation in a session of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def score(self, seed: int, share: float, first_share: float) -> Scores:
        """Scores `share` of every class (see `cases`), and asks `first_share` of the first questions."""
        right, wrong = {}, {}
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for name, chosen in cases(seed, share).items():
                answers = list(threads.map(self.answers, chosen))
                wrong[name] = [pair for pair in zip(chosen, answers, strict=True) if not pair[0].is_right(pair[1])]
                right[name] = 1 - len(wrong[name]) / len(chosen)
                print(f"{name}: {right[name]:.0%} of {len(chosen)}", flush=True)
            questions = SCORED["first_questions"][:: round(1 / first_share)]
            return Scores(right, wrong, list(threads.map(self.first_answer, questions)))

    def answers(self, case: Case) -> list[str]:
        """The answers to the case's questions."""
        with self._visitor() as visitor:
            for note in case.notes:
                visitor.token = visitor.token or visitor.call("POST", "/session").json()["token"]
                visitor.call("POST", "/notes", json={"text": note, "pinned": True}).raise_for_status()
            conversation: dict[str, str] = {}
            replies = []
            for said in (*case.said, *(question for question, _ in case.questions)):
                reply = visitor.chat(said, temperature=TEMPERATURE, max_tokens=ANSWER_TOKENS, **conversation)
                conversation = {"conversation_id": reply["conversation_id"]}
                replies.append(str(reply["response"]))
            return replies[len(case.said) :]

    def first_answer(self, question: str) -> tuple[str, str, bool]:
        """The question, its answer as the first of a conversation, and whether that ended by itself."""
        with self._visitor() as visitor:
            reply = visitor.chat(question, temperature=TEMPERATURE, max_tokens=ANSWER_TOKENS)
        answer = str(reply["response"])
        return question, answer, reply["finish_reason"] == "stop" and most_repeated(answer) < 2

    def _visitor(self) -> Visitor:
        visitor = Visitor(self._url)
        visitor.http.timeout = ANSWER_SECONDS
        return visitor


def score(seed: int, share: float, first_share: float, *, base: bool = False) -> Scores:
    """Starts the app without a key and scores its model, or the same weights without the adapter; see `Scorer`."""
    environment = {"CHATBOT_MESSAGES_PER_MINUTE": "0"}
    if base:  # weights that are named have no adapter
        environment["LOCAL_MODEL"] = str(find_weights(None, default_cache(Path("data"))))
    with tempfile.TemporaryDirectory() as data, RunningApp(Path(data), environment, forked=False) as app:
        return Scorer(app.url).score(seed, share, first_share)


def main() -> None:
    """Prints the scores; exits with status 1 if one is below its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of all cases")
    parser.add_argument("--first-share", type=float, default=1.0, help="of the first questions")
    parser.add_argument("--base", action="store_true", help="score the weights without the adapter")
    parser.add_argument("--answers", type=Path, help="a file for the answers, right or wrong")
    options = parser.parse_args()
    scores = score(options.seed, options.share, options.first_share, base=options.base)
    print(f"first questions: {scores.ended:.0%} ended by themselves, {len(scores.loops)} loops")
    if options.answers:
        _write(options.answers, scores)
    if scores.below(GOALS) or scores.ended < ENDED_GOAL or scores.loops:
        sys.exit("A score is below its goal.")


def _write(path: Path, scores: Scores) -> None:
    wrong = {
        name: [asdict(case) | {"answers": answers} for case, answers in pairs] for name, pairs in scores.wrong.items()
    }
    first = [dict(zip(("question", "answer", "ended"), each, strict=True)) for each in scores.first_answers]
    content = {"right": scores.right, "wrong": wrong, "first_answers": first}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
