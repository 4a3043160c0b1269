"""A page that has left a view is sent no more of its answer, whichever the server hears of first."""

from collections.abc import Iterator

import httpx
import pytest

from tests.endurance.page import Page, Wiring
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import RunningApp

ENDLESS = "pace:50x100000"


@pytest.fixture
def page(api_app: RunningApp, upstream: FakeUpstream, visitor: Visitor) -> Iterator[Page]:
    """A page without a browser. Its session, and what runs in it, ends with the test."""
    visitor.token = visitor.http.post("/session").json()["token"]
    with httpx.Client(base_url=api_app.url, timeout=30) as http:
        yield Page(Wiring(api_app.url), http, visitor.token)


def test_an_answer_of_a_view_that_was_left_before_is_not_sent(page: Page) -> None:
    page.call("leave", "", {"view": 1})
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 1}) as updates:
        assert next(updates, None) is None


def test_an_answer_of_the_view_that_follows_is_sent(page: Page) -> None:
    page.call("leave", "", {"view": 1})
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 2}) as updates:
        assert next(updates)


def test_leaving_a_view_ends_its_updates_on_that_page_only(page: Page) -> None:
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 1}) as updates:
        assert next(updates)
        page.call("leave", "", {"view": 1})
        for _ in updates:
            pass
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 1}) as updates:
        assert next(updates)
