"""A program may send anything in the settings' fields, which Gradio hands on as they are: what is no text is empty."""

from typing import Any

import httpx
import pytest

from tests.endurance.page import Page, Wiring
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import RunningApp


class Forged(Wiring):
    """Sends `junk` in every field but those that are `kept`."""

    def __init__(self, url: str, junk: object, kept: tuple[str, ...]) -> None:
        super().__init__(url)
        self._junk, self._kept = junk, kept

    def _value(self, component: int, model: str) -> Any:
        name = self._components[component]["props"].get("elem_id")
        return super()._value(component, model) if name in self._kept else self._junk


@pytest.mark.parametrize("kept", [("provider", "model"), ()], ids=["the model is chosen", "nothing is"])
@pytest.mark.parametrize("junk", [7, -1.5, True, [1], {"a": "b"}, None], ids=repr)
def test_fields_that_are_no_texts_count_as_empty(
    junk: object, kept: tuple[str, ...], api_app: RunningApp, upstream: FakeUpstream, visitor: Visitor
) -> None:
    visitor.token = visitor.http.post("/session").json()["token"]
    with httpx.Client(base_url=api_app.url, timeout=30) as http:
        page = Page(Forged(api_app.url, junk, kept), http, visitor.token)
        with page.watching(page.wiring.event("send"), "", "gpt-fake", "Hello", {}) as updates:
            last = [update for (update,) in updates][-1]
    (conversation,) = visitor.call("GET", "/conversations").json()["conversations"]
    stored = visitor.call("GET", f"/conversations/{conversation['conversation_id']}").json()["messages"]
    assert [each["status"] for each in stored] == ["complete", "complete"], last
