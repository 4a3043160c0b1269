"""Requests of another site's page in the browser of a visitor who has logged in."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.middleware.sessions import Session

from chatbot.web.middleware.cross_site import is_cross_site, is_forwarded, without_cookies
from tests.conftest import LOGINS
from tests.support.running import RunningApp

LOGIN = {"username": LOGINS[0][0], "password": LOGINS[0][1]}

FETCH = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"}
NO_CORS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
PLAIN_HTTP = {"Origin": "http://evil.example"}
NO_ORIGIN = {"Origin": "null"}
NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
OWN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
TYPED = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
PROGRAM: dict[str, str] = {}


@pytest.fixture
def browser(login_app: RunningApp) -> Iterator[httpx.Client]:
    """A visitor's browser with the cookies of a login, which it sends for any page."""
    with httpx.Client(base_url=login_app.url) as client:
        assert client.post("/login", data=LOGIN).status_code == 200
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
        client.cookies.clear()
        client.headers["Cookie"] = cookies
        yield client


@pytest.mark.parametrize("headers", [FETCH, NO_CORS, PLAIN_HTTP, NO_ORIGIN])
def test_requests_of_another_sites_page_lose_the_login(headers: dict[str, str], browser: httpx.Client) -> None:
    for host in ({}, {"Host": "chat.example"}):  # Gradio lets every page read the answers of a public host
        assert browser.get("/config", headers=headers | host).status_code == 401
        assert browser.get("/gradio_api/info", headers=headers | host).status_code == 401
        assert browser.post("/gradio_api/queue/join", headers=headers | host, json={}).status_code == 401
        assert browser.post("/gradio_api/run/chat", headers=headers | host, json={}).status_code == 401


@pytest.mark.parametrize("headers", [OWN, OWN | {"Origin": "https://chat.example"}, TYPED, PROGRAM])
def test_requests_of_the_own_page_have_the_login(headers: dict[str, str], browser: httpx.Client) -> None:
    for host in ({}, {"Host": "chat.example"}):
        assert browser.get("/config", headers=headers | host).status_code == 200


def test_over_plain_http_the_origins_host_must_match(login_app: RunningApp, browser: httpx.Client) -> None:
    for origin, host in (
        (login_app.url, f"127.0.0.1:{login_app.port}"),
        ("http://chat.example:8080", "chat.example:8080"),
        ("http://Chat.example", "chat.example"),
        ("http://chat.example:8080", "chat.example"),
    ):
        assert browser.get("/config", headers={"Origin": origin, "Host": host}).status_code == 200, origin
    for origin in (
        "http://chat.example.evil.example:8080",
        "http://chat.example:8081",
        "chat.example:8080",
        "http://[",
    ):
        headers = {"Origin": origin, "Host": "chat.example:8080"}
        assert browser.get("/config", headers=headers).status_code == 401, origin


FORWARDED = {"Host": "backend:7860", "X-Forwarded-Host": "chat.example"}
"""As a proxy on this machine sends it that replaces the Host header."""


@pytest.mark.parametrize("forwarded", ["chat.example", "Chat.example:80", "chat.example, inner.example"])
def test_behind_a_proxy_that_replaces_the_host_a_visitor_can_log_in(forwarded: str, login_app: RunningApp) -> None:
    origin = "http://chat.example:80" if ":80" in forwarded else "http://chat.example"
    headers = {"Origin": origin, "Host": "backend:7860", "X-Forwarded-Host": forwarded}
    with httpx.Client(base_url=login_app.url, headers=headers) as client:
        assert client.post("/login", data=LOGIN).status_code == 200
        assert client.get("/config").status_code == 200
        assert client.get("/logout").status_code == 302


def test_a_login_that_a_proxy_made_foreign_is_refused_in_a_sentence_that_names_the_header(
    login_app: RunningApp, browser: httpx.Client
) -> None:
    headers = {"Origin": "http://chat.example", "Host": "backend:7860", "Accept-Language": "de"}
    refused = browser.post("/login", headers=headers, data=LOGIN)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "other_origin")
    for part in ("http://chat.example", "backend:7860", "X-Forwarded-Host", "Anfrage"):
        assert part in refused.json()["error"]["message"]
    assert login_app.logs("X-Forwarded-Host"), "the operator reads it too: the page shows no text for such a refusal"


@pytest.mark.parametrize(
    ("client", "expected"),
    [(("127.0.0.1", 40000), False), (("192.0.2.9", 0), False), (("192.0.2.9", 40000), True), (None, False)],
)
def test_the_forwarded_host_counts_only_from_a_trusted_proxy(client: tuple[str, int] | None, expected: bool) -> None:
    headers = Headers({"origin": "http://chat.example"} | {name.lower(): value for name, value in FORWARDED.items()})
    assert is_cross_site(headers, is_forwarded({"client": client})) == expected


def test_a_frame_in_another_sites_page_has_the_login(browser: httpx.Client) -> None:
    framed = NAVIGATION | {"Sec-Fetch-Dest": "iframe"}
    assert '"auth_required":true' not in browser.get("/", headers=framed).text
    assert '"auth_required":true' in browser.get("/", headers=FETCH).text
    assert browser.post("/gradio_api/queue/join", headers=framed, json={}).status_code == 401, "the POST of a form"


@pytest.mark.parametrize("headers", [NAVIGATION, FETCH, NO_CORS, NO_ORIGIN, PLAIN_HTTP])
def test_another_site_cannot_log_a_visitor_out_or_in(headers: dict[str, str], browser: httpx.Client) -> None:
    refused = 403 if headers == PLAIN_HTTP else 404
    for path in ("/logout", "/logout/", "/logout?all_session=true"):
        answer = browser.get(path, headers=headers)
        assert answer.status_code == refused
        assert "set-cookie" not in answer.headers
    answer = browser.post("/login", headers=headers, data=LOGIN)
    assert answer.status_code == refused
    assert "set-cookie" not in answer.headers
    assert browser.get("/config").status_code == 200
    assert browser.get("/logout", headers=OWN).status_code == 302
    assert browser.get("/config").status_code == 401


def test_no_cookie_and_no_password_is_logged(login_app: RunningApp, browser: httpx.Client) -> None:
    wrong = "the-stork-nests"
    cookies = browser.headers["Cookie"]
    tokens = [cookie.partition("=")[2] for cookie in cookies.split("; ")]
    answers = [
        browser.post("/login", data=LOGIN | {"password": wrong}),
        browser.post("/login", data={"password": wrong}),
        browser.post("/login", content=f"password={wrong}&".encode()),
        browser.get("/models", auth=("alice", wrong)),
        browser.get("/config", headers=FETCH),
        browser.get("/logout", headers=FETCH),
    ]
    assert {answer.status_code for answer in answers} <= {400, 401, 404, 422}
    for secret in (*tokens, *LOGIN.values(), wrong):
        assert not [answer for answer in answers if secret in answer.text]
    for secret in (*tokens, LOGIN["password"], wrong):
        assert secret not in login_app.log


def test_removing_cookies_also_removes_the_signed_in_account() -> None:
    """On a Space, Gradio copies the cookie into the scope before this middleware, and writes it back from there."""
    session = Session({"oauth_info": "alice's"})
    scope = {"type": "http", "headers": [(b"cookie", b"session=x"), (b"accept", b"*/*")], "session": session}
    stripped = without_cookies(scope)
    assert stripped["headers"] == [(b"accept", b"*/*")]
    assert stripped["session"] == {}
    stripped["session"]["oauth_info"] = "mallory's"
    assert session == {"oauth_info": "alice's"}
    assert not session.modified


@pytest.mark.parametrize(("site", "expected"), [("cross-site", True), ("same-site", False), ("none", False)])
def test_sec_fetch_site_takes_precedence_over_the_origin(site: str, expected: bool) -> None:
    for origin in ("https://chat.example", "https://evil.example"):
        headers = Headers({"sec-fetch-site": site, "origin": origin, "host": "chat.example"})
        assert is_cross_site(headers) == expected
