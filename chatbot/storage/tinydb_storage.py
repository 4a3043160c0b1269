"""TinyDB with keys of our own: what has an id is found by it, not by a query that looks through the whole table."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.table import Table

from chatbot.storage.atomic_json import AtomicJsonStorage


class KeyedTable(Table):
    """A table of documents by string. TinyDB allows it, but its annotations know numbers only.

    Its changes go to the storage as what they are; TinyDB's own would copy the whole table for each.
    """

    _storage: AtomicJsonStorage

    document_id_class = str  # type: ignore[assignment]

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        """All documents by key, in the order in which they were added. To be read only."""
        return cast(dict[str, dict[str, Any]], self._read_table())

    def put(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Add documents, each in the place of the one that has its key."""
        self._storage.change(self.name, records)

    def change(self, key: str, fields: Mapping[str, Any]) -> None:
        """Set these fields of a document and leave its others."""
        self.put({key: {**self.records[key], **fields}})

    def drop(self, keys: Iterable[str]) -> None:
        """Remove those documents."""
        self._storage.change(self.name, dict.fromkeys(keys))


class KeyedDB(TinyDB):
    """A TinyDB over an AtomicStorage, whose tables are all keyed by string."""

    table_class = KeyedTable

    def __init__(self, storage: AtomicJsonStorage) -> None:
        super().__init__(storage=lambda: storage)

    def keyed(self, name: str) -> KeyedTable:
        """The table of that name."""
        return KeyedTable(self.storage, name, cache_size=0)
