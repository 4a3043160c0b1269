"""Notes over the API: made, listed, changed, deleted, and nobody else's."""

import pytest

from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import NO_CONVERSATION, Json, Visitor, asked, error_of
from tests.support.running import RunningApp


def notes(visitor: Visitor) -> list[Json]:
    return list(visitor.get("/notes")["notes"])


def create(visitor: Visitor, text: str, **fields: object) -> Json:
    response = visitor.call("POST", "/notes", json={"text": text, **fields})
    assert response.status_code == 201, response.text
    return dict(response.json())


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    """A visitor with a session and nothing in it."""
    visitor.token = visitor.call("POST", "/session").json()["token"]
    return visitor


def test_a_note_is_made_listed_changed_and_deleted(owner: Visitor) -> None:
    note = create(owner, "  My dentist is\nDr. Example. ")
    assert note.keys() == {"note_id", "text", "pinned", "created_at", "last_used_at", "source"}
    assert (note["text"], note["pinned"], note["last_used_at"]) == ("My dentist is Dr. Example.", False, None)
    assert notes(owner) == [note]
    changed = owner.call(
        "PATCH", f"/notes/{note['note_id']}", json={"text": "My dentist is Dr. Other.", "pinned": True}
    )
    assert (changed.status_code, changed.json()) == (200, note | {"text": "My dentist is Dr. Other.", "pinned": True})
    assert notes(owner) == [changed.json()]
    deleted = owner.call("DELETE", f"/notes/{note['note_id']}")
    assert (deleted.status_code, deleted.json()) == (200, {"status": "deleted"})
    assert notes(owner) == []


def test_pinned_notes_come_first_then_the_newest(owner: Visitor) -> None:
    for text, pinned in (("one", True), ("two", False), ("three", True), ("four", False)):
        create(owner, text, pinned=pinned)
    assert [each["text"] for each in notes(owner)] == ["three", "one", "four", "two"]


def test_a_note_keeps_its_source_until_the_conversation_is_deleted(owner: Visitor) -> None:
    answer = owner.chat("The boat is green.")
    source = {"conversation_id": answer["conversation_id"], "message_id": answer["message_id"]}
    assert create(owner, "Boat: green", source=source)["source"] == source
    assert create(owner, "Boat", source=source | {"message_id": None})["source"] == source | {"message_id": None}
    owner.call("DELETE", f"/conversations/{answer['conversation_id']}")
    assert [(each["text"], each["source"]) for each in notes(owner)] == [("Boat", None), ("Boat: green", None)]


def test_a_source_that_is_not_there_is_404(owner: Visitor) -> None:
    answer = owner.chat("Hello")
    for conversation_id, message_id in ((NO_CONVERSATION, None), (answer["conversation_id"], NO_CONVERSATION)):
        source = {"conversation_id": conversation_id, "message_id": message_id}
        response = owner.call("POST", "/notes", json={"text": "a", "source": source})
        assert (response.status_code, error_of(response)["code"]) == (404, "not_found")
    assert notes(owner) == []


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": " \n"}, {"text": "a" * 301}, {"text": 1}, {"words": "a"}])
def test_an_impossible_note_is_422(owner: Visitor, body: Json) -> None:
    response = owner.call("POST", "/notes", json=body)
    assert (response.status_code, error_of(response)["code"]) == (422, "invalid")
    assert notes(owner) == []


def test_a_note_of_another_session_is_404_as_one_that_never_was(owner: Visitor, api_app: RunningApp) -> None:
    note = create(owner, "mine")
    with Visitor(api_app.url) as other:
        other.token = other.call("POST", "/session").json()["token"]
        assert notes(other) == []
        for note_id in (note["note_id"], NO_CONVERSATION):
            answers = [
                other.call("PATCH", f"/notes/{note_id}", json={"pinned": True}),
                other.call("DELETE", f"/notes/{note_id}"),
            ]
            assert [(each.status_code, error_of(each)["message"]) for each in answers] == [
                (404, "There is no such note.")
            ] * 2
    assert notes(owner) == [note]


def test_notes_need_a_token(visitor: Visitor) -> None:
    for method, path in (("GET", "/notes"), ("POST", "/notes"), ("GET", "/session"), ("PATCH", "/session")):
        assert visitor.call(method, path, json={}).status_code == 401


def test_the_switches_start_with_notes_and_without_recall_and_stay_as_set(owner: Visitor) -> None:
    assert owner.get("/session") == {"memory": True, "recall": False}
    for change, expected in (
        ({"recall": True}, {"memory": True, "recall": True}),
        ({"memory": False}, {"memory": False, "recall": True}),
        ({}, {"memory": False, "recall": True}),
        ({"memory": True, "recall": False}, {"memory": True, "recall": False}),
    ):
        assert owner.call("PATCH", "/session", json=change).json() == expected
        assert owner.get("/session") == expected
    assert owner.call("PATCH", "/session", json={"recall": "yes"}).status_code == 422


def test_a_conversation_says_what_memory_does_with_it(owner: Visitor) -> None:
    path = f"/conversations/{owner.chat('Hello')['conversation_id']}"
    usual = owner.call("PATCH", path, json={}).json()
    assert not {"memory", "excluded", "temporary"} & usual.keys()
    changed = owner.call("PATCH", path, json={"title": "Greeting", "memory": False, "excluded": True}).json()
    assert changed == usual | {"title": "Greeting", "memory": False, "excluded": True}
    assert owner.get("/conversations")["conversations"] == [changed]
    assert owner.call("PATCH", path, json={"memory": True}).json() == changed | {"memory": True}


def test_notes_are_exported_and_imported_as_a_markdown_list(owner: Visitor) -> None:
    create(owner, "I live in Oslo.")
    create(owner, "Short answers, please.", pinned=True)
    exported = owner.call("GET", "/notes/export")
    assert exported.text == "- 📌 Short answers, please.\n- I live in Oslo.\n"
    pasted = exported.text + "- I have two cats.\n"
    new = owner.call("POST", "/notes/import", json={"text": pasted})
    assert (new.status_code, [each["text"] for each in new.json()["notes"]]) == (201, ["I have two cats."])
    assert len(notes(owner)) == 3
    found = owner.call("POST", "/notes/candidates", json={"text": "# Memory\n* Likes tea"}).json()
    assert found == {"candidates": ["Likes tea"]}
    assert len(notes(owner)) == 3


def test_suggestions_are_one_call_that_says_its_price_and_stores_nothing(
    owner: Visitor, upstream: FakeUpstream
) -> None:
    answer = owner.chat("I live in Oslo and have two cats.")
    create(owner, "I live in Oslo.")
    upstream.queue(Scenario(reply="Facts:\n- I live in Oslo.\n- I have two cats.\n-\n"))
    body = {"conversation_id": answer["conversation_id"]}
    before, asked_before = owner.messages(answer["conversation_id"]), len(asked(upstream))
    found = owner.call("POST", "/notes/suggestions", json=body).json()
    assert found["suggestions"] == ["I have two cats."]
    assert found["usage"]["output_tokens"] > 0
    assert found.keys() == {"suggestions", "provider", "model", "usage", "cost"}
    assert len(asked(upstream)) == asked_before + 1
    assert owner.messages(answer["conversation_id"]) == before
    assert len(notes(owner)) == 1
    upstream.queue(Scenario(status=500))
    upstream.queue(Scenario(status=500))
    assert owner.call("POST", "/notes/suggestions", json=body).status_code in (502, 503)
    missing = owner.call("POST", "/notes/suggestions", json={"conversation_id": NO_CONVERSATION})
    assert (missing.status_code, error_of(missing)["code"]) == (404, "not_found")


def test_a_note_with_a_newer_one_about_the_same_says_so(owner: Visitor) -> None:
    older = create(owner, "My dentist is Dr. Old")
    create(owner, "I have two cats")
    newer = create(owner, "My dentist is Dr. New, in Oslo")
    named = {each["note_id"]: each.get("newer_note_id") for each in notes(owner)}
    assert {note_id: other for note_id, other in named.items() if other} == {older["note_id"]: newer["note_id"]}
