"""Fixtures of the tests of the page."""

from collections.abc import Iterator

import httpx
import pytest

from tests.endurance.page import Page, Wiring
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import RunningApp


@pytest.fixture
def page(api_app: RunningApp, upstream: FakeUpstream, visitor: Visitor) -> Iterator[Page]:
    """A page without a browser. Its session, and what runs in it, ends with the test."""
    visitor.token = visitor.http.post("/session").json()["token"]
    with httpx.Client(base_url=api_app.url, timeout=30) as http:
        yield Page(Wiring(api_app.url), http, visitor.token)
