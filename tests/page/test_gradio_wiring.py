"""The page as Gradio sees it: its wiring, its endpoint, and what its handlers accept."""

import inspect
import re
import subprocess
import sys
import time
from copy import deepcopy
from itertools import pairwise
from typing import Any, cast

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from chatbot.i18n import texts
from chatbot.page.scripts import ASSETS, early_script
from chatbot.web.gradio_patches import event_data
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import ROOT, RunningApp

Event = dict[str, Any]
FORGED = "0123456789abcdef0123456789abcdef.forged"


@pytest.fixture
def url(api_app: RunningApp) -> str:
    return api_app.url


@pytest.fixture
def client(url: str, upstream: FakeUpstream) -> Client:
    return Client(url, verbose=False)


@pytest.fixture
def events(url: str) -> list[Event]:
    return list(httpx.get(f"{url}/config").json()["dependencies"])


def test_enter_asks_for_the_answer_without_a_call_before(events: list[Event]) -> None:
    (entered,) = [
        event
        for event in events
        if any(target[1] == "submit" and not event["backend_fn"] for target in event["targets"])
    ]
    assert "chatbot.send(" in entered["js"]
    asked, applied = _one(events, "send"), _one(events, "apply")
    assert asked["queue"]
    assert not asked["js"], "a script would hold the request up"
    assert not applied["backend_fn"]


def test_stop_works_on_the_answer_and_not_on_gradios_event(events: list[Event]) -> None:
    by_button, on_server = sorted((event for event in events if "stop" in _names(event)), key=lambda e: e["backend_fn"])
    assert "chatbot.stop(" in by_button["js"]
    assert not on_server["queue"], "a full queue must not hold up a stop"
    assert not [event for event in events if event["cancels"]]


def test_a_messages_row_is_as_gradio_itself_would_hand_it_to_the_browser() -> None:
    written = (ASSETS / "messages.js").read_text("utf-8")
    for part in ("role,", 'content: [{ type: "text", text: ', "metadata: metadata ?? null", "options: null"):
        assert part in written
    content = [{"type": "text", "text": "x"}]
    row: dict[str, Any] = {"role": "user", "content": content, "metadata": None, "options": None}
    assert gr.Chatbot().postprocess([cast(Any, deepcopy(row))]).model_dump() == [row]


def test_gradio_brings_katex_along_as_a_module(url: str) -> None:
    found = re.search(r'<meta name="katex" data-script="(\S+)" data-style="(\S+)">', httpx.get(url).text)
    assert found
    script, style = (httpx.get(f"{url}/{path}") for path in found.groups())
    assert re.search(r"export\{\w+ as default\}", script.text)
    assert "renderToString" in script.text
    assert "KaTeX_Main" in style.text


def test_gradio_still_has_the_private_parts_that_the_chat_builds_on() -> None:
    assert "self._setup_events()" in inspect.getsource(gr.ChatInterface.__init__)
    source = inspect.getsource(gr.ChatInterface)
    for name in ("fake_api_btn", "api_response"):
        assert f"self.{name} = " in source or f"self.{name}: " in source, name


def test_gradios_queue_still_looks_for_work_as_often_as_it_is_told() -> None:
    source = inspect.getsource(gr.queueing.Queue)
    for name in ("sleep_when_free", "progress_update_sleep_when_free"):
        assert f"self.{name} = " in source, name
        assert f"await asyncio.sleep(self.{name})" in source, name
    for name in ("GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"):
        assert f'"{name}"' in source, name


def test_a_program_gets_the_text_as_it_grows(client: Client) -> None:
    updates = list(client.submit("Tell me a story", model="pace:50x60", api_name="/chat"))
    assert len(updates) > 1
    assert all(later.startswith(earlier) for earlier, later in pairwise(updates))


def test_a_program_is_remembered_and_another_is_not(client: Client, url: str) -> None:
    client.predict("My name is Alice", api_name="/chat")
    assert client.predict("What's my name?", api_name="/chat") == "Your name is Alice."
    assert "Alice" not in Client(url, verbose=False).predict("What's my name?", api_name="/chat")


def test_a_program_gets_a_failure_as_an_exception_with_our_sentence(client: Client) -> None:
    with pytest.raises(AppError, match="did not accept the API key"):
        client.predict("Hello", model="fault:echo_key", api_name="/chat")


def test_code_keeps_its_indentation(client: Client, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply="    if indented:\n        return 1\n"))
    assert client.predict("Code, please", api_name="/chat") == "    if indented:\n        return 1\n"


@pytest.mark.first_case
@pytest.mark.parametrize("token", [None, "", FORGED, 7, {"token": FORGED}])
def test_every_event_refuses_a_token_that_is_not_ours(
    token: object, client: Client, events: list[Event], url: str, upstream: FakeUpstream
) -> None:
    browser_state = _browser_state(url)
    asked = [event for event in events if event["backend_fn"] and browser_state in event["inputs"]]
    assert len(asked) >= 5
    for event in asked:
        data = [token if component == browser_state else "anything" for component in event["inputs"]]
        try:
            answer = client.predict(*data, fn_index=event["id"])
        except AppError:
            continue
        assert answer is None or "anything" not in str(answer) or "needs a valid session token" in str(answer), event
    assert [received for received in upstream.requests if received.body] == []


def _names(event: Event) -> list[str]:
    return [name for _, name in event["targets"]]


def _one(events: list[Event], trigger: str) -> Event:
    (found,) = (event for event in events if trigger in [name for _, name in event["targets"]])
    return found


def _browser_state(url: str) -> int:
    components = httpx.get(f"{url}/config").json()["components"]
    return next(int(component["id"]) for component in components if component["type"] == "browserstate")


@pytest.mark.tier2
def test_matplotlib_is_not_looked_for_at_every_update() -> None:
    command = "from chatbot.web.gradio_patches import skip_matplotlib as f; f(); import matplotlib"
    tried = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "ModuleNotFoundError" in tried.stderr or "ImportError" in tried.stderr


def test_gradio_forgets_a_page_whose_event_stream_was_closed(url: str, events: list[Event]) -> None:
    page, call = {"session_hash": "closed-page"}, f"{url}/gradio_api/queue"
    watch = _one(events, "watch")
    token = httpx.post(f"{url}/session").json()["token"]
    httpx.post(f"{call}/join", json=page | {"data": [token], "fn_index": watch["id"]}).raise_for_status()

    def first_line() -> str:
        with httpx.stream("GET", f"{call}/data", params=page) as stream:
            return next(stream.iter_lines())

    assert "session_not_found" not in first_line()
    deadline = time.monotonic() + 20
    while 'session_not_found":true' not in (line := first_line()):
        assert time.monotonic() < deadline, line


def test_gradio_still_keeps_an_events_data_where_it_is_read() -> None:
    for data, expected in (({"view": 3}, {"view": 3}), ("text", {}), (None, {})):
        assert event_data(gr.EventData(None, data)) == expected


def test_no_file_is_stored_and_nothing_calls_home(url: str) -> None:
    config = httpx.get(f"{url}/config").json()
    assert config["analytics_enabled"] is False
    assert httpx.post(f"{url}/gradio_api/upload", files={"files": b"x"}).status_code == 404


def test_a_link_preview_names_the_page_and_not_gradio(url: str) -> None:
    page = httpx.get(url).text
    head = page[: page.index("</head>")]
    told = dict(re.findall(r'<meta (?:property|name)="((?:og:|twitter:)?[a-z]+)" content="([^"]*)"', head))
    assert told["og:title"] == "Chatbot"
    assert told["og:description"] == told["description"] == texts("en")["preview.text"]
    assert "Click to try" not in page
    assert head.count("og:title") == 1
    assert "githubusercontent" not in head


def test_the_early_script_is_in_the_page_before_gradios(url: str) -> None:
    page = httpx.get(url).text
    assert 0 < page.index(early_script()) < page.index("window.gradio_config")


@pytest.mark.tier2
def test_the_import_reads_no_components_file_for_editors() -> None:
    program = """
import sys
opened = []
sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == "open" else None)
import chatbot.web.server
import gradio, inspect
print(sum("components" in path and path.endswith(".pyi") for path in opened))
print(inspect.getfile(gradio.Textbox).endswith("textbox.py"), "as before")
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout.split() == ["0", "True", "as", "before"]
