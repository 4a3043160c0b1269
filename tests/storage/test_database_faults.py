"""PostgreSQL fails: nothing that was acknowledged is lost, the reason is one sentence, and it goes on by itself."""

import signal
from collections.abc import Iterator

import psycopg
import pytest

from chatbot.errors import SettingsError, StorageError
from chatbot.storage import ConversationMemory, Store
from chatbot.storage.database_backend import DatabaseBackend
from tests.support.postgres import PostgresServer
from tests.support.stored_files import add_conversation, contents

pytestmark = pytest.mark.tier2

SENTENCE = "database cannot be reached or refuses at the moment, so nothing was saved"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.create_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(DatabaseBackend(url))
    yield store
    store.close()


@pytest.fixture
def memory(store: Store) -> ConversationMemory:
    return store.memory("anna")


def end_connections(postgres: PostgresServer, url: str) -> None:
    """Ends all connections to the database."""
    name = url.rpartition("/")[2]
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 - our own name


def change(postgres: PostgresServer, url: str, setting: str) -> None:
    """Changes a setting of the database, for connections from now on, and ends all others."""
    postgres.execute(f"ALTER DATABASE {url.rpartition('/')[2]} {setting}")
    end_connections(postgres, url)


def test_a_lost_connection_is_made_anew(memory: ConversationMemory, postgres: PostgresServer, url: str) -> None:
    conversation_id = add_conversation(memory, "before")
    end_connections(postgres, url)
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]


def test_a_transaction_whose_connection_is_lost_stores_nothing(
    memory: ConversationMemory, postgres: PostgresServer, url: str
) -> None:
    conversation_id = add_conversation(memory, "before")
    with pytest.raises(StorageError, match=SENTENCE), memory.transaction(conversation_id):
        memory.add_message(conversation_id, "user", "lost")
        end_connections(postgres, url)
    assert contents(memory, conversation_id) == ["before"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_ends_and_starts_again_loses_nothing(
    memory: ConversationMemory, postgres: PostgresServer, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.storage.database.WAIT_SECONDS", 0.3)
    conversation_id = add_conversation(memory, "before")
    postgres.stop(how)
    try:
        for refused in (
            lambda: memory.add_message(conversation_id, "user", "lost"),
            lambda: memory.get_messages(conversation_id),
            memory.delete_all,
        ):
            with pytest.raises(StorageError, match=SENTENCE):
                refused()
    finally:
        postgres.start()
    monkeypatch.undo()
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]


def test_a_database_that_became_read_only_can_be_read(
    memory: ConversationMemory, postgres: PostgresServer, url: str
) -> None:
    conversation_id = add_conversation(memory, "before")
    change(postgres, url, "SET default_transaction_read_only = on")
    for refused in (
        lambda: memory.add_message(conversation_id, "user", "lost"),
        lambda: memory.prompts.save("a", "b"),
        memory.delete_all,
    ):
        with pytest.raises(StorageError, match=SENTENCE):
            refused()
        assert contents(memory, conversation_id) == ["before"]
    change(postgres, url, "RESET default_transaction_read_only")
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]


def test_a_database_with_too_many_connections_refuses_until_some_end(
    postgres: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.storage.database.WAIT_SECONDS", 0.3)
    name, role = url.rpartition("/")[2], f"visitor_of_{url.rpartition('/')[2]}"
    postgres.execute(f"CREATE ROLE {role} LOGIN")
    postgres.execute(f"ALTER DATABASE {name} OWNER TO {role}")
    backend = DatabaseBackend(url.replace("postgres@", f"{role}@"))
    memory = Store(backend).memory("anna")
    conversation_id = add_conversation(memory, "before")
    change(postgres, url, "CONNECTION LIMIT 0")
    with pytest.raises(StorageError, match=SENTENCE):
        memory.add_message(conversation_id, "user", "lost")
    with pytest.raises(SettingsError, match=r"^CHATBOT_DATABASE_URL=\(hidden\): .*too many connections"):
        DatabaseBackend(url.replace("postgres@", f"{role}@"))
    change(postgres, url, "CONNECTION LIMIT -1")
    monkeypatch.undo()
    memory.add_message(conversation_id, "user", "after")
    assert contents(memory, conversation_id) == ["before", "after"]
    backend.close()


def test_a_statement_that_failed_unnoticed_is_not_acknowledged(store: Store, memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "before")
    folder = memory._directory.folder
    with pytest.raises(StorageError), memory.transaction(conversation_id):
        memory.add_message(conversation_id, "user", "lost")
        with pytest.raises(Exception, match="chatbot_no_such_table"):
            folder._execute("SELECT * FROM chatbot_no_such_table")  # type: ignore[attr-defined]
    assert contents(memory, conversation_id) == ["before"]


@pytest.mark.parametrize(("part", "other"), [("/test", "/none"), ("127.0.0.1", "no.invalid"), ("postgres@", "no@")])
def test_an_unusable_database_is_one_line_at_the_start(url: str, part: str, other: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^CHATBOT_DATABASE_URL=\(hidden\): expected a PostgreSQL to use; .+"
    ) as line:
        DatabaseBackend(url.replace(part, other))
    assert "\n" not in str(line.value)


def test_tables_of_a_newer_version_are_refused_and_left(postgres: PostgresServer, url: str) -> None:
    DatabaseBackend(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE chatbot_version SET version = 99")
    with pytest.raises(SettingsError, match="newer version"):
        DatabaseBackend(url)
