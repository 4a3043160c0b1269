"""Three processes on one PostgreSQL behind HAProxy, as the README sets them up."""

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import Visitor, error_of, text_of
from tests.support.haproxy import HAProxy
from tests.support.postgres import PostgresServer
from tests.support.reply_setup import until
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2


@pytest.fixture(scope="module")
def apps(
    postgres: PostgresServer, upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RunningApp]]:
    """Three processes. A test that ends one starts it again."""
    environment = two_providers(upstream_server) | {"CHATBOT_DATABASE_URL": postgres.create_database()}
    three = [RunningApp(tmp_path_factory.mktemp("process"), environment) for _ in range(3)]
    with ExitStack() as running:
        with ThreadPoolExecutor() as pool:
            list(pool.map(running.enter_context, three))
        yield three


def test_any_of_three_processes_serves_any_visitor(
    apps: list[RunningApp], upstream: FakeUpstream, tmp_path: Path
) -> None:
    one, other, third = (Visitor(each.url) for each in apps)
    upstream.scenario = Scenario(tokens=2000, tokens_per_second=50)
    conversation_id = one.begin("Hello")
    other.token = third.token = one.token
    refused = other.call("POST", "/chat", json={"message": "Me too", "conversation_id": conversation_id})
    assert (refused.status_code, error_of(refused)["code"]) == (409, "busy")
    with other.watching("GET", f"/conversations/{conversation_id}/stream") as answer:
        seen = [next(answer), next(answer)]
        assert third.stop(conversation_id) == "stopped"
        seen += answer
    assert seen[-1].data["finish_reason"] == "stopped"
    assert [each.messages(conversation_id)[-1]["content"] for each in (one, other, third)] == [text_of(seen)] * 3
    assert other.call("DELETE", f"/conversations/{conversation_id}").status_code == 200
    assert all(each.get("/conversations")["conversations"] == [] for each in (one, other, third))


def test_the_proxy_keeps_a_visitor_on_a_process_until_it_ends(
    apps: list[RunningApp], upstream: FakeUpstream, tmp_path: Path
) -> None:
    upstream.scenario = Scenario(tokens=3)
    with HAProxy(tmp_path, [each.port for each in apps]) as proxy, Visitor(proxy.url) as visitor:
        conversation_id = visitor.chat("Hello")["conversation_id"]
        serving = visitor.http.cookies["CHATBOT"]
        visitor.chat("And again", conversation_id=conversation_id)
        assert visitor.http.cookies["CHATBOT"] == serving
        ending = apps[("one", "two", "three").index(serving)]
        ending.stop(signal.SIGTERM)
        until_served(visitor)
        assert visitor.http.cookies["CHATBOT"] != serving
        visitor.chat("Still here", conversation_id=conversation_id)
        assert len(visitor.messages(conversation_id)) == 6
        ending.start()


def until_served(visitor: Visitor) -> None:
    """Waits until the proxy sends the visitor to a process that runs."""
    asyncio.run(until(lambda: visitor.call("GET", "/health").status_code == 200))
