"""DiskBackend: sessions, tokens and the secret in the files of a directory that one process owns."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from chatbot.errors import SettingsError
from chatbot.storage.backend import SECRET_BYTES, Backend
from chatbot.storage.disk_probe import probe, report, suppress_missing_locks
from chatbot.storage.folder import DiskFolder, Folder, finish_deletions, replace_file
from chatbot.storage.token_counter import FileTokenCounter, TokenCounter


class DiskBackend(Backend):
    """A directory that one process owns. Raises SettingsError if it cannot be used, or another process uses it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._process_lock = _acquire_lock(directory)
        self._lock_file = os.stat(self._process_lock.lock_file)
        self._appends = True
        with suppress(OSError):  # nothing reads what is left, and the next start tries again
            finish_deletions(directory / "sessions")

    def probe(self) -> None:
        """Finds out what the file system cannot do, logs it, and writes files whole if it cannot append to them."""
        abilities = probe(self.directory)
        report(self.directory, abilities)
        self._appends = abilities.appends

    def folder(self, session_id: str) -> Folder:
        return DiskFolder(self.directory / "sessions" / session_id, appends=self._appends)

    def inactive(self, since: float) -> list[str]:
        return [each.name for each in self._unchanged(since) if each.is_dir()]

    def delete_remains(self, since: float) -> int:
        """Deletes files of another format, and damaged ones."""
        deleted = 0
        for each in self._unchanged(since):
            with suppress(OSError):
                if not each.is_dir():
                    each.unlink()
                    deleted += each.suffix == ".json"
        return deleted

    def _unchanged(self, since: float) -> list[Path]:
        directory = self.directory / "sessions"
        return [each for each in (directory.iterdir() if directory.exists() else ()) if each.stat().st_mtime < since]

    def check(self) -> None:
        """Raises OSError if the directory was removed or is no longer mounted: what is written there now might never be
        seen again, or be another process's."""
        if not os.path.samestat(self._lock_file, os.stat(self._process_lock.lock_file)):
            raise FileNotFoundError(self.directory)

    def token_counter(self) -> TokenCounter:
        return FileTokenCounter(self.directory / "spending.json")

    def secret(self) -> str:
        return load_or_create_secret(self.directory)

    def close(self) -> None:
        """Releases the directory to other processes."""
        self._process_lock.release()


def _acquire_lock(directory: Path) -> FileLock:
    """Takes the process's lock on `directory`. The operating system releases it with the process, however that ends. If
    the file system has no locks there is none, which `probe` reports."""
    lock = FileLock(directory / ".lock", timeout=0, thread_local=False)  # any thread may close the store
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress_missing_locks():
            lock.acquire()
        Path(lock.lock_file).touch()
    except Timeout:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: another chatbot is using this directory") from None
    except OSError as error:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: expected a directory to write in") from error
    return lock


def load_or_create_secret(directory: Path) -> str:
    """The secret in the data directory, created on first use and readable by its owner only. Raises SettingsError if it
    can be neither read nor created."""
    path = directory / "secret"
    try:
        secret = path.read_text().strip() if path.exists() else ""
        if not secret:  # with an empty one anybody could sign
            secret = secrets.token_hex(SECRET_BYTES)
            replace_file(path, secret.encode())
    except OSError as error:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: expected a directory to write in") from error
    return secret
