"""Sixty turns with a window of ten: what was said first reaches the model in the last through summaries."""

import pytest

from tests.api.test_memory import system_prompt
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Json, Visitor
from tests.support.reply_setup import until

THINGS = ("boat", "cat", "dog", "horse", "town", "street", "school", "river", "garden", "bakery")
FACTS = [f"My {thing} is called N{number}ame" for number, thing in enumerate(THINGS)]
FILTERED = "My bank is called Filtered"


def say(visitor: Visitor, conversation_id: str, text: str) -> Json:
    return visitor.chat(text, conversation_id=conversation_id, history_limit=20)


@pytest.mark.tier2
async def test_facts_of_the_first_turns_are_in_the_sixtieth_request_and_nothing_excluded(
    visitor: Visitor, upstream: FakeUpstream
) -> None:
    conversation_id = str(visitor.chat(FACTS[0], history_limit=20)["conversation_id"])
    visitor.call("PATCH", f"/conversations/{conversation_id}", json={"summarized": True})
    path = f"/conversations/{conversation_id}/summary"
    for fact in FACTS[1:]:
        say(visitor, conversation_id, fact)
    await until(lambda: _covers(visitor, path) == 2)
    upstream.queue(Scenario(tokens=("No",), finish_reason="content_filter"))
    say(visitor, conversation_id, FILTERED)
    for number in range(12, 60):
        say(visitor, conversation_id, f"Message {number}")
        await until(lambda: _covers(visitor, path) >= len(visitor.messages(conversation_id)) - 20)
    answer = say(visitor, conversation_id, "What are they called?")
    sent = upstream.requests[-1].body["messages"]
    assert [fact for fact in FACTS if fact not in system_prompt(upstream)] == []
    assert not any(fact in str(sent[1:]) for fact in FACTS), "they are long out of the window"
    assert sum(FILTERED in str(each.body) for each in upstream.requests) == 1, "the filter refused it"
    assert answer["memory"]["summary"] is True


def _covers(visitor: Visitor, path: str) -> int:
    response = visitor.call("GET", path)
    return int(response.json()["summary"]["covers"]) if response.status_code == 200 else 0
