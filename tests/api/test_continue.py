"""POST /conversations/{id}/continue: the last answer goes on, in the same message."""

import pytest

from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor, error_of, text_of

CUT = Scenario(tokens=("The answer", " is forty"), finish_reason="length")
WHOLE = "The answer is forty-two."


@pytest.fixture
def cut(visitor: Visitor, upstream: FakeUpstream) -> str:
    """The conversation of an answer that was cut off; the next answer is its rest."""
    upstream.queue(CUT)
    conversation_id = visitor.chat("How much?", model="some-model", system_prompt="Count.")["conversation_id"]
    upstream.queue(Scenario(tokens=("-two", ".")))
    return str(conversation_id)


def test_the_events_are_those_of_the_whole_answer(visitor: Visitor, cut: str) -> None:
    before = visitor.messages(cut)[-1]
    with visitor.watching("POST", f"/conversations/{cut}/continue") as answer:
        start, *tokens, done = answer
    assert start.data["message_id"] == done.data["message_id"] == before["message_id"]
    assert text_of(tokens) == WHOLE
    assert int(tokens[-1].id or 0) == len(WHOLE)
    assert done.data["finish_reason"] == "stop"
    assert [(each["content"], each["status"]) for each in visitor.messages(cut)] == [
        ("How much?", "complete"),
        (WHOLE, "complete"),
    ]


def test_without_stream_the_whole_answer_comes_at_once(visitor: Visitor, cut: str, upstream: FakeUpstream) -> None:
    answer = visitor.call("POST", f"/conversations/{cut}/continue", json={"stream": False}).json()
    assert (answer["response"], answer["model"], answer["finish_reason"]) == (WHOLE, "some-model", "stop")
    assert upstream.requests[-1].body["messages"][0] == {"role": "system", "content": "Count."}


def test_another_provider_may_go_on(visitor: Visitor, cut: str) -> None:
    body = {"stream": False, "provider": "anthropic"}
    answer = visitor.call("POST", f"/conversations/{cut}/continue", json=body).json()
    assert (answer["response"], answer["provider"]) == (WHOLE, "anthropic")
    assert answer["model"] != "some-model"


def test_what_cannot_go_on_is_refused(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=("No",), finish_reason="content_filter"))
    refused = visitor.chat("How much?")["conversation_id"]
    missing = visitor.call("POST", "/conversations/nowhere/continue")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "not_found")
    response = visitor.call("POST", f"/conversations/{refused}/continue")
    assert (response.status_code, error_of(response)["code"]) == (409, "not_possible")
    assert visitor.call("POST", f"/conversations/{refused}/continue", json={"text": "x"}).status_code == 422


def test_a_running_answer_is_busy(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=2000, tokens_per_second=50))
    conversation_id = visitor.begin("Count")
    response = visitor.call("POST", f"/conversations/{conversation_id}/continue")
    assert (response.status_code, error_of(response)["code"]) == (409, "busy")
    visitor.stop(conversation_id)


def test_an_answer_without_a_question_does_not_go_on(visitor: Visitor, cut: str) -> None:
    file = visitor.get(f"/conversations/{cut}/export")
    answer = {name: value for name, value in file["messages"][-1].items() if name != "parent_id"}
    imported = visitor.call("POST", "/conversations/import", json=file | {"messages": [answer]}).json()
    refused = visitor.call("POST", f"/conversations/{imported['conversation_id']}/continue")
    assert (refused.status_code, error_of(refused)["code"]) == (404, "not_found")


def test_a_refused_rest_costs_nothing(visitor: Visitor, cut: str, upstream: FakeUpstream) -> None:
    before = visitor.messages(cut)[-1]
    upstream.reset()
    upstream.scenario = Scenario(status=401)
    assert visitor.call("POST", f"/conversations/{cut}/continue", json={"stream": False}).status_code == 502
    after = visitor.messages(cut)[-1]
    assert (after["content"], after["usage"]) == (before["content"], before["usage"])


def test_an_answer_that_was_to_be_without_notes_goes_on_without(visitor: Visitor, upstream: FakeUpstream) -> None:
    visitor.token = visitor.http.post("/session").json()["token"]
    visitor.call("POST", "/notes", json={"text": "My dentist is Dr. Secret.", "pinned": True})
    for memory in (False, True):
        upstream.queue(CUT, Scenario(tokens=("-two.",)))
        conversation_id = visitor.chat("Who is my dentist?", memory=memory)["conversation_id"]
        visitor.call("POST", f"/conversations/{conversation_id}/continue", json={"stream": False})
        assert ["Dr. Secret" in str(each.body) for each in upstream.requests[-2:]] == [memory, memory]
