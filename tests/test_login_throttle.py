"""How often a login can be guessed, at the page's door and at the API's."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest

from tests.api import Visitor, error_of
from tests.fake_upstream import FakeUpstream
from tests.running import RunningApp, two_providers

NAME, PASSWORD = "alice", "the-heron-nests"
MOST = 20
NUMBERS = count(1)


@pytest.fixture(scope="module")
def guarded(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    environment = two_providers(upstream_server) | {"CHATBOT_AUTH": f"{NAME}:{PASSWORD}"}
    with RunningApp(tmp_path_factory.mktemp("guarded"), environment) as running:
        yield running


class Caller:
    """Somebody at an address of their own, which a proxy on this machine would tell."""

    def __init__(self, url: str) -> None:
        self.address = f"192.0.2.{next(NUMBERS)}"
        self.http = httpx.Client(base_url=url, headers={"X-Forwarded-For": self.address}, timeout=20)

    def page(self, password: str) -> httpx.Response:
        """A login by the page."""
        return self.http.post("/login", data={"username": NAME, "password": password})

    def api(self, password: str) -> httpx.Response:
        """A call with HTTP Basic."""
        login = b64encode(f"{NAME}:{password}".encode()).decode()
        return self.http.get("/models", headers={"Authorization": f"Basic {login}"})


@pytest.fixture
def callers(guarded: RunningApp) -> Iterator[tuple[Caller, Caller]]:
    """Two, who are not at one address."""
    both = Caller(guarded.url), Caller(guarded.url)
    yield both
    for caller in both:
        caller.http.close()


def told_to_wait(answer: httpx.Response) -> bool:
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert PASSWORD not in answer.text
    return True


def test_the_page_takes_twenty_wrong_logins_a_minute(callers: tuple[Caller, Caller]) -> None:
    guesser, other = callers
    assert [guesser.page("wrong").status_code for _ in range(MOST)] == [400] * MOST
    assert told_to_wait(guesser.page("wrong"))
    assert told_to_wait(guesser.page(PASSWORD)), "or one would still learn which is right"
    assert told_to_wait(guesser.http.post("/login/", data={"username": NAME, "password": PASSWORD}))
    assert told_to_wait(guesser.api(PASSWORD))
    assert other.page("wrong").status_code == 400
    assert other.page(PASSWORD).status_code == 200
    assert other.api(PASSWORD).status_code == 200


def test_the_api_takes_as_many(callers: tuple[Caller, Caller]) -> None:
    guesser, other = callers
    assert [guesser.api("wrong").status_code for _ in range(MOST)] == [401] * MOST
    for password in ("wrong", PASSWORD):
        refused = guesser.api(password)
        assert told_to_wait(refused)
        error = error_of(refused)
        assert error["code"] == "too_many_logins"
        assert error["retry_after"] == int(refused.headers["retry-after"])
        assert "www-authenticate" not in refused.headers
    assert told_to_wait(guesser.page(PASSWORD))
    assert other.api(PASSWORD).status_code == 200


def test_who_has_a_token_or_needs_no_login_is_not_held_up(callers: tuple[Caller, Caller], guarded: RunningApp) -> None:
    guesser, _ = callers
    login = b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    token = guesser.http.post("/session", headers={"Authorization": f"Basic {login}"}).json()["token"]
    cookies = guesser.page(PASSWORD).cookies
    for _ in range(MOST):
        guesser.api("wrong")
    assert told_to_wait(guesser.api(PASSWORD))
    assert guesser.http.get("/models", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert guesser.http.get("/models").status_code == 401
    assert guesser.http.get("/health", headers={"Authorization": "Basic wrong"}).status_code == 200
    named = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert guesser.http.get("/config", headers={"Cookie": named}).status_code == 200


def test_right_logins_are_not_counted(callers: tuple[Caller, Caller]) -> None:
    caller, _ = callers
    assert {caller.page(PASSWORD).status_code for _ in range(2 * MOST)} == {200}
    assert {caller.api(PASSWORD).status_code for _ in range(2 * MOST)} == {200}
    for _ in range(MOST - 1):
        assert caller.page("wrong").status_code == 400
    assert caller.page(PASSWORD).status_code == 200
    assert caller.page("wrong").status_code == 400
    assert told_to_wait(caller.page(PASSWORD)), "nor do they take anything back"


def test_logins_that_are_tried_all_at_once_are_no_more(callers: tuple[Caller, Caller]) -> None:
    guesser, other = callers
    with ThreadPoolExecutor(40) as pool:
        answers = [*pool.map(guesser.page, ["wrong"] * 80)]
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(400) <= MOST
    assert set(statuses) == {400, 429}
    assert other.page(PASSWORD).status_code == 200


def test_on_a_space_the_address_is_the_one_that_its_proxy_tells(
    upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = two_providers(upstream) | {"CHATBOT_AUTH": f"{NAME}:{PASSWORD}", "SPACE_ID": "somebody/chatbot"}
    with RunningApp(tmp_path_factory.mktemp("space"), environment) as app, Visitor(app.url) as visitor:

        def status(forwarded: str, password: str) -> int:
            form, headers = {"username": NAME, "password": password}, {"X-Forwarded-For": forwarded}
            return visitor.http.post("/login", data=form, headers=headers).status_code

        assert {status(f"2001:db8::{number:x}, 10.0.0.1", "wrong") for number in range(MOST)} == {400}
        assert status("2001:db8::ffff, 10.0.0.2", PASSWORD) == 429
        assert status("2001:db8:0:1::1, 10.0.0.1", PASSWORD) == 200
