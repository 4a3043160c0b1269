"""Attachments through the API: sent, uploaded, downloaded, and only by their session."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import NO_CONVERSATION, Visitor, asked, error_of
from tests.support.documents import paragraph, word
from tests.support.running import RunningApp, two_providers
from tests.support.sample_files import pdf, picture, picture_bomb, prepared

Json = dict[str, Any]


@pytest.fixture
def member(visitor: Visitor) -> Visitor:
    """A visitor with a session."""
    visitor.token = visitor.call("POST", "/session").json()["token"]
    return visitor


def inline(name: str, content: bytes, media_type: str = "application/octet-stream") -> Json:
    return {"name": name, "media_type": media_type, "data": b64encode(content).decode()}


def upload(visitor: Visitor, name: str, content: bytes) -> httpx.Response:
    return visitor.call("POST", "/attachments", params={"name": name}, content=content)


def attachments_of(visitor: Visitor, conversation_id: str) -> list[Json]:
    return list(visitor.messages(conversation_id)[0]["attachments"])


@pytest.mark.parametrize("sent_as", ["inline", "uploaded"])
def test_an_attachment_is_sent_and_can_be_downloaded(member: Visitor, upstream: FakeUpstream, sent_as: str) -> None:
    content = picture("JPEG", (3000, 20))
    given = inline("wide.jpg", content)
    if sent_as == "uploaded":
        given = {"attachment_id": upload(member, "wide.jpg", content).json()["attachment_id"]}
    answer = member.chat("What is it?", attachments=[given])
    (stored,) = attachments_of(member, answer["conversation_id"])
    assert {
        "name": "wide.jpg",
        "media_type": "image/jpeg",
        "width": 2000,
        "height": 13,
        "pages": 0,
    }.items() <= stored.items()
    file = member.call("GET", stored["url"])
    assert (file.status_code, len(file.content)) == (200, stored["size"])
    assert file.headers["content-type"] == "image/jpeg"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''wide.jpg"
    assert file.headers["x-content-type-options"] == "nosniff"
    sent = asked(upstream)[-1].body["messages"][-1]["content"]
    assert sent[0]["image_url"]["url"] == f"data:image/jpeg;base64,{b64encode(file.content).decode()}"


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
def test_both_chat_calls_take_attachments_and_start_a_session(
    visitor: Visitor, upstream: FakeUpstream, path: str
) -> None:
    body = {"message": "Read", "attachments": [inline("a.csv", b"a,b\n1,2\n", "text/csv")]}
    assert visitor.call("POST", path, json=body).status_code == 200
    assert asked(upstream)[-1].body["messages"][-1]["content"] == "a.csv:\n```csv\na,b\n1,2\n```\n\nRead"


def test_a_document_is_sent_as_its_text_and_saved_under_a_name_that_says_so(
    member: Visitor, upstream: FakeUpstream
) -> None:
    given = upload(member, "letter.docx", word(paragraph("The meeting is on Tuesday."))).json()
    assert (given["name"], given["media_type"]) == ("letter.docx", "text/plain")
    answer = member.chat("When?", attachments=[{"attachment_id": given["attachment_id"]}])
    sent = asked(upstream)[-1].body["messages"][-1]["content"]
    assert "letter.docx:\n```\nThe meeting is on Tuesday.\n```" in sent
    (stored,) = attachments_of(member, answer["conversation_id"])
    saved = member.call("GET", stored["url"])
    assert saved.headers["content-disposition"].endswith("letter.docx.md")
    assert saved.text == "The meeting is on Tuesday.\n"


def test_an_upload_returns_a_description_of_the_file(member: Visitor) -> None:
    attachment_id = prepared("a.pdf").attachment.attachment_id
    response = upload(member, "report.pdf", pdf("Pears", "Plums"))
    assert response.status_code == 201
    assert response.json() == {
        "attachment_id": attachment_id,
        "name": "report.pdf",
        "media_type": "application/pdf",
        "size": len(pdf("Pears", "Plums")),
        "width": 0,
        "height": 0,
        "pages": 2,
        "text_size": 12,
    }


def test_any_text_is_downloaded_as_plain_text(member: Visitor) -> None:
    answer = member.chat("Read", attachments=[inline("page.html", b"<script>alert(1)</script>", "text/html")])
    file = member.call("GET", attachments_of(member, answer["conversation_id"])[0]["url"])
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment")


def test_another_session_can_neither_download_nor_send_a_file(member: Visitor, api_app: RunningApp) -> None:
    attachment_id = upload(member, "a.png", picture()).json()["attachment_id"]
    answer = member.chat("Look", attachments=[{"attachment_id": attachment_id}])
    url = attachments_of(member, answer["conversation_id"])[0]["url"]
    pending = upload(member, "a.csv", b"a,b\n").json()["attachment_id"]
    assert httpx.get(f"{api_app.url}{url}").status_code == 401
    assert httpx.get(f"{api_app.url}{url}?token={member.token}").status_code == 401
    with Visitor(api_app.url) as stranger:
        own = stranger.chat("Hello")["conversation_id"]
        missing = stranger.call("GET", f"/conversations/{NO_CONVERSATION}/attachments/{attachment_id}")
        for path in (
            url,
            f"/conversations/{own}/attachments/{attachment_id}",
            f"/conversations/{own}/attachments/{pending}",
        ):
            refused = stranger.call("GET", path)
            assert refused.status_code == missing.status_code == 404
            assert error_of(refused)["code"] == "not_found"
        assert stranger.call("GET", url).json() == missing.json()
        body = {"message": "Mine now", "attachments": [{"attachment_id": pending}]}
        assert error_of(stranger.call("POST", "/chat", json=body))["code"] == "not_found"


@pytest.mark.parametrize("path", ["../../../secret", "..%2F..%2F..%2Fsecret", "%00", "_uploads", "draft", "x" * 64])
def test_no_guessed_path_returns_a_file(member: Visitor, path: str) -> None:
    answer = member.chat("Look", attachments=[inline("a.csv", b"a,b\n")])
    refused = member.call("GET", f"/conversations/{answer['conversation_id']}/attachments/{path}")
    assert refused.status_code == 404


def test_a_file_is_deleted_with_its_conversation_or_session(member: Visitor, api_app: RunningApp) -> None:
    answer = member.chat("Look", attachments=[inline("a.png", picture())])
    url = attachments_of(member, answer["conversation_id"])[0]["url"]
    session = api_app.data / "sessions" / member.token.partition(".")[0]
    assert (
        len(list((session / "files").rglob("*.*")) + list((session / "files" / answer["conversation_id"]).iterdir()))
        == 1
    )
    member.call("DELETE", f"/conversations/{answer['conversation_id']}")
    assert member.call("GET", url).status_code == 404
    assert [each for each in (session / "files").rglob("*") if each.is_file()] == []
    upload(member, "a.png", picture())
    member.call("DELETE", "/session")
    assert not session.exists()


@pytest.mark.parametrize(
    ("attachments", "status", "code"),
    [
        ([{"name": "a", "media_type": "text/plain", "data": "no base64!"}], 422, "invalid"),
        ([{"name": "a", "data": "SGVsbG8="}], 422, "invalid"),
        ([{"attachment_id": "0" * 64}], 404, "not_found"),
        ([{"attachment_id": "../x"}], 404, "not_found"),
        ([inline("a.png", picture_bomb())], 422, "invalid_attachment"),
        ([inline("a.zip", b"PK\x03\x04\0\0")], 422, "invalid_attachment"),
        ([inline(f"{number}.txt", b"%d" % number) for number in range(11)], 422, "invalid"),
        ([inline("a.txt", b"a" * 1_000_000)], 413, "too_large"),
        ("a", 422, "invalid"),
    ],
)
def test_invalid_attachments_are_refused_and_nothing_is_stored(
    member: Visitor, upstream: FakeUpstream, attachments: Any, status: int, code: str
) -> None:
    refused = member.call("POST", "/chat", json={"message": "Look", "attachments": attachments})
    assert (refused.status_code, error_of(refused)["code"]) == (status, code)
    assert asked(upstream) == []
    assert member.get("/conversations")["conversations"] == []


def test_an_image_for_a_text_model_is_refused_before_sending(member: Visitor, upstream: FakeUpstream) -> None:
    body = {"message": "Look", "model": "gpt-3.5-turbo", "attachments": [inline("a.png", picture())]}
    refused = member.call("POST", "/chat", json=body)
    assert refused.status_code == 422
    assert error_of(refused)["message"].startswith("gpt-3.5-turbo does not read pictures, and so not “a.png”.")
    assert asked(upstream) == []


def test_an_attachment_without_text_is_refused(member: Visitor) -> None:
    body = {"message": "", "attachments": [inline("a.png", picture())]}
    assert member.call("POST", "/chat", json=body).status_code == 422


@pytest.mark.parametrize("path", ["json", "zip"])
def test_an_import_may_exceed_the_usual_body_limit(
    member: Visitor, api_app: RunningApp, upstream: FakeUpstream, path: str
) -> None:
    upstream.scenario = Scenario(reply="So many.")
    noise = b"".join(b"%d\n" % (number * 7919) for number in range(150_000))  # 1.4 MB
    attachment_id = upload(member, "numbers.txt", noise).json()["attachment_id"]
    answer = member.chat("Count", attachments=[{"attachment_id": attachment_id}])
    address = f"/conversations/{answer['conversation_id']}/export" if path == "json" else "/session/export"
    exported = member.call("GET", address).content
    with Visitor(api_app.url) as other:
        other.token = other.call("POST", "/session").json()["token"]
        taken = other.call("POST", "/session/import", content=exported)
        assert taken.status_code == 201
        (conversation,) = taken.json()["conversations"]
        file = other.call("GET", attachments_of(other, conversation["conversation_id"])[0]["url"])
        assert file.content == noise


@pytest.fixture
def limited_visitor(upstream: FakeUpstream, tmp_path: Path) -> Iterator[Visitor]:
    """A visitor of an app with small limits."""
    limits = {"CHATBOT_MAX_FILE_MB": "0.01", "CHATBOT_MAX_FILES": "1", "CHATBOT_MAX_SESSION_MB": "0.015"}
    minute = {"CHATBOT_MESSAGES_PER_MINUTE": "4"}
    with RunningApp(tmp_path, two_providers(upstream) | limits | minute) as app, Visitor(app.url) as visitor:
        visitor.token = visitor.call("POST", "/session").json()["token"]
        yield visitor


def test_every_limit_can_be_set(limited_visitor: Visitor) -> None:
    large = upload(limited_visitor, "a.txt", b"a" * 10_001)
    assert large.status_code == 413
    assert error_of(large)["code"] == "too_large"
    assert error_of(large)["message"] == "This file is larger than the 0.01 MB that are allowed here."
    first, second = (upload(limited_visitor, "a.txt", each * 8_000) for each in (b"a", b"b"))
    assert first.status_code == 201
    assert (second.status_code, error_of(second)["code"]) == (413, "too_large")
    assert "0.015 MB" in error_of(second)["message"]
    two = [inline("a.txt", b"a"), inline("b.txt", b"b")]
    many = limited_visitor.call("POST", "/chat", json={"message": "Look", "attachments": two})
    assert error_of(many)["message"] == "These are 2 files; 1 is the most that can come with a message."
    frequent = upload(limited_visitor, "a.txt", b"a")
    assert (frequent.status_code, error_of(frequent)["code"]) == (429, "rate_limited")
    assert int(frequent.headers["retry-after"]) > 0
