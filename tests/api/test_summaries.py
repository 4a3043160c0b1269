"""Summaries over the API: what a model no longer sees goes along in short, over untouched messages."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from chatbot.replies.summarizing import INSTRUCTION
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Json, Visitor, error_of
from tests.support.reply_setup import until

FACT = "My boat is called Heron."
SHORT = "The visitor's boat is called Heron."


@pytest.fixture
def long_chat(visitor: Visitor) -> str:
    """A conversation of four turns of which the model sees the last four messages."""
    conversation_id = str(visitor.chat(FACT, history_limit=4)["conversation_id"])
    for number in range(3):
        say(visitor, conversation_id, f"Message {number}")
    return conversation_id


def has_come(upstream: FakeUpstream, count: int) -> bool:
    return len(upstream.requests) >= count


def say(visitor: Visitor, conversation_id: str, text: str) -> Json:
    return visitor.chat(text, conversation_id=conversation_id, history_limit=4)


def summarize(visitor: Visitor, upstream: FakeUpstream, conversation_id: str, text: str = SHORT) -> Json:
    upstream.queue(Scenario(tokens=(text,)))
    response = visitor.call("POST", f"/conversations/{conversation_id}/summary")
    assert response.status_code == 201, response.text
    summary: Json = response.json()["summary"]
    return summary


def system_prompt(upstream: FakeUpstream) -> str:
    return str(upstream.requests[-1].body["messages"][0]["content"])


def test_a_summary_covers_what_is_not_sent_any_more(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    before = visitor.messages(long_chat)
    summary = summarize(visitor, upstream, long_chat)
    assert summary.keys() == {"message_id", "text", "covers", "created_at", "provider", "model", "usage", "cost"}
    assert (summary["text"], summary["covers"]) == (SHORT, 6)
    asked = upstream.requests[-1].body["messages"]
    assert FACT in asked[1]["content"]
    assert asked[-1]["content"].endswith(INSTRUCTION)
    assert visitor.messages(long_chat) == before
    assert visitor.get(f"/conversations/{long_chat}/summary")["summary"] == summary


def test_it_goes_along_with_each_message_and_in_the_account(
    visitor: Visitor, upstream: FakeUpstream, long_chat: str
) -> None:
    assert say(visitor, long_chat, "And now?")["memory"]["summary"] is False
    summarize(visitor, upstream, long_chat)
    answer = say(visitor, long_chat, "What is my boat called?")
    assert answer["memory"]["summary"] is True
    assert f'Summary of earlier messages:\n"{SHORT}"' in system_prompt(upstream)
    assert FACT not in str(upstream.requests[-1].body["messages"][1:])
    assert SHORT in visitor.messages(long_chat)[-1]["memory"]["text"]
    visitor.chat("In another conversation")
    assert SHORT not in str(upstream.requests[-1].body)


def test_the_next_one_goes_on_from_it(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    first = summarize(visitor, upstream, long_chat)
    say(visitor, long_chat, "One more")
    second = summarize(visitor, upstream, long_chat, "Heron, and two messages.")
    assert second["covers"] == first["covers"] + 2
    asked = upstream.requests[-1].body["messages"]
    assert SHORT in asked[0]["content"]
    assert FACT not in str(asked[1:])
    visitor.call("DELETE", f"/conversations/{long_chat}/summary")
    assert visitor.get(f"/conversations/{long_chat}/summary")["summary"] == first


def test_its_text_can_be_changed_and_it_can_be_undone(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    path = f"/conversations/{long_chat}/summary"
    summary = summarize(visitor, upstream, long_chat)
    changed = visitor.call("PATCH", path, json={"text": "Her boat: Heron."}).json()["summary"]
    assert changed == summary | {"text": "Her boat: Heron."}
    say(visitor, long_chat, "And now?")
    assert "Her boat: Heron." in system_prompt(upstream)
    assert visitor.call("DELETE", path).json() == {"status": "deleted"}
    say(visitor, long_chat, "And now?")
    assert "Heron" not in system_prompt(upstream)
    assert "Heron." not in str(visitor.messages(long_chat)[-3]["memory"])
    assert visitor.call("DELETE", path).status_code == 404
    assert visitor.call("GET", path).status_code == 404


def test_it_is_exported_and_imported(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    summary = summarize(visitor, upstream, long_chat)
    file = visitor.call("GET", f"/conversations/{long_chat}/export").content
    headers = {"Content-Type": "application/json"}
    imported = visitor.call("POST", "/conversations/import", content=file, headers=headers).json()["conversation_id"]
    found = visitor.get(f"/conversations/{imported}/summary")["summary"]
    assert found | {"message_id": ""} == summary | {"message_id": ""}
    say(visitor, imported, "And now?")
    assert SHORT in system_prompt(upstream)


def test_nothing_new_to_summarize_is_said(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    summarize(visitor, upstream, long_chat)
    response = visitor.call("POST", f"/conversations/{long_chat}/summary")
    assert (response.status_code, error_of(response)["code"]) == (409, "not_possible")


def test_a_failed_summary_changes_nothing(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    summary = summarize(visitor, upstream, long_chat)
    say(visitor, long_chat, "One more")
    for scenario, code in (
        (Scenario(status=401), "provider_invalid_key"),
        (Scenario(tokens=("No",), finish_reason="content_filter"), "provider_content_filter"),
        (Scenario(tokens=(), finish_reason="length"), "provider_empty_answer"),
    ):
        upstream.queue(scenario)
        response = visitor.call("POST", f"/conversations/{long_chat}/summary")
        assert (response.status_code, error_of(response)["code"]) == (502, code)
    assert visitor.get(f"/conversations/{long_chat}/summary")["summary"] == summary


def test_what_the_model_was_not_sent_is_not_covered(visitor: Visitor, upstream: FakeUpstream) -> None:
    conversation_id = str(visitor.chat("My cat0 is called Tok0", model="m", history_limit=4)["conversation_id"])
    for number in range(1, 20):
        say(visitor, conversation_id, f"My cat{number} is called Tok{number}")
    upstream.queue(*[Scenario(context_tokens=200, tokens=("Cats.",))] * 9)
    summary = visitor.call("POST", f"/conversations/{conversation_id}/summary").json()["summary"]
    sent = str(upstream.requests[-1].body["messages"])
    covered = visitor.messages(conversation_id)[: summary["covers"]]
    assert 0 < len(covered) < 36
    assert all(each["content"] in sent for each in covered)


def test_a_summary_that_is_cut_is_refused(visitor: Visitor, upstream: FakeUpstream, long_chat: str) -> None:
    upstream.queue(Scenario(tokens=("Half a summ",), finish_reason="length"))
    refused = visitor.call("POST", f"/conversations/{long_chat}/summary")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "not_possible")
    assert visitor.call("GET", f"/conversations/{long_chat}/summary").status_code == 404


def test_what_was_undone_or_changed_meanwhile_is_not_brought_back(
    visitor: Visitor, upstream: FakeUpstream, long_chat: str
) -> None:
    path = f"/conversations/{long_chat}/summary"
    for method, body in (("PATCH", {"text": "Changed"}), ("DELETE", None)):
        summarize(visitor, upstream, long_chat)
        say(visitor, long_chat, "One more")
        upstream.queue(Scenario(tokens=("From the old one",), first_token_after=1))
        asked = len(upstream.requests)
        with ThreadPoolExecutor() as pool:
            making = pool.submit(visitor.call, "POST", path)
            asyncio.run(until(partial(has_come, upstream, asked + 1)))
            visitor.call(method, path, json=body)
            assert making.result().status_code == 404
        assert visitor.get(path)["summary"]["text"] == "Changed"
        say(visitor, long_chat, "And another")
