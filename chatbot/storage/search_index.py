"""SearchIndex: the words of a session's conversations, for search and for recall.

It is a cache in a database of SQLite's that has no name and ends with the process: it has nothing that is not in the
conversations' files, which it reads again after every change.
"""

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from chatbot.errors import StorageError
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.message_tree import branch
from chatbot.storage.search import SearchQuery, fold
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.session_file import open_table
from chatbot.storage.words import indexed, is_unspaced, pairs, runs
from chatbot.types import Role

CACHE_KILOBYTES = 32_000
"""Of an index that are in memory; the rest of a larger one is in a temporary file that has no name."""
SMALL_BYTES = 1_000_000
"""A session whose conversations take no more is indexed within about 0.1 s."""
MATCHES_PER_CONVERSATION = 3
CONTEXT_WEIGHT = 0.35
"""Of words in the message before: an answer such as "Green." has few of the question's own."""
TITLE = ""
"""In place of a message's id."""

SCHEMA = f"""
    PRAGMA cache_size = -{CACHE_KILOBYTES};
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA secure_delete = ON;
    CREATE TABLE conversation (id TEXT PRIMARY KEY, changed TEXT);
    CREATE TABLE message (
        id INTEGER PRIMARY KEY, conversation TEXT, message TEXT, place INTEGER, role TEXT, created TEXT,
        recalled INTEGER, before INTEGER, text TEXT, folded TEXT
    );
    CREATE INDEX of_conversation ON message (conversation);
    CREATE VIRTUAL TABLE words USING fts5 (pieces, context, tokenize = "unicode61 remove_diacritics 0");
"""

SELECT = "SELECT * FROM message WHERE id = ?"

Row = tuple[str, int, str, str, bool, str, str]
"""A message's id, its place in the conversation, role and time, whether it may be recalled, the text of the message
before and its own."""


@dataclass(frozen=True, slots=True)
class IndexedMessage:
    """A message as it was found. `message_id` is empty for the title of a conversation; `score` is higher for a better
    match."""

    conversation_id: str
    message_id: str
    role: Role
    created_at: str
    text: str
    score: float = 0.0


class SearchIndex:
    """Built at its first use, and brought up to date before each. Any number of threads may use it; nobody may call it
    while holding the session's lock, which it takes for one conversation at a time. Raises StorageError."""

    def __init__(self, directory: SessionDirectory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._is_complete = False

    @property
    def is_quick(self) -> bool:
        """Whether the next use takes no longer than about 0.1 s."""
        return self._is_complete or self._directory.size() <= SMALL_BYTES

    def start_building(self) -> None:
        """Builds the index in a thread, unless that is under way."""
        if not self._lock.locked():
            threading.Thread(target=self._build_quietly, name="search-index", daemon=True).start()

    def _build_quietly(self) -> None:
        with suppress(StorageError):  # the next use will raise it
            self.update()

    def update(self, without: str = "") -> None:
        """Builds the index, or brings it up to date; the conversation `without` may wait for the next update."""
        with self._updated(without):
            pass

    def forget_changes(self) -> None:
        """Brings an index that was built up to date, unless it is in use: then its next use does."""
        if self._is_complete and self._lock.acquire(blocking=False):
            try:
                self._update()
            finally:
                self._lock.release()

    def search(self, query: SearchQuery, limit: int) -> list[IndexedMessage]:
        """The titles and messages that contain all words of the query, at most three of a conversation: those that have
        them as whole words first, then those of the conversation that was changed last, and of one the title, then the
        newest message."""
        contains = " AND ".join("instr(ifnull(folded, lower(text)), ?)" for _ in query.words)
        with self._updated() as database:
            whole = _with_whole_words(database, query)
            found = database.execute(
                f"SELECT conversation, id, message = '', place FROM message WHERE {contains}",  # noqa: S608 - no values
                query.words,
            )
            by_conversation: dict[str, list[tuple[bool, bool, int, int]]] = {}
            for conversation_id, row_id, is_title, place in found:
                by_conversation.setdefault(conversation_id, []).append((is_title, row_id in whole, place, row_id))
            changed = dict(database.execute("SELECT id, changed FROM conversation").fetchall())
            order = sorted(
                by_conversation,
                key=lambda each: (any(match[1] for match in by_conversation[each]), changed[each]),
                reverse=True,
            )
            best = [sorted(by_conversation[each], reverse=True)[:MATCHES_PER_CONVERSATION] for each in order[:limit]]
            chosen = [row_id for matches in best for *_, row_id in matches][:limit]
            return [_message(database.execute(SELECT, (row_id,)).fetchone()) for row_id in chosen]

    def find(self, terms: str, since: str, until: str, without: str, limit: int) -> list[IndexedMessage]:
        """The messages that may be recalled and match one of the terms, the best first by BM25, as of the last update,
        so that the session may be written meanwhile. `terms` are in FTS5's language; from `since` on and before
        `until`, and not of the conversation `without`."""
        with self._as_it_is() as database:
            found = database.execute(
                f"""
                SELECT message.*, score FROM message JOIN (
                    SELECT m.id AS found, -bm25(words, 1.0, {CONTEXT_WEIGHT}) AS score
                    FROM words JOIN message m ON m.id = words.rowid
                    WHERE words MATCH ? AND m.recalled AND m.created >= ? AND m.created < ? AND m.conversation <> ?
                    ORDER BY score DESC, m.created DESC LIMIT ?
                ) ON message.id = found ORDER BY score DESC, message.created DESC
                """,  # noqa: S608 - a number
                (terms, since, until, without, limit),
            )
            return [_message(row) for row in found]

    def newest(self, since: str, until: str, without: str, limit: int) -> list[IndexedMessage]:
        """The visitor's newest messages that may be recalled, as `find`."""
        with self._as_it_is() as database:
            found = database.execute(
                """
                SELECT * FROM message WHERE recalled AND role = 'user' AND created >= ? AND created < ?
                AND conversation <> ? ORDER BY created DESC LIMIT ?
                """,
                (since, until, without, limit),
            )
            return [_message(row) for row in found]

    def _updated(self, without: str = "") -> AbstractContextManager[sqlite3.Connection]:
        return self._open(lambda: self._update(without))

    def _as_it_is(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._open(lambda: self._database if self._database and self._is_complete else self._update())

    @contextmanager
    def _open(self, get: Callable[[], sqlite3.Connection]) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield get()
            except sqlite3.Error as error:  # the temporary file does not fit, for example
                self._drop()
                raise StorageError from error

    def _update(self, without: str = "") -> sqlite3.Connection:
        """Reads what has changed. The conversation `without` is not looked for, so it may wait for the next update: it
        changes with each of its messages, and a first token waits."""
        with self._directory.lock():
            waiting = {without} & self._directory.changed if self._is_complete else set()
            stale = (self._directory.changed if self._is_complete else set(self._directory.ids())) - waiting
            self._directory.changed.intersection_update(waiting)
        try:
            if not self._is_complete:
                self._drop()
            database = self._database = self._database or self._create()
            for conversation_id in stale:
                self._update_conversation(database, conversation_id)
        except BaseException:
            self._is_complete = False  # what was taken out of `changed` is not in it
            raise
        self._is_complete = True
        return database

    def _create(self) -> sqlite3.Connection:
        database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        weakref.finalize(self, database.close)  # or Python 3.13 warns when the index is evicted
        database.executescript(SCHEMA)
        return database

    def _drop(self) -> None:
        if self._database:
            self._database.close()
        self._database, self._is_complete = None, False

    def _update_conversation(self, database: sqlite3.Connection, conversation_id: str) -> None:
        changed, rows = self._read(conversation_id)
        known = {
            row[0]: row[1:]
            for row in database.execute(
                "SELECT message, id, place, role, created, recalled, before, text FROM message WHERE conversation = ?",
                (conversation_id,),
            )
        }
        new = {row[0]: (*row[1:5], hash(row[5]), row[6]) for row in rows}
        current = {key for key, (_, *each) in known.items() if new.get(key) == tuple(each)}
        stale = [(row_id,) for key, (row_id, *_) in known.items() if key not in current]
        database.executemany("DELETE FROM message WHERE id = ?", stale)
        database.executemany("DELETE FROM words WHERE rowid = ?", stale)
        for row in rows:
            if row[0] not in current:
                _insert(database, conversation_id, row)
        database.execute("DELETE FROM conversation WHERE id = ?", (conversation_id,))
        if rows:
            database.execute("INSERT INTO conversation VALUES (?, ?)", (conversation_id, changed))

    def _read(self, conversation_id: str) -> tuple[str, list[Row]]:
        """When the conversation was changed, and its title and messages; of a deleted one none."""
        with self._directory.lock():
            file = self._directory.peek(conversation_id)
            if file is None:
                return "", []
            never = set(open_table(self._directory, "unrecalled").records)
            return f"{file.document['updated_at']} {file.document['created_at']}", list(_rows(file, never))


def _rows(file: ConversationFile, never: set[str]) -> Iterator[Row]:
    """The title and the messages of all branches. Only the branch on display may be recalled, without the messages in
    `never` and the answers to them, and without answers that were made with memory: what they repeat would outlive
    it."""
    document, records = file.document, file.records
    yield TITLE, -1, "user", document["created_at"], False, "", document["title"]
    shown = set() if document.get("excluded") is True else set(branch(records, document["head"]))
    for place, (message_id, record) in enumerate(records.items()):
        is_own = message_id in shown and not record.get("memory")
        is_recalled = is_own and never.isdisjoint((message_id, record["parent_id"]))
        before = records[record["parent_id"]]["content"] if record["parent_id"] else ""
        yield message_id, place, record["role"], record["created_at"], is_recalled, before, record["content"]


def _insert(database: sqlite3.Connection, conversation_id: str, row: Row) -> None:
    message_id, place, role, created, is_recalled, before, text = row
    folded = None if text.isascii() else fold(text)  # SQLite's lower() does the same, and saves the space
    inserted = database.execute(
        "INSERT INTO message VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (conversation_id, message_id, place, role, created, is_recalled, hash(before), text, folded),
    )
    database.execute(
        "INSERT INTO words (rowid, pieces, context) VALUES (?, ?, ?)",
        (inserted.lastrowid, indexed(text), indexed(before)),
    )


def _with_whole_words(database: sqlite3.Connection, query: SearchQuery) -> set[int]:
    """The rows that have all words of the query as whole words."""
    found = [
        piece for word in query.words for run in runs(word) for piece in (pairs(run) if is_unspaced(run) else [run])
    ]
    if not found:
        return set()
    terms = "pieces : " + " AND ".join(f'"{each}"' for each in found)
    return {row[0] for row in database.execute("SELECT rowid FROM words WHERE words MATCH ?", (terms,))}


def _message(row: Sequence[Any]) -> IndexedMessage:
    _, conversation_id, message_id, _, role, created, _, _, text, _, *score = row
    return IndexedMessage(conversation_id, message_id, role, created, text, *score)
