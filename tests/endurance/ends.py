"""The real app, ended while it gives twenty answers: `python -m tests.endurance.ends`.

With kill -9 at random moments, and at last with SIGTERM and SIGINT. Every conversation must be there with its question
and the beginning of its answer, those of earlier rounds unchanged. Prints how much text a kill cost, in seconds of the
answer, and how long the two signals took; on a machine that is busy with other things both are longer.
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
from tests.api import Visitor, text_of
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp, two_providers

ANSWERS = 20
SESSIONS = 4
PACE = 20
"""Words a second of each answer."""
LONGEST = 5.0
"""Seconds after its first word that an answer is left alone, at most."""


class Watched:
    """An answer whose visitor reads along until the app ends; `words` came to them."""

    def __init__(self, api: Visitor, question: str) -> None:
        self.question = question
        self.conversation_id = ""
        self.words = 0
        self._api = api
        self.reading = threading.Thread(target=self._read)
        self.reading.start()

    def _read(self) -> None:
        body = {"message": self.question, "model": f"pace:{PACE}x100000"}
        try:
            with self._api.watching("POST", "/chat/stream", json=body) as answer:
                self.conversation_id = next(answer).data["conversation_id"]
                for event in answer:
                    self.words += len(text_of([event]).split())
        except httpx.TransportError:  # the end that this is about
            pass


def main() -> None:
    """End it so often, and print what it cost; exit status 1 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.ends", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="kills, 10 by default")
    parser.add_argument("--seed", type=int, default=1, help="of the moments, 1 by default")
    options = parser.parse_args()
    dice = Random(options.seed)  # noqa: S311 - the same each time
    known: dict[str, list[StoredMessage]] = {}
    with tempfile.TemporaryDirectory() as directory, FakeUpstream() as upstream:
        app = RunningApp(Path(directory), two_providers(upstream))
        for number in [*[signal.SIGKILL] * options.times, signal.SIGTERM, signal.SIGINT]:
            watched, took = _ended(app, number, dice.uniform(0, LONGEST))
            lost = _lost(Path(directory), watched, known)
            print(f"{number.name}: at most {lost / PACE:.2f} s of text lost, ended in {took:.2f} s", flush=True)
    print(f"{len(known)} conversations of {SESSIONS} sessions a round, seed {options.seed}: all there")


def _ended(app: RunningApp, number: signal.Signals, wait: float) -> tuple[list[Watched], float]:
    """One life of the app; returns the answers that ran when it ended, and how long ending took."""
    app.log = ""
    app.start()
    tokens = [Visitor(app.url).http.post("/session").json()["token"] for _ in range(SESSIONS)]
    watched = [Watched(Visitor(app.url, tokens[n % SESSIONS]), f"Question {n}") for n in range(ANSWERS)]
    while not all(each.words for each in watched):
        if not all(each.words or each.reading.is_alive() for each in watched):
            sys.exit(f"an answer did not begin: {app.log}")
        time.sleep(0.01)
    time.sleep(wait)
    begun = time.monotonic()
    app.stop(number)
    took = time.monotonic() - begun
    for each in watched:
        each.reading.join()
    return watched, took


def _lost(data: Path, watched: list[Watched], known: dict[str, list[StoredMessage]]) -> int:
    """The most words that an answer lost which its visitor had seen. Exits where a conversation is not as it was."""
    store = Store(data)
    there: dict[str, list[StoredMessage]] = {}
    for session in (data / "sessions").iterdir():
        memory = store.memory(session.name)
        for conversation in memory.list_conversations():
            there[conversation.conversation_id] = memory.get_messages(conversation.conversation_id, None)
    store.close()
    if any(there.get(conversation_id) != messages for conversation_id, messages in known.items()):
        sys.exit("a conversation of an earlier round is another now")
    most = 0
    for each in watched:
        question, answer = there[each.conversation_id]
        words = answer.content.split()
        whole = [f"word{number}" for number in range(1, len(words) + 1)]
        if (question.content, answer.status, words) != (each.question, "interrupted", whole):
            sys.exit(f"{question}, {answer}: expected an answer to {each.question} that was cut off")
        most = max(most, each.words - len(words))
    known |= there
    return most


if __name__ == "__main__":
    main()
