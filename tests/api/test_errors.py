"""What the API refuses: the status, the envelope, and that no model was called."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.fake_upstream import FakeUpstream
from tests.support.api_client import NO_CONVERSATION, Json, Visitor, asked, error_of, text_of
from tests.support.running import RunningApp

MISSING = f"/conversations/{NO_CONVERSATION}"
MIB = 1024 * 1024

WITH_BODY = [
    ("POST", "/chat"),
    ("POST", "/chat/stream"),
    ("PATCH", MISSING),
    ("POST", "/conversations/import"),
]


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
def test_a_conversation_with_a_running_answer_is_busy(path: str, visitor: Visitor, upstream: FakeUpstream) -> None:
    body = {"message": "Count.", "model": "pace:50x25"}
    with visitor.watching("POST", "/chat/stream", json=body) as answer:
        start = next(answer).data
        visitor.token = start["session_token"]
        second = visitor.call("POST", path, json={"message": "Me too", "conversation_id": start["conversation_id"]})
        assert second.status_code == 409
        assert error_of(second)["code"] == "busy"
        assert text_of(answer).endswith(" word25")
    assert len(visitor.messages(start["conversation_id"])) == 2
    assert len(asked(upstream)) == 1
    visitor.chat("Now", conversation_id=start["conversation_id"])


def in_chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 65_536] for start in range(0, len(body), 65_536))


@pytest.mark.parametrize("size", [MIB + 1, 8 * MIB])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_over_one_mebibyte_is_413(
    method: str, path: str, chunked: bool, size: int, visitor: Visitor, upstream: FakeUpstream
) -> None:
    visitor.token = visitor.call("POST", "/session").json()["token"]
    body = b'{"message": "Hello"}'.ljust(size)
    headers = {"Content-Type": "application/json"}
    answer = visitor.call(method, path, content=in_chunks(body) if chunked else body, headers=headers)
    assert ("transfer-encoding" in answer.request.headers) == chunked
    assert answer.status_code == 413
    assert error_of(answer) == {"code": "too_large", "message": "The body is larger than 1 MiB."}
    assert asked(upstream) == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_exactly_one_mebibyte_is_accepted(chunked: bool, visitor: Visitor) -> None:
    body = b'{"message": "Hello"}'.ljust(MIB)
    headers = {"Content-Type": "application/json"}
    answer = visitor.call("POST", "/chat", content=in_chunks(body) if chunked else body, headers=headers)
    assert answer.json()["response"] == "You said: Hello"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": ""}, "message"),
        ({"message": " \t\n\u3000"}, "message"),
        ({"message": "\x1c"}, "message"),
        ({"message": "x" * 10_001}, "message"),
        ({"message": 5}, "message"),
        ({"message": None}, "message"),
        ({"message": ["Hello"]}, "message"),
        ({}, "message"),
        ({"massage": "Hello", "message": "Hello"}, "massage"),
        ({"message": "Hello", "temperature": -0.1}, "temperature"),
        ({"message": "Hello", "temperature": 2.1}, "temperature"),
        ({"message": "Hello", "temperature": "1"}, "temperature"),
        ({"message": "Hello", "temperature": True}, "temperature"),
        ({"message": "Hello", "temperature": float("nan")}, "temperature"),
        ({"message": "Hello", "temperature": float("inf")}, "temperature"),
        ({"message": "Hello", "max_tokens": 0}, "max_tokens"),
        ({"message": "Hello", "max_tokens": 1.5}, "max_tokens"),
        ({"message": "Hello", "max_tokens": True}, "max_tokens"),
        ({"message": "Hello", "max_tokens": "5"}, "max_tokens"),
        ({"message": "Hello", "history_limit": 0}, "history_limit"),
        ({"message": "Hello", "history_limit": 1001}, "history_limit"),
        ({"message": "Hello", "provider": "skynet"}, "provider"),
        ({"message": "Hello", "model": ""}, "model"),
        ({"message": "Hello", "model": "x" * 201}, "model"),
        ({"message": "Hello", "system_prompt": "x" * 10_001}, "system_prompt"),
        ({"message": "Hello", "stream": "yes"}, "stream"),
        ({"message": "Hello", "stream": 1}, "stream"),
        ({"message": "Hello", "conversation_id": 7}, "conversation_id"),
        ([], "body"),
        ("Hello", "body"),
        (None, "body"),
    ],
)
@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
def test_an_invalid_body_is_422_and_names_the_field(
    path: str, body: Json, field: str, visitor: Visitor, upstream: FakeUpstream
) -> None:
    answer = visitor.call("POST", path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    error = error_of(answer)
    assert error["code"] == "invalid"
    assert error["message"].startswith(f"{field}: ")
    assert asked(upstream) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"message": "half an emoji: \\ud83d"}', "message"),
        (b'{"message": "Hello", "system_prompt": "\\ude00"}', "system_prompt"),
        (b'{"message": "Hello", "\\ud83d": 1}', "body"),
        (b'{"message": ', "body"),
        (b"", "body"),
        (b'{"message": "\xff"}', "body"),
        (b"[" * 100_000, "body"),
        (b'{"message": "Hello", "max_tokens": ' + b"9" * 5000 + b"}", "body"),
    ],
)
def test_invalid_json_or_unicode_is_422(body: bytes, field: str, visitor: Visitor) -> None:
    answer = visitor.call("POST", "/chat", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert error_of(answer)["message"].startswith(f"{field}: ")


def test_an_escaped_surrogate_pair_becomes_one_emoji(visitor: Visitor) -> None:
    body = b'{"message": "\\ud83d\\ude00"}'
    answer = visitor.call("POST", "/chat", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["response"] == "You said: 😀"


def test_a_body_without_the_json_content_type_is_422(visitor: Visitor, upstream: FakeUpstream) -> None:
    for kind in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        answer = visitor.call("POST", "/chat", content=b'{"message": "Hello"}', headers=kind)
        assert answer.status_code == 422
        assert error_of(answer)["message"] == "body: it needs the header Content-Type: application/json"
    assert asked(upstream) == []


@pytest.mark.parametrize(
    ("method", "path", "request_", "field"),
    [
        ("PATCH", "", {"json": {"title": ""}}, "title"),
        ("PATCH", "", {"json": {"title": "  "}}, "title"),
        ("PATCH", "", {"json": {"title": "x" * 201}}, "title"),
        ("PATCH", "", {"json": {"title": "New", "colour": "red"}}, "colour"),
        ("GET", "/export?format=pdf", {}, "format"),
        ("GET", "/stream", {"headers": {"Last-Event-ID": "-1"}}, "last-event-id"),
        ("GET", "/stream", {"headers": {"Last-Event-ID": "five"}}, "last-event-id"),
    ],
)
def test_other_calls_name_the_invalid_field_too(
    method: str, path: str, request_: Json, field: str, visitor: Visitor
) -> None:
    conversation = visitor.chat()["conversation_id"]
    before = visitor.get("/conversations")
    answer = visitor.call(method, f"/conversations/{conversation}{path}", **request_)
    assert answer.status_code == 422
    assert error_of(answer)["message"].startswith(f"{field}: ")
    assert visitor.get("/conversations") == before


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/health", {"GET"}),
        ("/session", {"GET", "POST", "PATCH", "DELETE"}),
        ("/chat", {"POST"}),
        ("/chat/stream", {"POST"}),
        ("/search", {"GET"}),
        ("/notes", {"GET", "POST"}),
        ("/notes/{id}", {"PATCH", "DELETE"}),
        ("/conversations", {"GET"}),
        ("/conversations/{id}", {"GET", "PATCH", "DELETE"}),
        ("/conversations/{id}/stop", {"POST"}),
        ("/conversations/{id}/stream", {"GET"}),
        ("/conversations/{id}/export", {"GET"}),
    ],
)
def test_an_unsupported_method_is_405_and_lists_the_allowed_ones(
    path: str, allowed: set[str], visitor: Visitor
) -> None:
    path = path.format(id=visitor.chat()["conversation_id"])
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
        answer = visitor.call(method, path)
        assert answer.status_code == 405, method
        assert error_of(answer)["code"] == "method_not_allowed"
        assert set(answer.headers["allow"].split(", ")) == allowed | ({"HEAD"} if "GET" in allowed else set())


@pytest.mark.parametrize(
    "path", ["/health", "/models", "/conversations/{id}", "/conversations/{id}/export", MISSING, "/docs"]
)
def test_head_equals_get_without_the_body(path: str, visitor: Visitor) -> None:
    path = path.format(id=visitor.chat()["conversation_id"])
    head, get = visitor.call("HEAD", path), visitor.call("GET", path)
    assert head.content == b""
    assert head.status_code == get.status_code
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert visitor.call("HEAD", "/chat").status_code == 405


def test_a_refusal_leaves_the_connection_usable(api_app: RunningApp, upstream: FakeUpstream) -> None:
    with httpx.Client(base_url=api_app.url) as client:
        for _ in range(3):
            assert client.post("/chat", json={"message": ""}).status_code == 422
            assert client.get("/conversations").status_code == 401
            assert client.get("/health").status_code == 200
