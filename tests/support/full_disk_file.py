"""Limits file sizes like a full disk, and builds and lists stored files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatbot.storage.append_log import Tables


@contextmanager
def limit_file_size(size: int) -> Iterator[None]:
    """Makes writes beyond `size` bytes of a file fail half-way, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def make_tables(**documents: str) -> Tables:
    """The content of a file with one table of texts."""
    return {"table": {key: {"text": text} for key, text in documents.items()}}


def list_names(path: Path) -> list[str]:
    """The names of all files in the directory of `path`."""
    return sorted(file.name for file in path.parent.iterdir())
