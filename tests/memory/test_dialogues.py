"""Sixty small dialogues in LongMemEval's five classes and one for leaks, scored by what the provider was sent.

`dialogues.json` has for each its notes (the oldest first), what was said earlier, the question, and which words of it
all have to go along (`needs`) or must not (`never`).
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot.storage import ConversationMemory
from chatbot.types import StoredMessage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Json, asked
from tests.support.reply_setup import ReplySetup, wait_for_end

DIALOGUES: list[Json] = json.loads(Path(__file__).with_name("dialogues.json").read_text("utf-8"))
CLASSES = {"one fact", "several sessions", "updates", "time", "not told", "must not leak"}
MIN_RECALL = 0.95


def moment(days_ago: int | str) -> str:
    now = datetime.now(UTC)
    if days_ago == "last year":
        return now.replace(year=now.year - 1, day=1).isoformat(timespec="milliseconds")
    if days_ago == "two months ago":
        number = now.year * 12 + now.month - 3
        return now.replace(year=number // 12, month=number % 12 + 1, day=1).isoformat(timespec="milliseconds")
    return (now - timedelta(days=int(days_ago))).isoformat(timespec="milliseconds")


def restore(memory: ConversationMemory, time: str, said: Sequence[str]) -> None:
    messages = [
        StoredMessage(f"{number}", "user", text, time, parent_id=f"{number - 1}" if number else "")
        for number, text in enumerate(said)
    ]
    memory.restore_conversation("Earlier", time, time, messages, head=messages[-1].message_id)


async def sent_for(setup: ReplySetup, upstream: FakeUpstream, number: int, dialogue: Json) -> str:
    """The system prompt that goes with the dialogue's question."""
    memory = setup.session(f"dialogue{number}")
    memory.notes.set_switches(recall=True)
    for earlier in dialogue["earlier"]:
        restore(memory, moment(earlier["days_ago"]), earlier["said"])
    for at, text in enumerate(dialogue["notes"]):
        memory.notes.create(text, created_at=moment(len(dialogue["notes"]) - at))
    await wait_for_end(await setup.say(dialogue["question"], session_id=f"dialogue{number}"))
    return str(asked(upstream)[-1].body["messages"][0]["content"])


async def test_what_is_needed_goes_along_and_nothing_leaks(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    sent = [await sent_for(replies_setup, upstream, number, each) for number, each in enumerate(DIALOGUES)]
    needed = [
        (each["question"], word, word in text)
        for each, text in zip(DIALOGUES, sent, strict=True)
        for word in each["needs"]
    ]
    leaked = [
        (each["question"], word)
        for each, text in zip(DIALOGUES, sent, strict=True)
        for word in each["never"]
        if word in text
    ]
    missed = [(question, word) for question, word, found in needed if not found]
    assert leaked == []
    assert 1 - len(missed) / len(needed) >= MIN_RECALL, missed
    assert len(asked(upstream)) == len(DIALOGUES), "as many requests as messages"


async def test_of_an_update_the_newer_goes_first(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    updates = [each for each in DIALOGUES if each["class"] == "updates" and len(each["notes"]) == 2]
    for number, each in enumerate(updates):
        sent = await sent_for(replies_setup, upstream, number, each)
        older, newer = each["notes"]
        assert sent.index(f"- {newer}") < sent.index(f"- {older}")


def test_there_are_sixty_dialogues_in_six_classes() -> None:
    assert len(DIALOGUES) == 60
    assert {each["class"] for each in DIALOGUES} == CLASSES
