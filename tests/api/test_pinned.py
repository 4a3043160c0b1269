"""Pinned messages over the API: set by PATCH, stored with the message, always sent and never summarised."""

import io
import json
import zipfile

from tests.api.test_summaries import FACT, SHORT, long_chat, say, summarize
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor, asked, error_of

__all__ = ["long_chat"]


def pin(visitor: Visitor, conversation_id: str, place: int, pinned: bool = True) -> None:
    message_id = visitor.messages(conversation_id)[place]["message_id"]
    path = f"/conversations/{conversation_id}/messages/{message_id}"
    response = visitor.call("PATCH", path, json={"pinned": pinned})
    assert response.status_code == 200, response.text
    assert (response.json()["message_id"], response.json()["pinned"]) == (message_id, pinned)


def sent_messages(upstream: FakeUpstream) -> list[str]:
    return [each["content"] for each in upstream.requests[-1].body["messages"]]


def test_a_pinned_message_is_sent_and_counted_whatever_falls_out(
    visitor: Visitor, upstream: FakeUpstream, long_chat: str
) -> None:
    pin(visitor, long_chat, 0)
    say(visitor, long_chat, "What is my boat called?")
    assert FACT in sent_messages(upstream)
    *_, answer = visitor.messages(long_chat)
    assert (answer["memory"]["messages_sent"], answer["memory"]["messages_in_all"]) == (5, 9)
    assert (answer["memory"]["messages_pinned"], answer["memory"]["pinned_left_out"]) == (2, 0)


def test_without_pins_a_request_is_the_same_byte_for_byte(
    visitor: Visitor, upstream: FakeUpstream, long_chat: str
) -> None:
    other = str(visitor.chat(FACT, history_limit=4)["conversation_id"])
    for number in range(3):
        say(visitor, other, f"Message {number}")
    pin(visitor, other, 0)
    pin(visitor, other, 0, pinned=False)
    pin(visitor, other, 7)  # it is sent anyway
    say(visitor, other, "And now?")
    say(visitor, long_chat, "And now?")
    unpinned, pinned = asked(upstream)[-1].body, asked(upstream)[-2].body
    assert json.dumps(unpinned) == json.dumps(pinned)


def test_a_pinned_message_is_never_summarised_until_it_is_unpinned(
    visitor: Visitor, upstream: FakeUpstream, long_chat: str
) -> None:
    pin(visitor, long_chat, 0)
    first = summarize(visitor, upstream, long_chat)
    assert first["covers"] == 4
    assert FACT not in str(upstream.requests[-1].body)
    nothing = visitor.call("POST", f"/conversations/{long_chat}/summary")
    assert error_of(nothing)["code"] == "not_possible"
    pin(visitor, long_chat, 0, pinned=False)
    second = summarize(visitor, upstream, long_chat)
    assert second["covers"] == 6
    assert FACT in str(upstream.requests[-1].body)
    assert SHORT in sent_messages(upstream)[0]


def test_exports_and_imports_keep_pins(visitor: Visitor, long_chat: str) -> None:
    pin(visitor, long_chat, 1)
    exported = visitor.get(f"/conversations/{long_chat}/export")
    assert [each["pinned"] for each in exported["messages"]][:3] == [False, True, False]
    imported = visitor.call("POST", "/conversations/import", json=exported).json()["conversation_id"]
    assert [each["pinned"] for each in visitor.messages(imported)][:3] == [False, True, False]
    del exported["messages"][1]["pinned"]
    older = visitor.call("POST", "/conversations/import", json=exported).json()["conversation_id"]
    assert not any(each["pinned"] for each in visitor.messages(older))
    archive = zipfile.ZipFile(io.BytesIO(visitor.call("GET", "/session/export").content))
    assert any(b'"pinned": true' in archive.read(name) for name in archive.namelist() if name.endswith(".json"))


def test_a_running_answer_stays_pinned_when_it_ends(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=("Slow",), first_token_after=1))
    conversation_id = visitor.begin("Tell me")
    pin(visitor, conversation_id, 1)
    assert visitor.messages(conversation_id)[-1]["pinned"]
    visitor.follow(conversation_id)
    *_, answer = visitor.messages(conversation_id)
    assert (answer["status"], answer["pinned"], answer["content"]) == ("complete", True, "Slow")


def test_only_messages_of_ones_own_conversation_are_pinned(visitor: Visitor, long_chat: str) -> None:
    path = f"/conversations/{long_chat}/messages"
    assert visitor.call("PATCH", f"{path}/unknown", json={"pinned": True}).status_code == 404
    message_id = visitor.messages(long_chat)[0]["message_id"]
    assert visitor.call("PATCH", f"{path}/{message_id}", json={"pinned": 1}).status_code == 422
