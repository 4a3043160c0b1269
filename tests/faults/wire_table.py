"""Every answer and refusal of the tables, sent through the app: what a person reads, what is stored, what is sent next.

`python -m tests.faults.wire_table` prints it as Markdown, from real runs against the fake upstream.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chatbot.settings import Settings
from chatbot.types import StoredMessage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.faults.foreign_cases import FOREIGN
from tests.faults.test_wordings import MEANINGS
from tests.faults.wire_cases import CASES, Case
from tests.support.reply_setup import ReplySetup

QUESTION, NEXT = "What is on the table?", "And now?"
LONGEST_CELL = 160


def rows() -> Iterator[tuple[str, Case]]:
    """The kind of each row, and its case."""
    for case in [*CASES, *FOREIGN]:
        yield "stream" if case.upstream.status == 200 else "refusal", case
    for name, status, words, code in MEANINGS:
        if name != "FilesNotRead":  # needs a file
            yield f"wording: {name}", Case(words, refused(status, words, code))


def refused(status: int | None, words: str, code: str | None) -> Scenario:
    """A refusal with a status, or as a record of a stream."""
    body = json.dumps({"error": {"message": words, "code": code}})
    return Scenario(status=status, body=body) if status else Scenario(body=f"data: {body}\n\n")


async def run(setup: ReplySetup, upstream: FakeUpstream, kind: str, case: Case) -> list[str]:
    """The cells of one row. Each has a model of its own: what a model refuses is remembered."""
    model = f"model of {kind}, {case.name}"
    upstream.reset()
    upstream.scenario = case.upstream
    conversation_id, answer = await setup.answer(QUESTION, provider=case.provider, model=model)
    asked = len(upstream.requests)
    upstream.reset()
    await setup.answer(NEXT, conversation_id, provider=case.provider, model=model)
    messages = upstream.requests[-1].body["messages"]
    sent = " / ".join(f"{each['role']}: {each['content']}" for each in messages if each["role"] != "system")
    return [kind, case.name, case.provider, read_by_a_person(answer), stored(answer), str(asked), sent]


def read_by_a_person(answer: StoredMessage) -> str:
    sentence = str(answer.fault.words) if answer.fault else ""
    return " · ".join(filter(None, (answer.content.strip(), sentence)))


def stored(answer: StoredMessage) -> str:
    parts = [answer.status, str(answer.finish_reason), f"{len(answer.content)} characters"]
    if answer.reasoning:
        parts.append(f"{len(answer.reasoning)} of reasoning")
    usage = answer.usage
    return ", ".join(parts) + f", tokens {usage.input_tokens}/{usage.output_tokens}{' est.' if usage.estimated else ''}"


def cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|")
    return flat if len(flat) <= LONGEST_CELL else f"{flat[:LONGEST_CELL]}…"


async def main() -> None:
    print("| kind | case | provider | a person reads | stored | requests | the next request holds |")
    print("|---|---|---|---|---|---|---|")
    with FakeUpstream() as upstream, tempfile.TemporaryDirectory() as folder:
        setup = ReplySetup(
            Settings.load(
                _env_file=None,
                compatible_base_url=upstream.openai_url,
                anthropic_api_key="sk-nobody",
                anthropic_base_url=upstream.anthropic_url,
                local_model="off",
                chatbot_data_dir=Path(folder),
                chatbot_messages_per_minute=0,
                chatbot_most_conversations=0,
            )
        )
        for kind, case in rows():
            print(f"| {' | '.join(map(cell, await run(setup, upstream, kind, case)))} |", flush=True)
        await setup.close()


if __name__ == "__main__":
    asyncio.run(main())
