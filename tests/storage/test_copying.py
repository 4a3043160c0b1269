"""A data directory is copied into a database, once or in several goes."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.errors import SettingsError
from chatbot.storage import Store
from chatbot.storage.copying import Copied, copy_directory
from chatbot.storage.database_backend import DatabaseBackend
from tests.support.places import Place
from tests.support.postgres import PostgresServer
from tests.support.running import ROOT, clean_environment
from tests.support.stored_files import add_conversation, add_full_conversation, attach, contents, normalized

pytestmark = pytest.mark.tier2


def fill(directory: Path) -> tuple[str, str, str]:
    """Stores three sessions; returns a conversation of each."""
    store = Store(directory)
    full = add_full_conversation(store.memory("anna"))
    store.memory("anna").notes.create("My boat is green.")
    files = add_conversation(store.memory("ben"))
    attach(store.memory("ben"), files, "a.pdf", "a.png")
    long = add_conversation(store.memory("carl"), *["word " * 2000 for _ in range(10)])
    store.backend.secret()
    store.close()
    return full, files, long


def test_everything_arrives_and_a_repetition_changes_nothing(postgres: PostgresServer, tmp_path: Path) -> None:
    full, files, long = fill(tmp_path)
    url, told = postgres.create_database(), []
    backend = DatabaseBackend(url)
    assert copy_directory(tmp_path, backend, lambda done, of: told.append((done, of))) == Copied(3, 0)
    assert told == [(1, 3), (2, 3), (3, 3)]
    for session_id in ("anna", "ben", "carl"):
        assert Place(backend, session_id).files() == Place(tmp_path / "sessions", session_id).files()
    store = Store(backend)
    assert normalized(store.memory("anna"), full) == normalized(Place(tmp_path / "sessions", "anna").memory(), full)
    assert len(store.memory("ben").get_messages(files)[0].attachments) == 2
    store.memory("carl").add_message(long, "user", "After the copy")
    assert copy_directory(tmp_path, backend) == Copied(0, 3)
    assert contents(store.memory("carl"), long)[-1] == "After the copy"
    assert backend.secret() == (tmp_path / "secret").read_text()
    store.close()


def test_a_database_with_other_visitors_is_refused(postgres: PostgresServer, tmp_path: Path) -> None:
    fill(tmp_path)
    backend = DatabaseBackend(postgres.create_database())
    backend.secret()
    add_conversation(Store(backend).memory("doris"), "Hello")
    with pytest.raises(SettingsError, match="known by another secret"):
        copy_directory(tmp_path, backend)
    backend.close()


def test_the_command_says_what_it_did(postgres: PostgresServer, tmp_path: Path) -> None:
    fill(tmp_path)
    command = [sys.executable, str(ROOT / "app.py"), "--copy-from", str(tmp_path)]
    url = postgres.create_database()
    for line in ("Copied 3 sessions; 0 ", "Copied 0 sessions; 3 "):
        environment = clean_environment() | {"CHATBOT_DATABASE_URL": url}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
        assert done.stdout.startswith("3 of 3 sessions\n" + line)
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "--copy-from: expected CHATBOT_DATABASE_URL beside it\n")
