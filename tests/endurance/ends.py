"""Ends the app while twenty answers are running: `python -m tests.endurance.ends`.

It is killed with SIGKILL at random moments, then ended once each with SIGTERM and SIGINT. Every conversation must be
stored with its question and the beginning of its answer; those of earlier rounds must be unchanged. Prints how much
text was lost, in seconds of the answer, and how long the end took. Both are longer on a busy machine.
"""

import argparse
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from random import Random

import httpx

from chatbot.storage import Store
from chatbot.types import StoredMessage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, text_of
from tests.support.running import RunningApp, two_providers

ANSWERS = 20
SESSIONS = 4
PACE = 20
"""Words per second of each answer."""
MAX_WAIT_SECONDS = 5.0
"""From the first word of the last answer until the signal."""


class StreamedAnswer:
    """An answer that a visitor streams until the app ends; `words` is the number of received words."""

    def __init__(self, api: Visitor, question: str) -> None:
        self.question = question
        self.conversation_id = ""
        self.words = 0
        self._api = api
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        body = {"message": self.question, "model": f"pace:{PACE}x100000"}
        try:
            with self._api.watching("POST", "/chat/stream", json=body) as answer:
                self.conversation_id = next(answer).data["conversation_id"]
                for event in answer:
                    self.words += len(text_of([event]).split())
        except httpx.TransportError:  # the app has ended
            pass


def main() -> None:
    """Ends the app repeatedly and prints the losses; exits with status 1 if stored text is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.ends", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="number of kills, 10 by default")
    parser.add_argument("--seed", type=int, default=1, help="random seed of the moments, 1 by default")
    options = parser.parse_args()
    dice = Random(options.seed)  # noqa: S311 - reproducible
    known: dict[str, list[StoredMessage]] = {}
    with tempfile.TemporaryDirectory() as directory, FakeUpstream() as upstream:
        app = RunningApp(Path(directory), two_providers(upstream))
        for number in [*[signal.SIGKILL] * options.times, signal.SIGTERM, signal.SIGINT]:
            streams, took = _run_and_end(app, number, dice.uniform(0, MAX_WAIT_SECONDS))
            lost = _count_lost_words(Path(directory), streams, known)
            print(f"{number.name}: at most {lost / PACE:.2f} s of text lost, ended in {took:.2f} s", flush=True)
    print(f"{len(known)} conversations of {SESSIONS} sessions a round, seed {options.seed}: all stored")


def _run_and_end(app: RunningApp, number: signal.Signals, wait: float) -> tuple[list[StreamedAnswer], float]:
    """Runs the app once; returns the answers that were running at its end, and the seconds that the end took."""
    app.log = ""
    app.start()
    tokens = [Visitor(app.url).http.post("/session").json()["token"] for _ in range(SESSIONS)]
    streams = [StreamedAnswer(Visitor(app.url, tokens[n % SESSIONS]), f"Question {n}") for n in range(ANSWERS)]
    while not all(each.words for each in streams):
        if not all(each.words or each.reader.is_alive() for each in streams):
            sys.exit(f"an answer did not start: {app.log}")
        time.sleep(0.01)
    time.sleep(wait)
    started = time.monotonic()
    app.stop(number)
    took = time.monotonic() - started
    for each in streams:
        each.reader.join()
    return streams, took


def _count_lost_words(data: Path, streams: list[StreamedAnswer], known: dict[str, list[StoredMessage]]) -> int:
    """Returns the largest number of received words that an answer lost; exits if a conversation has changed."""
    store = Store(data)
    stored: dict[str, list[StoredMessage]] = {}
    for session in (data / "sessions").iterdir():
        memory = store.memory(session.name)
        for conversation in memory.list_conversations():
            stored[conversation.conversation_id] = memory.get_messages(conversation.conversation_id, None)
    store.close()
    if any(stored.get(conversation_id) != messages for conversation_id, messages in known.items()):
        sys.exit("a conversation of an earlier round has changed")
    lost = 0
    for each in streams:
        question, answer = stored[each.conversation_id]
        words = answer.content.split()
        expected = [f"word{number}" for number in range(1, len(words) + 1)]
        if (question.content, answer.status, words) != (each.question, "interrupted", expected):
            sys.exit(f"{question}, {answer}: expected an interrupted answer to {each.question}")
        lost = max(lost, each.words - len(words))
    known |= stored
    return lost


if __name__ == "__main__":
    main()
