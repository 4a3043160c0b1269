"""Who may call the API: without a token, with an invalid one, and if logins are set."""

from base64 import b64encode
from collections.abc import Callable, Iterator

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError

from chatbot.web.session_tokens import SessionTokens
from tests.conftest import LOGINS
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import NO_CONVERSATION, Visitor, asked, error_of
from tests.support.running import RunningApp

MISSING = f"/conversations/{NO_CONVERSATION}"

NEED_A_TOKEN = [
    ("DELETE", "/session"),
    ("GET", "/conversations"),
    ("POST", "/conversations/import"),
    ("GET", MISSING),
    ("PATCH", MISSING),
    ("DELETE", MISSING),
    ("GET", f"{MISSING}/stream"),
    ("POST", f"{MISSING}/stop"),
    ("GET", f"{MISSING}/export"),
    ("GET", f"{MISSING}/export?format=nonsense"),
]


def from_another_server(token: str) -> str:
    return SessionTokens("another secret").create()


def with_another_session(token: str) -> str:
    return f"{'0' * 32}.{token.partition('.')[2]}"


def with_another_signature(token: str) -> str:
    session, _, signature = token.partition(".")
    return f"{session}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


BAD_TOKENS = [from_another_server, with_another_session, with_another_signature, lambda token: token.partition(".")[0]]


@pytest.mark.parametrize(("method", "path"), NEED_A_TOKEN)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "{token}", "Token {token}"]
)
def test_session_calls_without_a_valid_token_are_401(
    authorization: str | None, method: str, path: str, visitor: Visitor
) -> None:
    token = visitor.call("POST", "/session").json()["token"]
    headers = {} if authorization is None else {"Authorization": authorization.format(token=token)}
    answer = visitor.http.request(method, path, headers=headers, content=b"{ no JSON")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert error_of(answer) == {"code": "unauthorized", "message": "This needs a valid session token."}


@pytest.mark.parametrize("change", BAD_TOKENS)
@pytest.mark.parametrize(("method", "path"), [("GET", "/conversations"), ("POST", "/chat"), ("POST", "/chat/stream")])
def test_a_token_that_this_server_did_not_sign_is_401(
    method: str, path: str, change: Callable[[str], str], visitor: Visitor, upstream: FakeUpstream
) -> None:
    token = visitor.chat()["session_token"]
    upstream.all_requests.clear()
    headers = {"Authorization": f"Bearer {change(token)}"}
    answer = visitor.http.request(method, path, headers=headers, json={"message": "Hello"})
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "unauthorized"
    assert asked(upstream) == []


def test_the_bearer_scheme_may_be_lower_case(visitor: Visitor) -> None:
    token = visitor.chat()["session_token"]
    assert visitor.http.get("/conversations", headers={"Authorization": f"bearer {token}"}).status_code == 200


@pytest.fixture
def stranger(login_app: RunningApp, upstream: FakeUpstream) -> Iterator[Visitor]:
    with Visitor(login_app.url) as visitor:
        yield visitor


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


OPEN_WITHOUT_LOGINS = [
    ("GET", "/models"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("POST", "/session"),
    ("POST", "/chat"),
    ("POST", "/chat/stream"),
]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("alice", "wrong"),
        basic("alice", ""),
        basic("alice", LOGINS[1][1]),
        basic("mallory", LOGINS[0][1]),
        basic("", ""),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer " + b64encode(b"alice:pass: word").decode()},
        {"Authorization": f"Bearer {SessionTokens('another secret').create()}"},
    ],
)
def test_with_logins_every_call_but_health_needs_one(
    headers: dict[str, str], stranger: Visitor, upstream: FakeUpstream
) -> None:
    for number, (method, path) in enumerate([*OPEN_WITHOUT_LOGINS, *NEED_A_TOKEN, ("PUT", "/conversations")]):
        address = {"X-Forwarded-For": f"192.0.2.{number}"}  # one address would exceed the rate limit
        answer = stranger.http.request(method, path, headers=headers | address, json={"message": "Hello"})
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == 'Basic realm="Chatbot"'
        assert error_of(answer) == {"code": "unauthorized", "message": "This needs a login: a name and a password."}
    assert stranger.http.get("/health", headers=headers).status_code == 200
    assert asked(upstream) == []


@pytest.mark.parametrize(("name", "password"), LOGINS)
def test_a_login_gets_a_token_that_replaces_it(name: str, password: str, stranger: Visitor) -> None:
    for method, path in OPEN_WITHOUT_LOGINS:
        answer = stranger.http.request(method, path, headers=basic(name, password), json={"message": "Hello"})
        assert answer.status_code in (200, 201), path
        if path == "/session":
            stranger.token = answer.json()["token"]
    for method, path in OPEN_WITHOUT_LOGINS:
        assert stranger.call(method, path, json={"message": "Hello"}).status_code in (200, 201), path
    assert len(stranger.get("/conversations")["conversations"]) == 2


def test_a_login_does_not_replace_a_token(stranger: Visitor) -> None:
    for method, path in NEED_A_TOKEN:
        answer = stranger.http.request(method, path, headers=basic(*LOGINS[0]))
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_page_needs_the_login_too(login_app: RunningApp, upstream: FakeUpstream) -> None:
    assert httpx.get(f"{login_app.url}/config").status_code == 401
    with pytest.raises(AuthenticationError):
        Client(login_app.url, verbose=False)
    client = Client(login_app.url, auth=LOGINS[0], verbose=False)
    assert client.predict("Hello", api_name="/chat") == "You said: Hello"
