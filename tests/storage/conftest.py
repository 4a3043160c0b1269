"""The same tests on files and on PostgreSQL; a test that asks for `path` looks at files itself."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.storage import ConversationMemory, Store
from chatbot.storage.backend import Backend
from chatbot.storage.database_backend import DatabaseBackend
from chatbot.storage.quotas import Quotas
from tests.support.places import Place
from tests.support.postgres import PostgresServer

OpenStore = Callable[..., Store]

ON_FILES = ("path", "tmp_path", "directory", "sessions")
"""What tests of files ask for."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs tests of `place`, `memory` and `open_store` on both."""
    if "keeper" in metafunc.fixturenames:
        database = pytest.param("postgres", marks=pytest.mark.tier2)
        is_of_files = any(name in ON_FILES for name in inspect.signature(metafunc.function).parameters)
        metafunc.parametrize("keeper", ["files"] if is_of_files else ["files", database], indirect=True)


@pytest.fixture(scope="session")
def database(postgres: PostgresServer) -> Iterator[DatabaseBackend]:
    """One database for all tests of single sessions."""
    backend = DatabaseBackend(postgres.create_database())
    yield backend
    backend.close()


@pytest.fixture
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Backend:
    """A directory of sessions, or a database."""
    if request.param == "files":
        return tmp_path
    backend: Backend = request.getfixturevalue("database")
    return backend


@pytest.fixture
def place(keeper: Path | Backend) -> Place:
    """A session that does not exist yet."""
    return Place(keeper, "the-session" if isinstance(keeper, Path) else uuid4().hex)


@pytest.fixture
def memory(place: Place) -> ConversationMemory:
    """The memory of that session."""
    return place.memory()


@pytest.fixture
def other(keeper: Path | Backend) -> ConversationMemory:
    """The memory of another session."""
    return Place(keeper, "another-session" if isinstance(keeper, Path) else uuid4().hex).memory()


@pytest.fixture
def open_store(request: pytest.FixtureRequest, keeper: Path | Backend, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens stores over the same data one after the other, as processes do."""
    url = "" if isinstance(keeper, Path) else request.getfixturevalue("postgres").create_database()
    opened: list[Store] = []

    def open_one(quotas: Quotas | None = None) -> Store:
        if opened:
            opened[-1].close()
        opened.append(Store(DatabaseBackend(url) if url else tmp_path / "data", quotas))
        return opened[-1]

    yield open_one
    opened[-1].close()
