"""Quotas, and the deletion of inactive sessions."""

import os
import time
from pathlib import Path

import pytest

from chatbot.errors import TooManyConversations, TooManySessions
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.storage.quotas import Quotas
from chatbot.storage.saved_prompts import MAX_SAVED_PROMPTS
from chatbot.transfer import export_zip, import_file
from tests.fake_upstream import FakeUpstream
from tests.storage.conftest import OpenStore
from tests.support.api_client import Visitor, error_of
from tests.support.running import RunningApp, two_providers
from tests.support.stored_files import add_conversation, read_files

DAY = 86_400


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store(Quotas(sessions=2, conversations=3))


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    """The directory of the sessions, if the store is one of files."""
    return tmp_path / "data" / "sessions"


def test_the_number_of_conversations_in_a_session_is_limited(store: Store) -> None:
    memory = store.memory("one")
    first, *_ = [add_conversation(memory, "Hello") for _ in range(3)]
    with pytest.raises(TooManyConversations):
        add_conversation(memory, "Hello")
    assert len(memory.list_conversations()) == 3
    memory.delete_conversation(first)
    add_conversation(memory, "There is space again")


def test_an_import_beyond_the_quota_changes_nothing(store: Store, sessions: Path) -> None:
    memory = store.memory("one")
    add_conversation(memory, "One")
    add_conversation(memory, "Two")
    before = read_files(sessions / "one")
    with pytest.raises(TooManyConversations):
        import_file(memory, export_zip(memory))
    assert read_files(sessions / "one") == before


def test_the_number_of_sessions_is_limited(store: Store) -> None:
    add_conversation(store.memory("one"), "Hello")
    store.memory("two").prompts.save("Pirate", "Arr.")
    with pytest.raises(TooManySessions) as full:
        add_conversation(store.memory("three"), "Hello")
    assert full.value.retry_after
    with pytest.raises(TooManySessions):
        store.memory("three").prompts.save("Pirate", "Arr.")
    add_conversation(store.memory("one"), "Those who are here go on")
    store.memory("two").delete_all()
    add_conversation(store.memory("three"), "There is space again")


def test_the_number_of_saved_prompts_is_limited(store: Store) -> None:
    memory = store.memory("one")
    for number in range(MAX_SAVED_PROMPTS):
        memory.prompts.save(f"prompt {number}", "Be brief.")
    memory.prompts.save("prompt 0", "Be briefer.")
    with pytest.raises(TooManyConversations, match="100 instructions"):
        memory.prompts.save("one more", "Be brief.")


def test_inactive_sessions_are_deleted_and_visited_ones_are_not(store: Store, sessions: Path) -> None:
    old, new = store.memory("old"), store.memory("new")
    add_conversation(old, "Hello")
    add_conversation(new, "Hello")
    long_ago = time.time() - 31 * DAY
    for name in ("old", "new"):
        os.utime(sessions / name, (long_ago, long_ago))
    new._directory._last_visit = -float("inf")  # as an hour later, or in another process
    assert len(store.memory("new").list_conversations()) == 1
    assert store.delete_inactive_sessions(30) == 1
    assert [path.name for path in sessions.iterdir()] == ["new"]
    assert old.list_conversations() == []
    assert store.delete_inactive_sessions(30) == 0


def test_inactive_sessions_of_the_first_format_are_deleted(store: Store, sessions: Path) -> None:
    sessions.mkdir(parents=True)
    long_ago = time.time() - 31 * DAY
    for name in ("0123.json", "4567.damaged-1", "89ab.json"):
        (sessions / name).write_text("{}")
        if name != "89ab.json":
            os.utime(sessions / name, (long_ago, long_ago))
    assert store.delete_inactive_sessions(30) == 1
    assert [path.name for path in sessions.iterdir()] == ["89ab.json"]


def test_only_a_space_deletes_sessions_and_limits_answers_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().keep_days() == 0
    assert Settings.load().longest_answer() == 0
    monkeypatch.setenv("SPACE_ID", "somebody/chatbot")
    assert Settings.load().keep_days() == 30
    assert Settings.load().longest_answer() == 2000
    assert Settings.load(chatbot_keep_days="0", chatbot_longest_answer="0").keep_days() == 0
    assert Settings.load(chatbot_longest_answer="0").longest_answer() == 0


def test_the_app_deletes_inactive_sessions_and_reports_exceeded_quotas(upstream: FakeUpstream, tmp_path: Path) -> None:
    inactive = tmp_path / "sessions" / ("0" * 32)
    inactive.mkdir(parents=True)
    os.utime(inactive, (1, 1))
    limits = {
        "CHATBOT_KEEP_DAYS": "30",
        "CHATBOT_MOST_CONVERSATIONS": "1",
        "CHATBOT_MOST_SESSIONS": "1",
        "CHATBOT_LONGEST_ANSWER": "100",
    }
    with RunningApp(tmp_path, two_providers(upstream) | limits) as app, Visitor(app.url) as visitor:
        visitor.chat("Hello", max_tokens=100)
        assert not inactive.exists()
        refused = visitor.call("POST", "/chat", json={"message": "Hello", "max_tokens": 100})
        assert (refused.status_code, error_of(refused)["code"]) == (409, "too_many_conversations")
        refused = visitor.call("POST", "/chat", json={"message": "Hello", "max_tokens": 101})
        assert (refused.status_code, error_of(refused)["code"]) == (422, "invalid")
        assert "100 tokens at most" in error_of(refused)["message"]
        refused = Visitor(app.url).call("POST", "/chat", json={"message": "Hello", "max_tokens": 9})
        assert (refused.status_code, error_of(refused)["code"]) == (503, "full")
        assert int(refused.headers["retry-after"]) > 0
