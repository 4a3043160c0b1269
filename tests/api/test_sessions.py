"""Sessions of the API: each sees only its own conversations, and can export and import them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.api_client import NO_CONVERSATION, Json, Visitor, asked, error_of
from tests.support.running import RunningApp

CALLS: list[tuple[str, str, Json]] = [
    ("GET", "", {}),
    ("PATCH", "", {"json": {"title": "Mine now"}}),
    ("DELETE", "", {}),
    ("GET", "/stream", {}),
    ("GET", "/stream", {"headers": {"Last-Event-ID": "3"}}),
    ("POST", "/stop", {}),
    ("GET", "/export", {}),
    ("GET", "/export?format=json", {}),
    ("GET", "/export?format=md", {}),
]
"""Every call on a conversation, by the part of its path after the id."""


@pytest.fixture
def other(api_app: RunningApp) -> Iterator[Visitor]:
    """Another session of the same app, with a conversation of its own."""
    with Visitor(api_app.url) as visitor:
        visitor.chat("I was here first")
        yield visitor


def shown_by(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a response shows, except its date."""
    return answer.status_code, answer.content, sorted(item for item in answer.headers.items() if item[0] != "date")


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize(("method", "rest", "request_"), CALLS)
def test_another_sessions_conversation_looks_like_a_missing_one(
    method: str, rest: str, request_: Json, running: bool, visitor: Visitor, other: Visitor
) -> None:
    theirs = visitor.begin("Count.", model="pace:50x500") if running else visitor.chat()["conversation_id"]
    before = visitor.messages(theirs)[0]
    missing = other.call(method, f"/conversations/{NO_CONVERSATION}{rest}", **request_)
    foreign = other.call(method, f"/conversations/{theirs}{rest}", **request_)
    assert foreign.status_code == 404
    assert error_of(foreign)["code"] == "not_found"
    assert shown_by(foreign) == shown_by(missing)
    assert visitor.messages(theirs)[0] == before
    assert visitor.stop(theirs) == ("stopped" if running else "idle")


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
def test_a_session_cannot_continue_another_sessions_conversation(
    path: str, visitor: Visitor, other: Visitor, upstream: FakeUpstream
) -> None:
    theirs = visitor.begin("Count.", model="pace:50x500")
    answers = [
        other.call("POST", path, json={"message": "Hello", "conversation_id": conversation})
        for conversation in (theirs, NO_CONVERSATION, "", "../secret", "x" * 200)
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert len({str(shown_by(answer)) for answer in answers}) == 1
    assert "Hello" not in str(asked(upstream))
    assert len(visitor.messages(theirs)) == 2


def test_the_list_holds_only_the_sessions_own_conversations(visitor: Visitor, other: Visitor) -> None:
    mine = visitor.chat("Mine")["conversation_id"]
    assert [each["conversation_id"] for each in visitor.get("/conversations")["conversations"]] == [mine]
    assert [each["title"] for each in other.get("/conversations")["conversations"]] == ["I was here first"]


@pytest.mark.parametrize("path", ["a/b", "a%2Fb", "..%2Fsecret", "a/b/c", f"{NO_CONVERSATION}/nothing"])
def test_an_unknown_path_is_404_in_the_error_envelope(path: str, visitor: Visitor) -> None:
    visitor.chat()
    answer = visitor.call("GET", f"/conversations/{path}")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"


def test_deleting_a_session_deletes_all_and_only_its_data(
    visitor: Visitor, other: Visitor, api_app: RunningApp, upstream: FakeUpstream
) -> None:
    finished = visitor.chat("Remember me")["conversation_id"]
    running = visitor.begin("Count.", model="pace:50x5000")
    files = [*api_app.data.glob(f"sessions/{visitor.token.partition('.')[0]}*")]
    assert len(files) == 1
    answer = visitor.call("DELETE", "/session")
    assert (answer.status_code, answer.json()) == (200, {"status": "deleted"})
    assert visitor.get("/conversations") == {"conversations": []}
    assert {visitor.call("GET", f"/conversations/{each}").status_code for each in (finished, running)} == {404}
    assert not any(path.exists() for path in files)
    assert upstream.open_streams == 0
    assert len(other.get("/conversations")["conversations"]) == 1
    assert visitor.call("DELETE", "/session").json() == {"status": "deleted"}
    visitor.chat("A new beginning")
    assert len(visitor.get("/conversations")["conversations"]) == 1


def full_conversation(visitor: Visitor, upstream: FakeUpstream) -> str:
    """Creates a conversation with reasoning, failed, cut-off and stopped answers, and Unicode text."""
    upstream.queue(
        Scenario(reasoning=("Let me", " think."), reply="Yes: “naïve” 🙂\u2028\n\n```python\nif x:\n\tpass\n```"),
        FAULTS["rate_limit_3600"],
        FAULTS["cut"],
    )
    conversation = str(visitor.chat("Is it?\nReally?", provider="anthropic")["conversation_id"])
    for _ in range(2):
        visitor.stream("Again", conversation_id=conversation)
    visitor.begin("Count.", conversation_id=conversation, model="pace:100x5000")
    visitor.stop(conversation)
    return conversation


def without_ids(conversation: Json) -> Json:
    messages = [
        {name: message[name] for name in message if name not in ("message_id", "parent_id")}
        for message in conversation["messages"]
    ]
    return {name: conversation[name] for name in ("title", "created_at", "updated_at")} | {"messages": messages}


def test_export_and_import_preserve_a_conversation(visitor: Visitor, other: Visitor, upstream: FakeUpstream) -> None:
    conversation = full_conversation(visitor, upstream)
    visitor.call("PATCH", f"/conversations/{conversation}", json={"title": "Ünïcode\u2028"})
    answer = visitor.call("GET", f"/conversations/{conversation}/export")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%9Cn%C3%AFcode.json"
    assert visitor.token not in answer.text
    assert visitor.call("GET", f"/conversations/{conversation}/export?format=json").content == answer.content

    imported = other.call(
        "POST", "/conversations/import", content=answer.content, headers={"Content-Type": "application/json"}
    )
    assert imported.status_code == 201
    summary = next(each for each in other.get("/conversations")["conversations"] if each["message_count"] == 8)
    assert imported.json() == summary
    assert summary["conversation_id"] != conversation
    there, here = (
        other.get(f"/conversations/{summary['conversation_id']}"),
        visitor.get(f"/conversations/{conversation}"),
    )
    assert without_ids(there) == without_ids(here)
    assert [message["status"] for message in there["messages"][1::2]] == [
        *("complete", "failed", "interrupted", "interrupted")
    ]
    assert not {each["message_id"] for each in there["messages"]} & {each["message_id"] for each in here["messages"]}

    again = other.call("GET", f"/conversations/{summary['conversation_id']}/export")
    assert [without_ids(json.loads(each.content)) for each in (again, answer)] == [
        without_ids(json.loads(answer.content))
    ] * 2
    reply = other.chat("Go on", conversation_id=summary["conversation_id"], provider="anthropic")
    assert reply["response"].endswith("Go on")  # behind "Count.", if it was stopped before its first word


def file_with(**changes: Any) -> Json:
    """An exported file with changes; those in `message` apply to its only message, `...` removes a field."""
    message = {"message_id": "a", "role": "user", "content": "Hello", "created_at": "2026-01-31T12:00:00.000+00:00"}
    file = {
        "format": "chatbot-conversation",
        "version": 1,
        "title": "A title",
        "created_at": "2026-01-31T12:00:00.000+00:00",
        "updated_at": "2026-01-31T12:00:00.000+00:00",
        "messages": [message | changes.pop("message", {})],
    }
    return {name: value for name, value in (file | changes).items() if value is not ...}


def test_a_valid_file_is_imported(visitor: Visitor) -> None:
    visitor.chat()
    file = file_with(later_field=1, message={"later_field": 2})
    assert visitor.call("POST", "/conversations/import", json=file).json()["title"] == "A title"


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ({}, "format"),
        ([], "body"),
        ("text", "body"),
        ({"conversations": []}, "format"),
        (file_with(format="another-app"), "format"),
        (file_with(format=...), "format"),
        (file_with(version=3), "version"),
        (file_with(title="x" * 201), "title"),
        (file_with(title="\ud83d"), "title"),
        (file_with(messages=...), "messages"),
        (file_with(messages={"0": {}}), "messages"),
        (file_with(created_at="yesterday"), "body"),
        (file_with(created_at="2026-01-31"), "body"),
        (file_with(updated_at="0001-01-01T00:00:00.000+23:59"), "body"),
        (file_with(updated_at="2026-02-30T00:00:00.000+00:00"), "body"),
        (file_with(message={"role": "system"}), "messages.0.role"),
        (file_with(message={"content": None}), "messages.0.content"),
        (file_with(message={"content": "\ude00"}), "body"),
        (file_with(message={"model": "\ude00"}), "body"),
        (file_with(message={"fault": {"code": "a", "text": {"key": "\ude00"}}}), "body"),
        (file_with(message={"content": " "}), "body"),
        (file_with(message={"status": "great"}), "messages.0.status"),
        (file_with(message={"created_at": "12:00"}), "body"),
        (file_with(message={"usage": {"input_tokens": 10**30}}), "body"),
        (file_with(message={"usage": {"input_tokens": 0.5}}), "messages.0.usage.input_tokens"),
        (file_with(message={"timing": {"first_token_ms": None, "total_ms": 2**64}}), "body"),
        (
            file_with(message={"fault": {"code": "a", "message": "b", "retry_after": float("nan")}}),
            "messages.0.fault.retry_after",
        ),
    ],
)
def test_an_invalid_file_is_422_and_changes_nothing(file: Any, field: str, visitor: Visitor) -> None:
    conversation = visitor.chat()["conversation_id"]
    before = visitor.get("/conversations"), visitor.messages(conversation)
    headers = {"Content-Type": "application/json"}
    answer = visitor.call("POST", "/conversations/import", content=json.dumps(file), headers=headers)
    assert answer.status_code == 422
    assert error_of(answer)["code"] == "invalid"
    assert error_of(answer)["message"].startswith(f"{field}: ")
    assert (visitor.get("/conversations"), visitor.messages(conversation)) == before


def test_a_conversation_can_be_exported_as_markdown(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="**Yes**, 🙂"), FAULTS["wrong_key"])
    conversation = visitor.chat("Is it?", model="gpt-4.1")["conversation_id"]
    visitor.stream("Again", conversation_id=conversation, model="gpt-4.1")
    visitor.call("PATCH", f"/conversations/{conversation}", json={"title": "Two\nlines"})
    answer = visitor.call("GET", f"/conversations/{conversation}/export?format=md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Two%20lines.md"
    assert answer.content.decode() == (
        "# Two lines\n\n**You**\n\nIs it?\n\n**gpt-4.1**\n\n**Yes**, 🙂\n\n"
        "**You**\n\nAgain\n\n**gpt-4.1**\n\n(no answer)\n"
    )
