"""Session isolation: no event and no route reads or changes the data of another session."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.storage.folder import DRAFT
from chatbot.web.session_tokens import SessionTokens
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import NO_CONVERSATION, Visitor, error_of
from tests.support.gradio_http import GradioEvents
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2

SECRET = "the-heron-nests-at-noon"
FORGED = SessionTokens("another server's").create()


@pytest.fixture(scope="module")
def app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    data = tmp_path_factory.mktemp("data")
    temporary = data / "temporary"
    temporary.mkdir()
    with RunningApp(data, two_providers(upstream_server) | {"TMPDIR": str(temporary)}) as running:
        yield running


@pytest.fixture(scope="module")
def gradio(app: RunningApp) -> GradioEvents:
    return GradioEvents(app.url)


class Victim:
    """A session whose conversations contain a secret, with an answer that is running."""

    def __init__(self, app: RunningApp, upstream: FakeUpstream) -> None:
        upstream.reset()
        self.api = Visitor(app.url)
        self.conversation_id = self.api.chat(f"Remember: {SECRET}")["conversation_id"]
        self.messages = [message["message_id"] for message in self.api.messages(self.conversation_id)]
        self.running_id = self.api.begin(f"Go on about {SECRET}", model="pace:5x9999")
        self.directory = app.data / "sessions" / self.api.token.partition(".")[0]

    def files(self) -> dict[str, bytes]:
        """Returns the session's files, except the running conversation and the draft file that it is written to."""
        paths = (path for path in self.directory.iterdir() if self.running_id not in path.name and path.name != DRAFT)
        return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def victim(app: RunningApp, upstream_server: FakeUpstream) -> Iterator[Victim]:
    victim = Victim(app, upstream_server)
    yield victim
    victim.api.close()


@pytest.fixture
def untouched(victim: Victim) -> Iterator[Victim]:
    """The victim. After the test, checks that its files are unchanged and that its answer is still running."""
    before = victim.files()
    yield victim
    assert victim.files() == before
    assert [each["title"] for each in victim.api.get("/conversations")["conversations"]].count("stolen") == 0
    assert victim.api.messages(victim.running_id)[-1]["status"] == "running"


def event_data(conversation_id: str, message_id: str = "") -> dict[str, str]:
    """Returns every field that the browser sends with any of the page's events."""
    return {"id": conversation_id, "message_id": message_id, "title": "stolen", "text": "stolen", "query": SECRET}


STRANGERS = ["another session's", "none", "empty", "forged", "of another kind"]


def token_of(stranger: str, app: RunningApp) -> object:
    if stranger == "another session's":
        return Visitor(app.url).call("POST", "/session").json()["token"]
    return {"none": None, "empty": "", "forged": FORGED, "of another kind": {"token": [FORGED]}}[stranger]


@pytest.mark.first_case
@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_page_event_reads_or_changes_another_session(
    stranger: str, app: RunningApp, gradio: GradioEvents, untouched: Victim
) -> None:
    token = token_of(stranger, app)
    stored, running, (question, answer) = untouched.conversation_id, untouched.running_id, untouched.messages
    targets = [(stored, event_data(stored, question)), (running, event_data(running))]
    targets += [(stored, event_data(question)), (stored, event_data(answer))]
    assert len(gradio.events) >= 25
    calls: list[tuple[dict[str, Any], list[Any], object]] = []
    for event in gradio.events:
        calls += [(event, gradio.data(event, token, conversation_id), each) for conversation_id, each in targets]
    answers = [gradio.run(*call).text for call in calls[:: len(targets)]] + gradio.queue(calls)
    assert len(answers) > len(calls)
    own_query = f'"query":"{SECRET}"'
    assert SECRET not in "".join(answers).replace(" ", "").replace(own_query, "")


def fill_in(path: str, conversation_id: str) -> str:
    others = {"attachment_id": "a" * 64, "note_id": NO_CONVERSATION, "message_id": NO_CONVERSATION, "model_id": "any"}
    return path.format(conversation_id=conversation_id, **others)


def routes(app: RunningApp) -> list[tuple[str, str]]:
    paths = Visitor(app.url).get("/openapi.json")["paths"]
    return [(method.upper(), path) for path, operations in paths.items() for method in operations]


def body_for(method: str, path: str) -> dict[str, Any]:
    """A body that the call takes."""
    if method == "PATCH":
        if path.endswith("/{message_id}"):
            return {"pinned": True}
        return {"text": "stolen"} if path.endswith("/summary") else {"title": "stolen"}
    return {}


def test_no_api_route_finds_another_sessions_conversation(app: RunningApp, untouched: Victim) -> None:
    session_routes = [route for route in routes(app) if "{conversation_id}" in route[1]]
    assert len(session_routes) >= 6
    with Visitor(app.url, str(token_of("another session's", app))) as stranger:
        for method, path in session_routes:
            answers = [
                stranger.call(method, fill_in(path, each), json=body_for(method, path))
                for each in (untouched.conversation_id, untouched.running_id, NO_CONVERSATION)
            ]
            assert {answer.status_code for answer in answers} == {404}, (method, path)
            assert len({answer.text for answer in answers}) == 1, "the same as for an id that never existed"
        for path in ("/chat", "/chat/stream"):
            body = {"message": "Hello", "conversation_id": untouched.conversation_id}
            assert error_of(stranger.call("POST", path, json=body))["code"] == "not_found"
        assert stranger.get("/conversations") == {"conversations": []}


@pytest.mark.parametrize("token", ["", FORGED], ids=["none", "forged"])
def test_session_routes_require_a_genuine_token(token: str, app: RunningApp, untouched: Victim) -> None:
    public = {"/health", "/models", "/chat", "/chat/stream"}
    session_routes = [route for route in routes(app) if route[1] not in public and route != ("POST", "/session")]
    assert len(session_routes) >= 9
    with Visitor(app.url, token) as stranger:
        for method, path in session_routes:
            answer = stranger.call(method, fill_in(path, untouched.conversation_id), json={"title": "stolen"})
            assert answer.status_code == 401, (method, path)
            assert SECRET not in answer.text


def test_another_sessions_file_cannot_be_fetched(app: RunningApp, untouched: Victim) -> None:
    path = untouched.directory / f"{untouched.conversation_id}.json"
    assert SECRET in path.read_text("utf-8")
    stranger = Visitor(app.url)
    for address in (f"/gradio_api/file={path}", f"/gradio_api/file/{path}", f"/file={path}", f"/file/{path}"):
        answer = stranger.http.get(address)
        assert answer.status_code == 404, address
        assert SECRET not in answer.text


def paths_outside_sessions(app: RunningApp) -> set[Path]:
    """Returns the paths in the data directory that belong to no session."""
    return {path for path in app.data.rglob("*") if "sessions" not in path.parts}


def test_gradio_accepts_no_upload_without_a_session(app: RunningApp, gradio: GradioEvents) -> None:
    before = paths_outside_sessions(app)
    assert gradio.upload("talk.json", b"{}").status_code == 404
    assert paths_outside_sessions(app) == before


def test_a_path_or_url_in_event_data_is_not_read_or_stored(
    app: RunningApp, gradio: GradioEvents, untouched: Victim
) -> None:
    before = paths_outside_sessions(app)
    for path in (str(untouched.directory / f"{untouched.conversation_id}.json"), "http://example.invalid/large"):
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        calls = [(event, [file for _ in event["inputs"]], None) for event in gradio.events]
        answers = [gradio.run(*call).text for call in calls] + gradio.queue(calls)
        assert SECRET not in "".join(answers)
    assert paths_outside_sessions(app) == before
