"""What a page of another site can do in the browser of a visitor who has logged in."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.middleware.sessions import Session

from chatbot.web.middleware.cross_site import is_cross_site, without_cookies
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp, two_providers

LOGIN = {"username": "alice", "password": "the-heron-nests"}

FETCH = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"}
NO_CORS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
PLAIN_HTTP = {"Origin": "http://evil.example"}
NO_ORIGIN = {"Origin": "null"}
NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
OWN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
TYPED = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
PROGRAM: dict[str, str] = {}


@pytest.fixture(scope="module")
def guarded(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    environment = two_providers(upstream_server) | {"CHATBOT_AUTH": ":".join(LOGIN.values())}
    with RunningApp(tmp_path_factory.mktemp("guarded"), environment) as running:
        yield running


@pytest.fixture
def browser(guarded: RunningApp) -> Iterator[httpx.Client]:
    """A visitor's, with the cookies of a login, to be sent by whatever page asks."""
    with httpx.Client(base_url=guarded.url) as client:
        assert client.post("/login", data=LOGIN).status_code == 200
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
        client.cookies.clear()
        client.headers["Cookie"] = cookies
        yield client


@pytest.mark.parametrize("headers", [FETCH, NO_CORS, PLAIN_HTTP, NO_ORIGIN])
def test_another_sites_page_is_not_taken_for_the_visitor(headers: dict[str, str], browser: httpx.Client) -> None:
    for host in ({}, {"Host": "chat.example"}):  # to a host in public Gradio lets every page read the answer
        assert browser.get("/config", headers=headers | host).status_code == 401
        assert browser.get("/gradio_api/info", headers=headers | host).status_code == 401
        assert browser.post("/gradio_api/queue/join", headers=headers | host, json={}).status_code == 401
        assert browser.post("/gradio_api/run/chat", headers=headers | host, json={}).status_code == 401


@pytest.mark.parametrize("headers", [OWN, OWN | {"Origin": "https://chat.example"}, TYPED, PROGRAM])
def test_the_own_page_is(headers: dict[str, str], browser: httpx.Client) -> None:
    for host in ({}, {"Host": "chat.example"}):
        assert browser.get("/config", headers=headers | host).status_code == 200


def test_over_plain_http_the_own_page_is_known_by_its_host(guarded: RunningApp, browser: httpx.Client) -> None:
    for origin, host in (
        (guarded.url, f"127.0.0.1:{guarded.port}"),
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


def test_a_frame_in_another_sites_page_shows_the_page_to_who_has_logged_in(browser: httpx.Client) -> None:
    framed = NAVIGATION | {"Sec-Fetch-Dest": "iframe"}
    assert '"auth_required":true' not in browser.get("/", headers=framed).text
    assert '"auth_required":true' in browser.get("/", headers=FETCH).text
    assert browser.post("/gradio_api/queue/join", headers=framed, json={}).status_code == 401, "a form's"


@pytest.mark.parametrize("headers", [NAVIGATION, FETCH, NO_CORS, PLAIN_HTTP])
def test_another_site_logs_nobody_out_or_in(headers: dict[str, str], browser: httpx.Client) -> None:
    for path in ("/logout", "/logout/", "/logout?all_session=true"):
        answer = browser.get(path, headers=headers)
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers
    answer = browser.post("/login", headers=headers, data=LOGIN)
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    assert browser.get("/config").status_code == 200
    assert browser.get("/logout", headers=OWN).status_code == 302
    assert browser.get("/config").status_code == 401


def test_no_cookie_and_no_password_is_in_the_log(guarded: RunningApp, browser: httpx.Client) -> None:
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
        assert secret not in guarded.log


def test_without_its_cookies_a_request_has_no_signed_in_account_either() -> None:
    """On a Space Gradio reads that cookie before the gate, into the scope, and writes it again from there."""
    session = Session({"oauth_info": "alice's"})
    scope = {"type": "http", "headers": [(b"cookie", b"session=x"), (b"accept", b"*/*")], "session": session}
    bare = without_cookies(scope)
    assert bare["headers"] == [(b"accept", b"*/*")]
    assert bare["session"] == {}
    bare["session"]["oauth_info"] = "mallory's"
    assert session == {"oauth_info": "alice's"}
    assert not session.modified


@pytest.mark.parametrize(("site", "foreign"), [("cross-site", True), ("same-site", False), ("none", False)])
def test_what_the_browser_says_of_the_site_goes_before_the_origin(site: str, foreign: bool) -> None:
    for origin in ("https://chat.example", "https://evil.example"):
        headers = Headers({"sec-fetch-site": site, "origin": origin, "host": "chat.example"})
        assert is_cross_site(headers) == foreign
