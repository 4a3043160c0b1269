"""What is one session's is nobody else's, whichever event or route a stranger calls, and with whatever."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.storage.atomic_json import DRAFT
from chatbot.web.session_tokens import SessionTokens
from tests.api import NO_CONVERSATION, Visitor, error_of
from tests.fake_upstream import FakeUpstream
from tests.gradio_http import GradioDoor
from tests.running import RunningApp, two_providers

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
def door(app: RunningApp) -> GradioDoor:
    return GradioDoor(app.url)


class Victim:
    """A session with a secret in all that it has, and an answer under way."""

    def __init__(self, app: RunningApp, upstream: FakeUpstream) -> None:
        upstream.reset()
        self.api = Visitor(app.url)
        self.kept = self.api.chat(f"Remember: {SECRET}")["conversation_id"]
        self.messages = [message["message_id"] for message in self.api.messages(self.kept)]
        self.running = self.api.begin(f"Go on about {SECRET}", model="pace:5x9999")
        self.directory = app.data / "sessions" / self.api.token.partition(".")[0]

    def files(self) -> dict[str, bytes]:
        """Everything on disk, but for the answer that grows, and the draft that it is written to."""
        kept = (path for path in self.directory.iterdir() if self.running not in path.name and path.name != DRAFT)
        return {path.name: path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def victim(app: RunningApp, upstream_server: FakeUpstream) -> Iterator[Victim]:
    somebody = Victim(app, upstream_server)
    yield somebody
    somebody.api.close()


@pytest.fixture
def untouched(victim: Victim) -> Iterator[Victim]:
    """The victim, who has everything after the test that they had before, and whose answer runs on."""
    before = victim.files()
    yield victim
    assert victim.files() == before
    assert [each["title"] for each in victim.api.get("/conversations")["conversations"]].count("stolen") == 0
    assert victim.api.messages(victim.running)[-1]["status"] == "running"


def told(conversation_id: str, message_id: str = "") -> dict[str, str]:
    """What a browser could tell of any event of the page's."""
    return {"id": conversation_id, "message_id": message_id, "title": "stolen", "text": "stolen", "query": SECRET}


STRANGERS = ["none", "empty", "forged", "of another kind", "another session's"]


def token_of(stranger: str, app: RunningApp) -> object:
    if stranger == "another session's":
        return Visitor(app.url).call("POST", "/session").json()["token"]
    return {"none": None, "empty": "", "forged": FORGED, "of another kind": {"token": [FORGED]}}[stranger]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_event_of_the_page_shows_or_changes_anything_of_anothers(
    stranger: str, app: RunningApp, door: GradioDoor, untouched: Victim
) -> None:
    token = token_of(stranger, app)
    kept, running, (question, answer) = untouched.kept, untouched.running, untouched.messages
    named = [(kept, told(kept, question)), (running, told(running)), (kept, told(question)), (kept, told(answer))]
    assert len(door.events) >= 25
    calls: list[tuple[dict[str, Any], list[Any], object]] = []
    for event in door.events:
        calls += [(event, door.data(event, token, conversation_id), each) for conversation_id, each in named]
    answers = [door.run(*call).text for call in calls[:: len(named)]] + door.queue(calls)
    assert len(answers) > len(calls)
    own_query = f'"query":"{SECRET}"'
    assert SECRET not in "".join(answers).replace(" ", "").replace(own_query, "")


A_FILE = "a" * 64
"""A file's id, as one may be guessed."""


def routes(app: RunningApp) -> list[tuple[str, str]]:
    paths = Visitor(app.url).get("/openapi.json")["paths"]
    return [(method.upper(), path) for path, operations in paths.items() for method in operations]


def test_no_route_of_the_api_knows_anothers_conversation(app: RunningApp, untouched: Victim) -> None:
    owned = [route for route in routes(app) if "{conversation_id}" in route[1]]
    assert len(owned) >= 6
    with Visitor(app.url, str(token_of("another session's", app))) as stranger:
        for method, path in owned:
            answers = [
                stranger.call(method, path.format(conversation_id=each, attachment_id=A_FILE), json={"title": "stolen"})
                for each in (untouched.kept, untouched.running, NO_CONVERSATION)
            ]
            assert {answer.status_code for answer in answers} == {404}, (method, path)
            assert len({answer.text for answer in answers}) == 1, "as one that never existed"
        for path in ("/chat", "/chat/stream"):
            body = {"message": "Hello", "conversation_id": untouched.kept}
            assert error_of(stranger.call("POST", path, json=body))["code"] == "not_found"
        assert stranger.get("/conversations") == {"conversations": []}


@pytest.mark.parametrize("token", ["", FORGED], ids=["none", "forged"])
def test_no_route_of_a_sessions_answers_without_a_genuine_token(token: str, app: RunningApp, untouched: Victim) -> None:
    open_to_all = {"/health", "/models", "/chat", "/chat/stream"}
    owned = [route for route in routes(app) if route[1] not in open_to_all and route != ("POST", "/session")]
    assert len(owned) >= 9
    with Visitor(app.url, token) as stranger:
        for method, path in owned:
            answer = stranger.call(
                method, path.format(conversation_id=untouched.kept, attachment_id=A_FILE), json={"title": "stolen"}
            )
            assert answer.status_code == 401, (method, path)
            assert SECRET not in answer.text


def test_no_file_of_anothers_can_be_fetched(app: RunningApp, untouched: Victim) -> None:
    path = untouched.directory / f"{untouched.kept}.json"
    assert SECRET in path.read_text("utf-8")
    stranger = Visitor(app.url)
    for address in (f"/gradio_api/file={path}", f"/gradio_api/file/{path}", f"/file={path}", f"/file/{path}"):
        answer = stranger.http.get(address)
        assert answer.status_code == 404, address
        assert SECRET not in answer.text


def outside_of_sessions(app: RunningApp) -> set[Path]:
    """Everything that the app has on disk and that belongs to no session."""
    return {path for path in app.data.rglob("*") if "sessions" not in path.parts}


def test_gradio_takes_no_file_from_whoever_has_no_session(app: RunningApp, door: GradioDoor) -> None:
    before = outside_of_sessions(app)
    assert door.upload("talk.json", b"{}").status_code == 404
    assert outside_of_sessions(app) == before


def test_an_event_that_is_told_a_path_or_an_address_neither_reads_nor_keeps_a_file(
    app: RunningApp, door: GradioDoor, untouched: Victim
) -> None:
    before = outside_of_sessions(app)
    for named in (str(untouched.directory / f"{untouched.kept}.json"), "http://example.invalid/large"):
        file = {"path": named, "meta": {"_type": "gradio.FileData"}}
        calls = [(event, [file for _ in event["inputs"]], None) for event in door.events]
        answers = [door.run(*call).text for call in calls] + door.queue(calls)
        assert SECRET not in "".join(answers)
    assert outside_of_sessions(app) == before
