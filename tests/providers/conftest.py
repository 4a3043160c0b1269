"""Fixtures of the tests of providers."""

from collections.abc import Iterator

import pytest

from tests.fake_upstream import FakeUpstream


@pytest.fixture(scope="package")
def upstream_server() -> Iterator[FakeUpstream]:
    """One that no app of other tests asks for its models meanwhile: the requests are counted here."""
    with FakeUpstream() as server:
        yield server
