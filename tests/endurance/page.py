"""A page without its browser: it calls the page's own events over Gradio's queue, and hears what a page would."""

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
    """The page's events and components as /config tells them, read once for all pages."""

    def __init__(self, url: str) -> None:
        config = httpx.get(f"{url}/config").json()
        self._components: dict[int, Json] = {each["id"]: each for each in config["components"]}
        self._events: list[Json] = config["dependencies"]
        self._token, self.conversation = self.event("stop")["inputs"]
        self._box = self.event("stop")["targets"][0][0]

    def event(self, trigger: str) -> Json:
        """The event that the server answers when that happens."""
        return next(
            each for each in self._events if each["backend_fn"] and trigger in [name for _, name in each["targets"]]
        )

    def data(self, event: Json, token: str, conversation_id: str, model: str, text: str) -> list[Any]:
        """What a page sends with the event: its components' values."""
        known = {self._token: token, self.conversation: conversation_id}
        if event is self.event("send"):
            known[event["inputs"][0]] = text
        return [known.get(each, self._value(each, model)) for each in event["inputs"]]

    def box_is_free(self, event: Json, update: Update) -> bool:
        """Whether the update leaves the message box ready for the next message."""
        box = update[event["outputs"].index(self._box)]
        return bool(box.get("submit_btn")) and not box.get("stop_btn")

    def _value(self, component: int, model: str) -> Any:
        properties = self._components[component]["props"]
        return {"provider": "openai", "model": model}.get(properties.get("elem_id"), properties.get("value"))


class Page:
    """A page that is open, of the session with that token."""

    def __init__(self, wiring: Wiring, http: httpx.Client, token: str) -> None:
        self.wiring = wiring
        self._http = http
        self._token = token
        self._hash = uuid4().hex[:12]

    def call(self, trigger: str, conversation_id: str, told: Json) -> None:
        """An event that is done at once. Raises AssertionError where the server did not do it."""
        event = self.wiring.event(trigger)
        body = self._body(event, self.wiring.data(event, self._token, conversation_id, "", ""), told)
        response = self._http.post("/gradio_api/run/predict", json=body)
        assert response.status_code == 200, response.text

    @contextmanager
    def watching(
        self, event: Json, conversation_id: str, model: str, text: str, told: Json
    ) -> Iterator[Iterator[Update]]:
        """The updates of an event; leaving closes the page."""
        body = self._body(event, self.wiring.data(event, self._token, conversation_id, model, text), told)
        joined = self._http.post("/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        stream = self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._hash})
        with stream as response:
            yield _updates(response.iter_lines())
        self._hash = uuid4().hex[:12]

    def _body(self, event: Json, data: list[Any], told: Json) -> Json:
        return {"data": data, "event_data": told or None, "fn_index": event["id"], "session_hash": self._hash}


def _updates(lines: Iterator[str]) -> Iterator[Update]:
    """Each update whole: from the second on, Gradio sends only what is another than before."""
    now: Update = []
    for line in lines:
        message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
        if message.get("msg") == "process_generating":
            assert message["success"], message
            data = message["output"]["data"]
            now = [apply_diff(old, new) for old, new in zip(now, data, strict=True)] if now else data
            yield now
        elif message.get("msg") in {"process_completed", "unexpected_error", "server_stopped"}:
            assert message["success"], message
            return
