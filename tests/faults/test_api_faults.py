"""What the API answers if a provider, the disk or the setup fails: our code and message, no provider's text."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_upstream import FAULTS, FakeUpstream
from tests.support.api_client import Json, Visitor, asked, error_of, text_of
from tests.support.running import RunningApp, two_providers

FAILURES = {
    "wrong_key": (502, "provider_invalid_key"),
    "echo_key": (502, "provider_invalid_key"),
    "no_permission": (502, "provider_permission"),
    "unknown_model": (502, "provider_unknown_model"),
    "quota": (502, "provider_quota"),
    "rate_limit_3600": (502, "provider_rate_limited"),
    "context_overflow": (502, "provider_context_overflow"),
    "html_page": (502, "provider_bad_answer"),
    "empty_answer": (502, "provider_empty_answer"),
    "cut": (502, "provider_cut_off"),
    "reset": (502, "provider_cut_off"),
    "overloaded_middle": (503, "provider_unavailable"),
}


@pytest.mark.parametrize(("fault", "status", "code"), [(fault, *wanted) for fault, wanted in FAILURES.items()])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_provider_failure_has_our_status_code_and_message(
    provider: str, fault: str, status: int, code: str, visitor: Visitor, upstream: FakeUpstream
) -> None:
    upstream.scenario = FAULTS[fault]
    answer = visitor.call("POST", "/chat", json={"message": "Hello", "provider": provider})
    assert answer.status_code == status
    error = error_of(answer)
    assert error["code"] == code
    assert answer.headers.get("retry-after") == ("3600" if fault == "rate_limit_3600" else None)
    assert error.get("retry_after") == (3600 if fault == "rate_limit_3600" else None)
    last = visitor.stream("Hello", provider=provider)[-1]
    assert (last.name, last.data["code"], last.data["message"]) == ("error", code, error["message"])


@pytest.mark.parametrize(
    ("fault", "retryable", "retry_after"),
    [("wrong_key", False, None), ("rate_limit_3600", True, 3600), ("quota", False, None), ("cut", True, None)],
)
def test_an_error_event_says_whether_and_when_to_retry(
    fault: str, retryable: bool, retry_after: float | None, visitor: Visitor
) -> None:
    start, *_, last = visitor.stream(model=f"fault:{fault}")
    assert last.name == "error"
    assert last.data.keys() == {"code", "message", "retryable", "retry_after"}
    assert (last.data["retryable"], last.data["retry_after"]) == (retryable, retry_after)
    answer = visitor.messages(start.data["conversation_id"])[-1]
    assert answer["error"] == last.data
    assert "fault" not in answer


def test_failed_and_cut_off_answers_store_their_status_and_text(visitor: Visitor) -> None:
    failed = visitor.stream(model="fault:wrong_key")
    cut = visitor.stream(model="fault:cut")
    assert text_of(failed) == ""
    assert text_of(cut) == "word1 word2 word3 word4 word5"
    for seen, status in ((failed, "failed"), (cut, "interrupted")):
        answer = visitor.messages(seen[0].data["conversation_id"])[-1]
        assert (answer["status"], answer["content"]) == (status, text_of(seen))
        assert answer["message_id"] == seen[0].data["message_id"]


@pytest.mark.parametrize("provider", ["huggingface", "compatible", "local"])
@pytest.mark.parametrize("fields", [{}, {"model": "any"}])
def test_an_unconfigured_provider_is_503_no_provider(fields: Json, provider: str, visitor: Visitor) -> None:
    answer = visitor.call("POST", "/chat", json={"message": "Hello", "provider": provider} | fields)
    assert answer.status_code == 503
    assert error_of(answer)["code"] == "no_provider"


def test_a_disk_error_is_500_and_no_model_is_called(
    visitor: Visitor, api_app: RunningApp, upstream: FakeUpstream
) -> None:
    conversation = visitor.chat()["conversation_id"]
    obstacle = api_app.data / "sessions" / visitor.token.partition(".")[0] / "draft"
    obstacle.mkdir()
    upstream.all_requests.clear()
    try:
        for path in ("/chat", "/chat/stream"):
            answer = visitor.call("POST", path, json={"message": "Two", "conversation_id": conversation})
            assert answer.status_code == 500
            assert error_of(answer)["code"] == "storage"
    finally:
        obstacle.rmdir()
    assert asked(upstream) == []
    assert len(visitor.messages(conversation)) == 2


@pytest.fixture(scope="module")
def unconfigured_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with RunningApp(tmp_path_factory.mktemp("unconfigured_app"), {"LOCAL_MODEL": "off"}) as running:
        yield running


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
@pytest.mark.parametrize("fields", [{}, {"stream": True}, {"model": "any"}])
def test_without_any_provider_chat_is_503_no_provider(fields: Json, path: str, unconfigured_app: RunningApp) -> None:
    with Visitor(unconfigured_app.url) as visitor:
        answer = visitor.call("POST", path, json={"message": "Hello"} | fields)
        assert answer.status_code == 503
        assert error_of(answer)["code"] == "no_provider"
        models = visitor.get("/models")
    assert not any(provider["available"] for provider in models["providers"])
    assert models["default"] == {"provider": None, "model": None}


@pytest.mark.tier2
def test_a_silent_provider_is_504_and_no_secret_is_logged(tmp_path: Path, upstream: FakeUpstream) -> None:
    environment = two_providers(upstream) | {"CHATBOT_REPLY_SECONDS": "1.5"}
    with RunningApp(tmp_path, environment) as app, Visitor(app.url) as visitor:
        answer = visitor.call("POST", "/chat", json={"message": "a secret", "model": "fault:silence_first"})
        assert answer.status_code == 504
        assert error_of(answer)["code"] == "provider_timeout"
        start, *_, last = visitor.stream("a secret", model="fault:silence_middle")
        assert (last.name, last.data["code"]) == ("error", "provider_timeout")
        stored = visitor.messages(start.data["conversation_id"])[-1]
        assert (stored["status"], stored["content"]) == ("interrupted", "word1 word2 word3 word4 word5")
        visitor.call("POST", "/chat", json={"message": "a secret", "model": "fault:echo_key"})
        visitor.call("POST", "/chat", content=b'{"message": "a secret')
        visitor.call("GET", f"/conversations/{visitor.token}")
        token = visitor.token
    assert upstream.open_streams == 0
    assert app.log.startswith("The chatbot is at")
    for secret in ("a secret", "operator", token, token.partition(".")[2]):
        assert secret not in app.log
