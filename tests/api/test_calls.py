"""The API's calls: what each returns on success."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from gradio_client import Client

import chatbot
from chatbot.types import PROVIDER_NAMES
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Json, Visitor, asked
from tests.support.running import RunningApp

ID = re.compile(r"[0-9a-f]{32}")


def is_recent(time: str) -> bool:
    moment = datetime.fromisoformat(time)
    return moment.utcoffset() == timedelta(0) and abs(datetime.now(UTC) - moment) < timedelta(seconds=60)


def test_health_reports_service_and_version_without_a_token(visitor: Visitor) -> None:
    assert visitor.get("/health") == {"status": "healthy", "service": "chatbot", "version": chatbot.__version__}


def test_each_new_session_has_its_own_token(visitor: Visitor) -> None:
    answers = [visitor.call("POST", "/session") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json().keys() for answer in answers] == [{"token"}, {"token"}]
    assert answers[0].json() != answers[1].json()
    for answer in answers:
        assert Visitor(visitor.url, answer.json()["token"]).get("/conversations") == {"conversations": []}


def test_models_lists_every_provider_and_the_default_without_a_token(visitor: Visitor) -> None:
    found = visitor.get("/models")
    assert found.keys() == {"providers", "default"}
    assert [provider["name"] for provider in found["providers"]] == list(PROVIDER_NAMES)
    assert {provider["name"] for provider in found["providers"] if provider["available"]} == {"openai", "anthropic"}
    openai = found["providers"][0]
    assert openai.keys() == {"name", "label", "available", "models"}
    assert openai["label"] == "OpenAI"
    assert all(model["id"] for model in openai["models"])
    assert found["default"] == {"provider": "openai", "model": openai["models"][0]["id"]}


def test_chat_without_a_token_answers_and_starts_a_session(visitor: Visitor, upstream: FakeUpstream) -> None:
    answer = visitor.chat("Hello, my name is Alice", stream=False)
    assert answer.keys() == {
        *("response", "conversation_id", "message_id", "session_token"),
        *("provider", "model", "finish_reason", "usage", "memory"),
    }
    assert answer["response"] == "You said: Hello, my name is Alice"
    assert ID.fullmatch(answer["conversation_id"])
    assert ID.fullmatch(answer["message_id"])
    assert (answer["provider"], answer["finish_reason"]) == ("openai", "stop")
    assert answer["model"] == asked(upstream)[-1].body["model"]
    assert answer["usage"].keys() == {"input_tokens", "output_tokens"}
    assert all(count > 0 for count in answer["usage"].values())
    assert visitor.messages(answer["conversation_id"])[-1]["message_id"] == answer["message_id"]


def test_chat_continues_a_conversation_and_remembers(visitor: Visitor) -> None:
    first = visitor.chat("Hello, my name is Alice")
    second = visitor.chat("What's my name?", conversation_id=first["conversation_id"])
    assert second["response"] == "Your name is Alice."
    assert second["conversation_id"] == first["conversation_id"]
    assert second["session_token"] == first["session_token"]


def test_chat_without_a_conversation_id_starts_another_conversation(visitor: Visitor) -> None:
    first, second = visitor.chat("One"), visitor.chat("Two")
    assert first["session_token"] == second["session_token"]
    listed = visitor.get("/conversations")["conversations"]
    assert [each["conversation_id"] for each in listed] == [second["conversation_id"], first["conversation_id"]]


def test_every_setting_reaches_the_model(visitor: Visitor, upstream: FakeUpstream) -> None:
    conversation = visitor.chat("One")["conversation_id"]
    answer = visitor.chat(
        "Two",
        conversation_id=conversation,
        provider="openai",
        model="gpt-4.1",
        system_prompt="Answer like a pirate.",
        temperature=0.3,
        max_tokens=77,
        history_limit=1,
    )
    assert (answer["provider"], answer["model"]) == ("openai", "gpt-4.1")
    sent = asked(upstream)[-1].body
    assert (sent["model"], sent["temperature"], sent["max_completion_tokens"]) == ("gpt-4.1", 0.3, 77)
    assert [message["content"] for message in sent["messages"]] == ["Answer like a pirate.", "Two"]


def test_a_request_can_choose_the_provider(visitor: Visitor, upstream: FakeUpstream) -> None:
    answer = visitor.chat("Hello", provider="anthropic")
    assert answer["provider"] == "anthropic"
    assert asked(upstream)[-1].path == "/v1/messages"


@pytest.mark.parametrize(
    "fields",
    [
        {"message": "x" * 10_000},
        {"message": "🙂" * 10_000},
        {"temperature": 0, "max_tokens": 1, "history_limit": 1},
        {"temperature": 2, "max_tokens": 10**12, "history_limit": 1000},
        {"history_limit": 20.0, "max_tokens": 5.0},
        {"max_tokens": 10**20, "model": "nobody-knows-its-length"},
        {"max_tokens": 1e300},
        {"temperature": None, "model": None, "provider": None, "conversation_id": None, "system_prompt": None},
        {"system_prompt": ""},
        {"message": "\x00 and \x1f"},
    ],
)
def test_values_within_bounds_are_accepted(fields: Json, visitor: Visitor) -> None:
    assert visitor.chat(**fields)["finish_reason"] == "stop"


def test_an_answer_at_its_limit_has_finish_reason_length(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=3, finish_reason="length", drop_usage=True))
    answer = visitor.chat()
    assert (answer["response"], answer["finish_reason"]) == ("word1 word2 word3", "length")
    assert answer["usage"] == {"input_tokens": None, "output_tokens": None}


def test_conversations_are_listed_most_recently_changed_first(visitor: Visitor) -> None:
    one, two = visitor.chat("The first\nof many"), visitor.chat("The second")
    visitor.chat("Again", conversation_id=one["conversation_id"])
    found = visitor.get("/conversations")
    assert found.keys() == {"conversations"}
    assert [each["conversation_id"] for each in found["conversations"]] == [
        one["conversation_id"],
        two["conversation_id"],
    ]
    first = found["conversations"][0]
    assert first.keys() == {"conversation_id", "title", "created_at", "updated_at", "message_count"}
    assert (first["title"], first["message_count"]) == ("The first", 4)
    assert is_recent(first["created_at"])
    assert first["created_at"] < first["updated_at"]


def test_a_conversation_has_its_messages_in_order(visitor: Visitor, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reasoning=("Hm.",), reply="Yes."))
    said = visitor.chat("Is it?", provider="anthropic")
    conversation = visitor.get(f"/conversations/{said['conversation_id']}")
    assert conversation.keys() == {"conversation_id", "title", "created_at", "updated_at", "messages"}
    assert conversation["title"] == "Is it?"
    question, answer = conversation["messages"]
    assert {"message_id", "role", "content", "status", "created_at"} <= question.keys() == answer.keys()
    assert (question["role"], question["content"], question["status"]) == ("user", "Is it?", "complete")
    assert (answer["role"], answer["content"], answer["status"]) == ("assistant", "Yes.", "complete")
    assert (answer["reasoning"], answer["finish_reason"]) == ("Hm.", "stop")
    assert (answer["provider"], answer["model"], answer["usage"]) == (said["provider"], said["model"], said["usage"])
    assert answer["timing"].keys() == {"first_token_ms", "total_ms"}
    assert answer["error"] is None
    assert is_recent(answer["created_at"])


def test_a_running_answer_is_returned_with_its_text_so_far(visitor: Visitor) -> None:
    with visitor.watching("POST", "/chat/stream", json={"message": "Count.", "model": "pace:50x500"}) as answer:
        start = next(answer).data
        seen = next(answer).data + next(answer).data
        visitor.token = start["session_token"]
        now = visitor.messages(start["conversation_id"])[-1]
    assert now["status"] == "running"
    assert now["content"].startswith(seen)


def test_a_conversation_can_be_renamed(visitor: Visitor) -> None:
    conversation = visitor.chat()["conversation_id"]
    answer = visitor.call("PATCH", f"/conversations/{conversation}", json={"title": "Пример 🙂"})
    assert answer.status_code == 200
    (listed,) = visitor.get("/conversations")["conversations"]
    assert answer.json() == listed
    assert listed["title"] == "Пример 🙂"


def test_a_conversation_can_be_pinned(visitor: Visitor) -> None:
    path = f"/conversations/{visitor.chat('Hello')['conversation_id']}"
    usual = visitor.call("PATCH", path, json={}).json()
    assert "pinned" not in usual
    assert visitor.call("PATCH", path, json={"pinned": True}).json() == usual | {"pinned": True}
    assert visitor.get("/conversations")["conversations"] == [usual | {"pinned": True}]
    visitor.call("PATCH", path, json={"pinned": False})
    assert visitor.get("/conversations")["conversations"] == [usual]
    assert visitor.call("PATCH", path, json={"pinned": "yes"}).status_code == 422


def test_a_conversation_can_be_deleted(visitor: Visitor) -> None:
    deleted, remaining = visitor.chat()["conversation_id"], visitor.chat()["conversation_id"]
    answer = visitor.call("DELETE", f"/conversations/{deleted}")
    assert (answer.status_code, answer.json()) == (200, {"status": "deleted"})
    assert [each["conversation_id"] for each in visitor.get("/conversations")["conversations"]] == [remaining]
    assert visitor.call("GET", f"/conversations/{deleted}").status_code == 404


def test_openapi_describes_every_call(visitor: Visitor) -> None:
    described = visitor.get("/openapi.json")
    assert {(method, path) for path, calls in described["paths"].items() for method in calls} == {
        *(("get", "/health"), ("get", "/models"), ("get", "/search")),
        *((method, "/session") for method in ("get", "post", "patch", "delete")),
        *(("get", "/notes"), ("post", "/notes"), ("patch", "/notes/{note_id}"), ("delete", "/notes/{note_id}")),
        *(("get", "/notes/export"), ("post", "/notes/import"), ("post", "/notes/candidates")),
        ("post", "/notes/suggestions"),
        *(("post", "/chat"), ("post", "/chat/stream"), ("get", "/conversations"), ("post", "/conversations/import")),
        *((method, "/conversations/{conversation_id}") for method in ("get", "patch", "delete")),
        ("get", "/conversations/{conversation_id}/stream"),
        ("patch", "/conversations/{conversation_id}/messages/{message_id}"),
        ("post", "/conversations/{conversation_id}/stop"),
        ("post", "/conversations/{conversation_id}/continue"),
        ("get", "/conversations/{conversation_id}/summary"),
        ("post", "/conversations/{conversation_id}/summary"),
        ("patch", "/conversations/{conversation_id}/summary"),
        ("delete", "/conversations/{conversation_id}/summary"),
        ("get", "/conversations/{conversation_id}/export"),
        *(
            ("get", "/session/export"),
            ("post", "/session/import"),
            ("post", "/attachments"),
        ),
        ("get", "/conversations/{conversation_id}/attachments/{attachment_id}"),
        *(("get", "/local-models"), ("delete", "/local-models/{model_id}")),
        *(("post", f"/local-models/{{model_id}}/{act}") for act in ("download", "pause")),
    }
    docs = visitor.call("GET", "/docs")
    assert docs.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in docs.text


def test_every_response_field_has_an_example(visitor: Visitor) -> None:
    described = visitor.get("/openapi.json")["components"]["schemas"]
    answers = {name: schema for name, schema in described.items() if name.endswith("Out") or name == "ErrorBody"}
    assert {"ChatOut", "ConversationOut", "ErrorBody", "MessageOut", "ModelsOut"} <= answers.keys()
    for name, schema in answers.items():
        for field, description in schema["properties"].items():
            (kind, *_) = description.get("anyOf", [description])
            documented = kind.keys() & {"examples", "enum", "const", "$ref", "items"}
            assert documented or kind["type"] == "boolean", (name, field)


def test_openapi_marks_the_calls_that_need_a_token(visitor: Visitor) -> None:
    calls = [call for path in visitor.get("/openapi.json")["paths"].values() for call in path.values()]
    needed = [call["summary"] for call in calls if call.get("security") == [{"HTTPBearer": []}]]
    optional = [call["summary"] for call in calls if {} in call.get("security", [])]
    assert sorted(optional) == ["Chat", "Chat Stream"]
    assert len(needed) == 34
    assert len(calls) == 39


def test_gradios_page_and_routes_still_work(api_app: RunningApp, upstream: FakeUpstream) -> None:
    page = httpx.get(api_app.url)
    assert page.headers["content-type"].startswith("text/html")
    assert "gradio" in page.text
    assert httpx.get(f"{api_app.url}/config").json()["dependencies"]
    assert httpx.get(f"{api_app.url}/gradio_api/info").json()["named_endpoints"].keys() == {"/chat"}
    assert httpx.get(f"{api_app.url}/nothing-here").json() == {"detail": "Not Found"}
    client = Client(api_app.url, verbose=False)
    assert client.predict("Hello", api_name="/chat") == "You said: Hello"
