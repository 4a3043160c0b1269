"""Gradio's own endpoints, called as a stranger calls them who has read /config: every event with any data."""

import json
import secrets
from collections.abc import Iterable
from typing import Any

import httpx

Event = dict[str, Any]


class GradioDoor:
    """The page's events at `url`, hidden ones too."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=20)
        config = self._http.get("/config").json()
        self.components = {component["id"]: component for component in config["components"]}
        self.events: list[Event] = [event for event in config["dependencies"] if event["backend_fn"]]

    def data(self, event: Event, token: object, conversation_id: str) -> list[Any]:
        """What that event takes, with the token and the conversation in every place where they may count."""
        return [self._value(self.components[component], token, conversation_id) for component in event["inputs"]]

    def run(self, event: Event, data: list[Any], told: object) -> httpx.Response:
        """Call it directly."""
        return self._http.post("/gradio_api/run/predict", json=self._body(event, data, told, "direct"))

    def queue(self, calls: Iterable[tuple[Event, list[Any], object]]) -> list[str]:
        """Call them through the queue, together; returns what comes back, until each has ended or shown something."""
        session, waiting, seen = secrets.token_hex(8), set(), []
        for call in calls:
            joined = self.join(*call, session)
            seen.append(joined.text)
            if joined.status_code == 200:
                waiting.add(joined.json()["event_id"])
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answers:
            for line in answers.iter_lines():
                seen.append(line)
                told = json.loads(line.removeprefix("data: ") or "{}")
                if told.get("msg") in ("process_completed", "process_generating"):
                    waiting.discard(told["event_id"])
                if not waiting:
                    return seen
        return seen

    def join(self, event: Event, data: list[Any], told: object, session: str) -> httpx.Response:
        """Put it into the queue, as the page with that session hash."""
        return self._http.post("/gradio_api/queue/join", json=self._body(event, data, told, session))

    def upload(self, name: str, content: bytes) -> httpx.Response:
        """Upload a file."""
        return self._http.post("/gradio_api/upload", files={"files": (name, content)})

    def _body(self, event: Event, data: list[Any], told: object, session: str) -> dict[str, Any]:
        return {"data": data, "event_data": told, "fn_index": event["id"], "session_hash": session}

    def _value(self, component: dict[str, Any], token: object, conversation_id: str) -> object:
        match component["type"]:
            case "browserstate":
                return token
            case "textbox":
                return component["props"].get("value") or conversation_id
        return component["props"].get("value")
