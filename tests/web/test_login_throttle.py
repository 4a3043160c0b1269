"""The login throttle: how many wrong logins an address may send a minute, to the page and to the API."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest

from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor, error_of
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2

NAME, PASSWORD = "alice", "the-heron-nests"
MAX_WRONG_LOGINS = 20
ADDRESS_NUMBERS = count(1)


@pytest.fixture(scope="module")
def app_with_login(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    environment = two_providers(upstream_server) | {"CHATBOT_AUTH": f"{NAME}:{PASSWORD}"}
    with RunningApp(tmp_path_factory.mktemp("guarded"), environment) as running:
        yield running


class Caller:
    """A client with an address of its own, as a proxy on this machine reports it."""

    def __init__(self, url: str) -> None:
        self.address = f"192.0.2.{next(ADDRESS_NUMBERS)}"
        self.http = httpx.Client(base_url=url, headers={"X-Forwarded-For": self.address}, timeout=20)

    def log_in(self, password: str) -> httpx.Response:
        """Logs in on the page."""
        return self.http.post("/login", data={"username": NAME, "password": password})

    def call_api(self, password: str) -> httpx.Response:
        """Calls the API with HTTP Basic."""
        login = b64encode(f"{NAME}:{password}".encode()).decode()
        return self.http.get("/models", headers={"Authorization": f"Basic {login}"})


@pytest.fixture
def callers(app_with_login: RunningApp) -> Iterator[tuple[Caller, Caller]]:
    """Two clients with different addresses."""
    both = Caller(app_with_login.url), Caller(app_with_login.url)
    yield both
    for caller in both:
        caller.http.close()


def is_throttled(answer: httpx.Response) -> bool:
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert PASSWORD not in answer.text
    return True


def test_the_page_throttles_after_twenty_wrong_logins(callers: tuple[Caller, Caller]) -> None:
    guesser, other = callers
    assert [guesser.log_in("wrong").status_code for _ in range(MAX_WRONG_LOGINS)] == [400] * MAX_WRONG_LOGINS
    assert is_throttled(guesser.log_in("wrong"))
    assert is_throttled(guesser.log_in(PASSWORD)), "or the guesser would learn that it is right"
    assert is_throttled(guesser.http.post("/login/", data={"username": NAME, "password": PASSWORD}))
    assert is_throttled(guesser.call_api(PASSWORD))
    assert other.log_in("wrong").status_code == 400
    assert other.log_in(PASSWORD).status_code == 200
    assert other.call_api(PASSWORD).status_code == 200


def test_the_api_throttles_after_twenty_wrong_logins(callers: tuple[Caller, Caller]) -> None:
    guesser, other = callers
    assert [guesser.call_api("wrong").status_code for _ in range(MAX_WRONG_LOGINS)] == [401] * MAX_WRONG_LOGINS
    for password in ("wrong", PASSWORD):
        refused = guesser.call_api(password)
        assert is_throttled(refused)
        error = error_of(refused)
        assert error["code"] == "too_many_logins"
        assert error["retry_after"] == int(refused.headers["retry-after"])
        assert "www-authenticate" not in refused.headers
    assert is_throttled(guesser.log_in(PASSWORD))
    assert other.call_api(PASSWORD).status_code == 200


def test_a_token_or_a_public_path_is_not_throttled(callers: tuple[Caller, Caller], app_with_login: RunningApp) -> None:
    guesser, _ = callers
    login = b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    token = guesser.http.post("/session", headers={"Authorization": f"Basic {login}"}).json()["token"]
    cookies = guesser.log_in(PASSWORD).cookies
    for _ in range(MAX_WRONG_LOGINS):
        guesser.call_api("wrong")
    assert is_throttled(guesser.call_api(PASSWORD))
    assert guesser.http.get("/models", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert guesser.http.get("/models").status_code == 401
    assert guesser.http.get("/health", headers={"Authorization": "Basic wrong"}).status_code == 200
    named = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert guesser.http.get("/config", headers={"Cookie": named}).status_code == 200


def test_right_logins_are_not_counted(callers: tuple[Caller, Caller]) -> None:
    caller, _ = callers
    assert {caller.log_in(PASSWORD).status_code for _ in range(2 * MAX_WRONG_LOGINS)} == {200}
    assert {caller.call_api(PASSWORD).status_code for _ in range(2 * MAX_WRONG_LOGINS)} == {200}
    for _ in range(MAX_WRONG_LOGINS - 1):
        assert caller.log_in("wrong").status_code == 400
    assert caller.log_in(PASSWORD).status_code == 200
    assert caller.log_in("wrong").status_code == 400
    assert is_throttled(caller.log_in(PASSWORD)), "right logins do not reset the count"


def test_simultaneous_logins_do_not_exceed_the_limit(callers: tuple[Caller, Caller]) -> None:
    guesser, other = callers
    with ThreadPoolExecutor(40) as pool:
        answers = [*pool.map(guesser.log_in, ["wrong"] * 80)]
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(400) <= MAX_WRONG_LOGINS
    assert set(statuses) == {400, 429}
    assert other.log_in(PASSWORD).status_code == 200


def test_on_a_space_the_proxy_reports_the_address(
    upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = two_providers(upstream) | {"CHATBOT_AUTH": f"{NAME}:{PASSWORD}", "SPACE_ID": "somebody/chatbot"}
    with RunningApp(tmp_path_factory.mktemp("space"), environment) as app, Visitor(app.url) as visitor:

        def status(forwarded: str, password: str) -> int:
            form, headers = {"username": NAME, "password": password}, {"X-Forwarded-For": forwarded}
            return visitor.http.post("/login", data=form, headers=headers).status_code

        assert {status(f"2001:db8::{number:x}, 10.0.0.1", "wrong") for number in range(MAX_WRONG_LOGINS)} == {400}
        assert status("2001:db8::ffff, 10.0.0.2", PASSWORD) == 429
        assert status("2001:db8:0:1::1, 10.0.0.1", PASSWORD) == 200
