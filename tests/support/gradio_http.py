"""A client for Gradio's endpoints: calls any event that /config lists, with any data."""

import json
import secrets
from collections.abc import Iterable
from typing import Any

import httpx

Event = dict[str, Any]


class GradioEvents:
    """Calls the events of the page at `url`, hidden ones included."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=20)
        config = self._http.get("/config").json()
        self.components = {component["id"]: component for component in config["components"]}
        self.events: list[Event] = [event for event in config["dependencies"] if event["backend_fn"]]

    def data(self, event: Event, token: object, conversation_id: str) -> list[Any]:
        """Returns inputs for the event, with the token and the conversation id in every field that may take them."""
        return [self._value(self.components[component], token, conversation_id) for component in event["inputs"]]

    def run(self, event: Event, data: list[Any], event_data: object) -> httpx.Response:
        """Calls an event without the queue."""
        return self._http.post("/gradio_api/run/predict", json=self._body(event, data, event_data, "direct"))

    def queue(self, calls: Iterable[tuple[Event, list[Any], object]]) -> list[str]:
        """Queues all calls at once; returns the responses and stream lines until each call has ended or sent output."""
        session, waiting, lines = secrets.token_hex(8), set(), []
        for call in calls:
            joined = self.join(*call, session)
            lines.append(joined.text)
            if joined.status_code == 200:
                waiting.add(joined.json()["event_id"])
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                lines.append(line)
                message = json.loads(line.removeprefix("data: ") or "{}")
                if message.get("msg") in ("process_completed", "process_generating"):
                    waiting.discard(message["event_id"])
                if not waiting:
                    return lines
        return lines

    def join(self, event: Event, data: list[Any], event_data: object, session: str) -> httpx.Response:
        """Queues an event for the page with that session hash."""
        return self._http.post("/gradio_api/queue/join", json=self._body(event, data, event_data, session))

    def upload(self, name: str, content: bytes) -> httpx.Response:
        return self._http.post("/gradio_api/upload", files={"files": (name, content)})

    def _body(self, event: Event, data: list[Any], event_data: object, session: str) -> dict[str, Any]:
        return {"data": data, "event_data": event_data, "fn_index": event["id"], "session_hash": session}

    def _value(self, component: dict[str, Any], token: object, conversation_id: str) -> object:
        match component["type"]:
            case "browserstate":
                return token
            case "textbox":
                return component["props"].get("value") or conversation_id
        return component["props"].get("value")
