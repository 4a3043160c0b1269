"""Tries out what the data directory's file system can do: object stores and network shares cannot do everything."""

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from filelock import FileLock, Timeout

from chatbot.storage.append_log import append_line
from chatbot.storage.folder import replace_file

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
"""What file systems without locks say."""
FULL = {errno.ENOSPC, errno.EDQUOT}

log = logging.getLogger(__name__)


class DiskAbilities(NamedTuple):
    """What a file system can do: replace a file in one step, append to one, create one only if there is none, and lock
    one against another process."""

    replaces: bool = True
    appends: bool = True
    creates_exclusively: bool = True
    locks: bool = True

    @property
    def missing(self) -> list[str]:
        """What it cannot do, in words."""
        words = ("replace a file in one step", "append to a file", "create a file exclusively", "lock a file")
        return [each for each, can in zip(words, self, strict=True) if not can]


def probe(directory: Path) -> DiskAbilities:
    """Tries everything in a directory of its own, which it removes. It takes about 40 ms, for a dozen of syncs. A full
    disk counts as one that can do all."""
    try:
        with TemporaryDirectory(prefix=".probe-", dir=directory, ignore_cleanup_errors=True) as name:
            return DiskAbilities(*(_works(attempt, Path(name)) for attempt in (_replace, _append, _create, _lock)))
    except OSError:
        return DiskAbilities()  # the first write will say what is wrong


@contextmanager
def suppress_missing_locks() -> Iterator[None]:
    """Goes on if the file system has no locks."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def report(directory: Path, abilities: DiskAbilities) -> None:
    """Logs one line that says what the directory's file system cannot do; none if it can do all."""
    if abilities.missing:
        kind = file_system(directory)
        log.warning("storage: %s (%s) cannot %s%s", directory, kind, ", ".join(abilities.missing), _advice(abilities))


def file_system(directory: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """What kind of file system it is: "nfs4", "fuse.s3fs"; "unknown" if the system does not say."""
    try:
        lines = [line.split(" ") for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return "unknown"
    at = directory.resolve()
    found = [(len(fields[1]), fields[2]) for fields in lines if at.is_relative_to(_decoded(fields[1]))]
    return max(found, default=(0, "unknown"), key=lambda each: each[0])[1]


def _decoded(mount_point: str) -> str:
    """Spaces are octal there."""
    return mount_point.replace("\\040", " ")


def _works(attempt: Callable[[Path], bool], directory: Path) -> bool:
    try:
        return attempt(directory)
    except OSError as error:
        return error.errno in FULL


def _replace(directory: Path) -> bool:
    path = directory / "replaced"
    for content in (b"old", b"new"):
        replace_file(path, content)
    return path.read_bytes() == b"new"


def _append(directory: Path) -> bool:
    path = directory / "appended"
    path.write_bytes(b"one\ncut")
    append_line(path, 4, b"two\n")
    return path.read_bytes() == b"one\ntwo\n"


def _create(directory: Path) -> bool:
    path = directory / "created"
    path.touch(exist_ok=False)
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


def _lock(directory: Path) -> bool:
    """Whether a second lock on the file is refused while there is a first one."""
    path = directory / "locked"
    with FileLock(path, timeout=0):
        try:
            FileLock(path, timeout=0).acquire()
        except Timeout:
            return True
    return False


def _advice(abilities: DiskAbilities) -> str:
    parts = [] if abilities.appends else ["files are written whole"]
    if not abilities.locks:
        parts.append("nothing keeps a second process away: start one only, or use CHATBOT_DATABASE_URL")
    return f": {'; '.join(parts)}" if parts else ""
