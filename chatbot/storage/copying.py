"""Copies a data directory into the database."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chatbot.errors import SettingsError
from chatbot.storage.backend import Backend
from chatbot.storage.database_backend import DatabaseBackend
from chatbot.storage.disk_backend import DiskBackend
from chatbot.storage.folder import DRAFT, Folder

Report = Callable[[int, int], None]
"""Receives how many sessions are done, of how many."""


class Copied(NamedTuple):
    """How many sessions were copied, and how many were left because the database has them already."""

    sessions: int
    left: int


def copy_directory(directory: Path, target: DatabaseBackend, report: Report = lambda done, of: None) -> Copied:
    """Copies the sessions that the database does not have, each in one transaction: a copy that was interrupted goes on
    when it is repeated. The day's tokens and the secret go along. Raises SettingsError if there is no such directory,
    a chatbot is using it, or the database has visitors of another secret; OSError and StorageError."""
    if not (directory / "sessions").is_dir():
        raise SettingsError(f"--copy-from {str(directory)!r}: expected a data directory, which has a folder `sessions`")
    source = DiskBackend(directory)
    try:
        _copy_secret(source, target)
        sessions = sorted(each.name for each in (directory / "sessions").iterdir() if each.is_dir())
        copied = 0
        for done, session_id in enumerate(sessions, 1):
            copied += _copy_session(source.folder(session_id), target.folder(session_id))
            report(done, len(sessions))
        _copy_tokens(source, target)
        return Copied(copied, len(sessions) - copied)
    finally:
        source.close()


def _copy_session(source: Folder, target: Folder) -> bool:
    with target.lock():
        if target.exists():
            return False
        names = [each.name for each in source.entries("") if not each.name.endswith(DRAFT)]
        for name, content in source.read_all(names):
            target.replace(name, content)
        return bool(names)


def _copy_secret(source: Backend, target: DatabaseBackend) -> None:
    """With another secret the visitors' tokens would open nothing."""
    secret = source.secret()
    if target.database.setting("secret", lambda: secret) != secret and not target.replace_secret(secret):
        raise SettingsError(
            "--copy-from: expected a database without visitors: those that it has are known by another secret"
        )


def _copy_tokens(source: Backend, target: Backend) -> None:
    counter = target.token_counter()
    if not counter.today():
        counter.spend(source.token_counter().today(), 0)
