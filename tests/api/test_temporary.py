"""Temporary chats: in memory only, on no disk, in no log, list, search, recall or export, until they are kept."""

import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.api.test_memory import NOTHING, owner
from tests.api.test_notes import create, notes
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, asked, error_of
from tests.support.running import RunningApp, two_providers

__all__ = ["owner"]

SECRET = "My locker code is GQ4711."


def files_with(directory: Path, text: str) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def logging_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that logs what is said."""
    environment = two_providers(upstream_server) | {"CHATBOT_LOG_TEXTS": "true", "CHATBOT_LOG_LEVEL": "debug"}
    with RunningApp(tmp_path_factory.mktemp("logging"), environment) as running:
        yield running


def test_a_temporary_chat_goes_on_and_leaves_nothing_behind(logging_app: RunningApp, upstream: FakeUpstream) -> None:
    with Visitor(logging_app.url) as visitor:
        kept = visitor.chat("An ordinary message.")
        visitor.call("PATCH", "/session", json={"recall": True})
        answer = visitor.chat(SECRET, temporary=True)
        again = visitor.chat("And now?", conversation_id=answer["conversation_id"])
        assert again["conversation_id"] == answer["conversation_id"]
        assert [each["content"] for each in visitor.messages(answer["conversation_id"])][::2] == [SECRET, "And now?"]
        assert SECRET in str(asked(upstream)[-1].body), "the chat itself goes on"
        listed = visitor.get("/conversations")["conversations"]
        assert [each["conversation_id"] for each in listed] == [kept["conversation_id"]]
        assert visitor.get("/search?q=GQ4711")["results"] == []
        assert visitor.chat("What is my locker code?")["memory"] == NOTHING
        content = visitor.call("GET", "/session/export").content
        assert not any(
            b"GQ4711" in ZipFile(BytesIO(content)).read(name) for name in ZipFile(BytesIO(content)).namelist()
        )
        export = visitor.call("GET", f"/conversations/{answer['conversation_id']}/export")
        assert (export.status_code, error_of(export)["code"]) == (404, "not_found")
        assert files_with(logging_app.data, "GQ4711") == files_with(logging_app.data, answer["conversation_id"]) == []
        assert files_with(logging_app.data, "An ordinary message.")
    assert "An ordinary message." in logging_app.log
    assert "GQ4711" not in logging_app.log
    assert answer["conversation_id"] not in logging_app.log


def test_a_kept_chat_is_a_conversation_like_any_other(api_app: RunningApp, owner: Visitor) -> None:
    answer = owner.chat(SECRET, temporary=True)
    path = f"/conversations/{answer['conversation_id']}"
    assert owner.call("PATCH", path, json={}).json()["temporary"] is True
    kept = owner.call("PATCH", path, json={"temporary": False})
    assert (kept.status_code, kept.json()["temporary"]) == (200, False)
    assert [each["conversation_id"] for each in owner.get("/conversations")["conversations"]] == [
        answer["conversation_id"]
    ]
    assert len(files_with(api_app.data, SECRET)) == 1
    assert owner.get("/search?q=locker")["results"]
    owner.chat("And now?", conversation_id=answer["conversation_id"])
    assert len(owner.messages(answer["conversation_id"])) == 4
    assert owner.call("PATCH", path, json={"temporary": False}).status_code == 200
    assert owner.call("PATCH", path, json={"temporary": True}).status_code == 422


def test_a_temporary_chat_takes_and_makes_no_notes_unless_it_is_asked_to_take_some(owner: Visitor) -> None:
    note = create(owner, "I live in Oslo.", pinned=True)
    assert owner.chat("Remember that I like tea.", temporary=True)["memory"] == NOTHING
    assert owner.chat("Hello", temporary=True, memory=True)["memory"]["notes"] == [note["note_id"]]
    assert notes(owner) == [note], "a note was made, or its use was noted"


def test_a_temporary_chat_takes_no_files(api_app: RunningApp, owner: Visitor) -> None:
    content = base64.b64encode(SECRET.encode()).decode()
    attachments = [{"name": "a.txt", "media_type": "text/plain", "data": content}]
    conversation_id = owner.chat("Hello", temporary=True)["conversation_id"]
    for fields in ({"temporary": True}, {"conversation_id": conversation_id}):
        response = owner.call("POST", "/chat", json={"message": "Look", "attachments": attachments, **fields})
        assert (response.status_code, error_of(response)["code"]) == (422, "invalid_attachment")
    assert files_with(api_app.data, "locker code is GQ4711.") == []


def test_a_stored_conversation_does_not_become_temporary(owner: Visitor) -> None:
    answer = owner.chat("Hello")
    body = {"message": "Hi", "conversation_id": answer["conversation_id"], "temporary": True}
    response = owner.call("POST", "/chat", json=body)
    assert (response.status_code, error_of(response)["code"]) == (409, "not_temporary")
    assert len(owner.messages(answer["conversation_id"])) == 2


def test_a_temporary_chat_is_the_sessions_own_and_ends_when_it_is_deleted(owner: Visitor, api_app: RunningApp) -> None:
    path = f"/conversations/{owner.chat(SECRET, temporary=True)['conversation_id']}"
    with Visitor(api_app.url) as other:
        other.token = other.call("POST", "/session").json()["token"]
        assert other.call("GET", path).status_code == 404
    assert owner.call("DELETE", path).status_code == 200
    assert owner.call("GET", path).status_code == 404
