"""The client address of a request, as rate limits count it."""

from pathlib import Path

import pytest
from starlette.requests import Request

from chatbot.web.client_address import client_address
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import RunningApp, two_providers


def request_from(forwarded: str, own: str = "10.0.0.1") -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "headers": headers, "client": (own, 5) if own else None})


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.9", "192.0.2.9"),
        (" 192.0.2.9 , 10.0.0.7", "192.0.2.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("::ffff:c000:209", "192.0.2.9"),
        ("unknown, 192.0.2.9", "192.0.2.9"),
        ("999.0.2.9, , <b>, 192.0.2.9", "192.0.2.9"),
        ("192.0.2.9:4711", "10.0.0.1"),
        ("192.0.02.9", "10.0.0.1"),
        ("whatever", "10.0.0.1"),
        (",,", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_behind_a_proxy_the_first_valid_address_counts(forwarded: str, address: str) -> None:
    assert client_address(request_from(forwarded), behind_proxy=True) == address


@pytest.mark.parametrize("forwarded", ["192.0.2.9", "2001:db8::1", "whatever", ""])
def test_without_a_proxy_the_header_is_ignored(forwarded: str) -> None:
    assert client_address(request_from(forwarded), behind_proxy=False) == "10.0.0.1"


@pytest.mark.parametrize("behind_proxy", [True, False])
@pytest.mark.parametrize(
    ("own", "address"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_the_socket_address_is_normalized_in_the_same_way(own: str, address: str, behind_proxy: bool) -> None:
    assert client_address(request_from("", own), behind_proxy) == address


def test_other_spellings_of_an_address_share_its_rate_limit(upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | {"CHATBOT_MESSAGES_PER_MINUTE": "1", "SPACE_ID": "somebody/chatbot"}

    def status(app: RunningApp, forwarded: str) -> int:
        with Visitor(app.url) as visitor:
            headers = {"X-Forwarded-For": forwarded}
            return visitor.http.post("/chat", json={"message": "Hello"}, headers=headers).status_code

    with RunningApp(tmp_path, environment) as app:
        for first, *others in (
            ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::1", "nonsense, 2001:db8::3"),
            ("192.0.2.9", "::ffff:192.0.2.9", "1.2.3, 192.0.2.9, 10.0.0.1"),
            ("2001:db8:0:1::1",),
        ):
            assert status(app, first) == 200
            assert [status(app, other) for other in others] == [429] * len(others)
