"""TinyDB tables whose documents have keys of our own: a document is found by its id, without a query over the table."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.table import Table

from chatbot.storage.atomic_json import AtomicJsonStorage


class KeyedTable(Table):
    """A table of documents by string, which TinyDB allows although its annotations say int.

    Its changes go to the storage one by one; TinyDB's own would copy the whole table for each.
    """

    _storage: AtomicJsonStorage

    document_id_class = str  # type: ignore[assignment]

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        """All documents by key, in the order in which they were added. Do not change them."""
        return cast(dict[str, dict[str, Any]], self._read_table())

    def put(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Adds documents, or replaces those that have the same key."""
        self._storage.change(self.name, records)

    def change(self, key: str, fields: Mapping[str, Any]) -> None:
        """Sets fields of a document and leaves its others."""
        self.put({key: {**self.records[key], **fields}})

    def replace_for_good(self, key: str, record: Mapping[str, Any]) -> None:
        """Replaces a document, and leaves nothing of the old one in the file."""
        self._storage.change(self.name, {key: record}, forget=True)

    def drop(self, keys: Iterable[str]) -> None:
        """Removes documents, and leaves nothing of them in the file."""
        self._storage.change(self.name, dict.fromkeys(keys))


class KeyedDB(TinyDB):
    """A TinyDB over an AtomicJsonStorage, whose tables are keyed by string."""

    table_class = KeyedTable

    def __init__(self, storage: AtomicJsonStorage) -> None:
        super().__init__(storage=lambda: storage)

    def keyed(self, name: str) -> KeyedTable:
        """The table of that name."""
        return KeyedTable(self.storage, name, cache_size=0)
