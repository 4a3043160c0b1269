"""A file of the storage's, and a disk that is full."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatbot.storage.append_log import Tables


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Inside, a write beyond that many bytes of a file fails part-way, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def table(**documents: str) -> Tables:
    """What a file has in it: a table of those texts."""
    return {"table": {key: {"text": text} for key, text in documents.items()}}


def names(path: Path) -> list[str]:
    """All that is beside the file, and its own."""
    return sorted(file.name for file in path.parent.iterdir())
