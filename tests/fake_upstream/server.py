"""FakeUpstream: records each request, chooses a scenario and answers."""

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.fake_upstream.answers import Json, compose
from tests.fake_upstream.anthropic_wire import AnthropicDialect
from tests.fake_upstream.delivery import Delivery, Traffic, break_off, streamed, whole
from tests.fake_upstream.dialect import ApiError, Dialect
from tests.fake_upstream.faults import scenario_of_model
from tests.fake_upstream.openai_wire import OpenAIDialect
from tests.fake_upstream.refusals import ChatRequest, error_response, failure, headers_of, instead, refusal
from tests.fake_upstream.scenarios import Scenario

_OPENAI = OpenAIDialect()
_ANTHROPIC = AnthropicDialect()


@dataclass(frozen=True)
class Received:
    """A received request. Header names are in lower case; a body that is no JSON object is `{}`."""

    path: str
    headers: Mapping[str, str]
    body: Json
    query: str = ""


class FakeUpstream:
    """Serves OpenAI's and Anthropic's endpoints on one port inside its `with` block.

    A request's scenario is, in this order, that of the model's name (`fault:wrong_key`, `pace:50x500`, or `?model=` in
    the address), the next one of `queue()`, or `scenario`. The list of models uses only `scenario`.
    """

    def __init__(self, scenario: Scenario | None = None, *, port: int = 0) -> None:
        self.scenario = scenario or Scenario()
        self.port = port
        self.listed: list[Json] | None = None
        """Models to list in place of the default ones."""
        self.list_body: Any = None
        """The whole body of the list of models, if it is not as the protocol has it."""
        self.holds_list = False
        """Lists of models are answered once this is False again."""
        # list.append, deque.append and deque.popleft are atomic, so several threads may use them.
        self.all_requests: list[Received] = []
        self._queue: deque[Scenario] = deque()
        self._traffic = Traffic()

    @property
    def openai_url(self) -> str:
        """Base URL for an OpenAI client."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL for an Anthropic client."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Received]:
        """The requests but those for lists of models: an app that other tests share sends these at any time."""
        return [each for each in self.all_requests if not each.path.endswith("/models")]

    @property
    def open_streams(self) -> int:
        """Number of running answers, streamed or not."""
        return self._traffic.open_streams

    @property
    def connections(self) -> int:
        """Number of open connections, idle ones included."""
        return len(self._server.server_state.connections)

    @property
    def closed_early(self) -> int:
        """Number of answers whose client disconnected before the end."""
        return self._traffic.closed_early

    @property
    def last_close(self) -> float | None:
        """`time.monotonic()` when a client last disconnected before the end."""
        return self._traffic.last_close

    @property
    def first_tokens(self) -> list[float]:
        """`time.perf_counter()` just before each stream's first token was sent."""
        return self._traffic.first_tokens

    def queue(self, *scenarios: Scenario) -> None:
        """Adds one scenario for each of the next answers; the list of models uses none of them."""
        self._queue.extend(scenarios)

    def reset(self) -> None:
        """Resets all state, for the next test on the same server."""
        self.scenario = Scenario()
        self.listed = self.list_body = None
        self.holds_list = False
        self._queue.clear()
        self.all_requests.clear()
        self._traffic = Traffic()  # an answer of an earlier test that ends late counts no more

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", self.port), backlog=2048)
        # asyncio sets this only on its own sockets. Without it a small event may wait 40 ms for an ACK.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self._socket.getsockname()[1]
        self._server = uvicorn.Server(_config(self._application()))
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="fake-upstream")
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.001)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Silent answers would keep the server running.
        self._loop.call_soon_threadsafe(self._abort_connections)
        self._server.should_exit = True
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])

    def _abort_connections(self) -> None:
        for connection in self._server.server_state.connections:
            connection.transport.abort()

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._answer, methods=["POST"]),
                Route("/v1/messages", self._answer, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/{path:path}", self._unknown, methods=["GET", "POST"]),
            ]
        )

    async def _answer(self, request: Request) -> ASGIApp:
        asked = await self._receive(request)
        scenario = self._choose(asked)
        return instead(asked, scenario) or refusal(asked, scenario) or self._deliver(asked, scenario)

    async def _models(self, request: Request) -> ASGIApp:
        asked = await self._receive(request)
        while self.holds_list:
            await asyncio.sleep(0.01)
        scenario = _scenario_for(asked.dialect, self.scenario)
        models = asked.dialect.models()
        body = self.list_body or (models if self.listed is None else models | {"data": self.listed})
        listed = whole(body, 0, scenario)
        # A Traffic of its own, because lists of models do not count as answers.
        return instead(asked, scenario) or self._delivery(asked, scenario, listed, Traffic())

    async def _unknown(self, request: Request) -> Response:
        asked = await self._receive(request)
        error = ApiError(404, f"Invalid URL ({request.method} {request.url.path})")
        return error_response(asked.dialect, error, headers_of(asked.dialect, Scenario()))

    async def _receive(self, request: Request) -> ChatRequest:
        body = _object_of(await request.body())
        self.all_requests.append(Received(request.url.path, dict(request.headers), body, request.url.query))
        model = request.query_params.get("model") or str(body.get("model", ""))
        return ChatRequest(_dialect_of(request), model, _key_of(request), body, self.port)

    def _choose(self, asked: ChatRequest) -> Scenario:
        return _scenario_for(asked.dialect, scenario_of_model(asked.model) or self._next())

    def _next(self) -> Scenario:
        return self._queue.popleft() if self._queue else self.scenario

    def _deliver(self, asked: ChatRequest, scenario: Scenario) -> Delivery:
        speech = asked.dialect.speech(asked.body, compose(asked.body, scenario), drop_usage=scenario.drop_usage)
        if asked.streaming:
            parts = streamed(speech, scenario, asked.dialect.error_event(failure(asked, scenario)))
        else:
            finished = not scenario.end_without_finish
            parts = whole(speech.whole(finished=finished), len(speech.answer.pieces), scenario)
        return self._delivery(asked, scenario, parts, self._traffic)

    def _delivery(
        self, asked: ChatRequest, scenario: Scenario, parts: AsyncGenerator[bytes], traffic: Traffic
    ) -> Delivery:
        kind = "text/event-stream; charset=utf-8" if asked.streaming else "application/json"
        headers = {"content-type": kind} | headers_of(asked.dialect, scenario)

        def cut(scope: Scope) -> None:
            break_off(self._transport(scope), reset=scenario.reset)

        return Delivery(parts, headers, traffic=traffic, cut=cut)

    def _transport(self, scope: Scope) -> asyncio.Transport:
        connections = self._server.server_state.connections
        return next(
            each.transport for each in connections if isinstance(each, H11Protocol) and each.client == scope["client"]
        )


def _config(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Longer than any test, so that no connection closes while a client reuses it.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )


def _dialect_of(request: Request) -> Dialect:
    anthropic = request.url.path == "/v1/messages" or "anthropic-version" in request.headers
    return _ANTHROPIC if anthropic else _OPENAI


def _key_of(request: Request) -> str:
    authorization = request.headers.get("authorization", "")
    return request.headers.get("x-api-key") or authorization.removeprefix("Bearer ")


def _object_of(raw: bytes) -> Json:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _scenario_for(dialect: Dialect, scenario: Scenario) -> Scenario:
    if dialect is not _ANTHROPIC or scenario.anthropic_error is None:
        return scenario
    status, message = scenario.anthropic_error
    return replace(scenario, status=status, message=message, type=None)
