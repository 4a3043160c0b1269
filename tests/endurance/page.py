"""A page without a browser: calls the page's events through Gradio's queue and receives their updates."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
from gradio_client.utils import apply_diff

Json = dict[str, Any]
Update = list[Any]


class Wiring:
    """The page's events and components from /config, read once for all pages."""

    def __init__(self, url: str) -> None:
        config = httpx.get(f"{url}/config").json()
        self._components: dict[int, Json] = {each["id"]: each for each in config["components"]}
        self._events: list[Json] = config["dependencies"]
        (self._token,) = self.event("stop")["inputs"]

    def event(self, trigger: str) -> Json:
        """Returns the server's event for that trigger."""
        return next(
            each for each in self._events if each["backend_fn"] and trigger in [name for _, name in each["targets"]]
        )

    def data(self, event: Json, token: str, model: str) -> list[Any]:
        """Returns the values of the event's input components."""
        return [token if each == self._token else self._value(each, model) for each in event["inputs"]]

    def _value(self, component: int, model: str) -> Any:
        properties = self._components[component]["props"]
        return {"provider": "openai", "model": model}.get(properties.get("elem_id"), properties.get("value"))


class Page:
    """An open page of the session with that token."""

    def __init__(self, wiring: Wiring, http: httpx.Client, token: str) -> None:
        self.wiring = wiring
        self._http = http
        self._token = token
        self._hash = uuid4().hex[:12]

    def call(self, trigger: str, conversation_id: str, event_data: Json) -> None:
        """Calls an event without the queue. Raises AssertionError if it fails."""
        event, place = self.wiring.event(trigger), {"view": 1, "conversation_id": conversation_id}
        body = self._body(event, self.wiring.data(event, self._token, ""), place | event_data)
        response = self._http.post("/gradio_api/run/predict", json=body)
        assert response.status_code == 200, response.text

    @contextmanager
    def watching(
        self, event: Json, conversation_id: str, model: str, text: str, event_data: Json
    ) -> Iterator[Iterator[Update]]:
        """Yields the updates of an event; closes the page at the end of the block."""
        asked = {"view": 1, "conversation_id": conversation_id, "text": text} | event_data
        body = self._body(event, self.wiring.data(event, self._token, model), asked)
        joined = self._http.post("/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        stream = self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._hash})
        with stream as response:
            yield _updates(response.iter_lines())
        self._hash = uuid4().hex[:12]

    def _body(self, event: Json, data: list[Any], event_data: Json) -> Json:
        return {"data": data, "event_data": event_data or None, "fn_index": event["id"], "session_hash": self._hash}


def _updates(lines: Iterator[str]) -> Iterator[Update]:
    """Yields complete updates: from the second on, Gradio sends only the differences."""
    current: Update = []
    for line in lines:
        message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
        if message.get("msg") == "process_generating":
            assert message["success"], message
            data = message["output"]["data"]
            current = [apply_diff(old, new) for old, new in zip(current, data, strict=True)] if current else data
            yield current
        elif message.get("msg") in {"process_completed", "unexpected_error", "server_stopped"}:
            assert message["success"], message
            return
