"""SessionMemory: what all conversations of a session have in common: a lock, a directory, and saved prompts."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.errors import StorageError, TooManyConversations
from chatbot.storage.conversation_file import ConversationFile
from chatbot.storage.quotas import Quotas
from chatbot.storage.session_directory import SessionDirectory
from chatbot.storage.timestamps import at, later, now
from chatbot.types import clean

MAX_SAVED_PROMPTS = 100
"""That a session may save."""
VISIT_SECONDS = 3600
"""How exactly it is known when somebody was last here."""


class SessionMemory:
    """One session's directory at `path`, for any number of threads. `changed` is called after each write; `check`
    before each access, and raises OSError where there can be none; `room` says how much may be kept."""

    def __init__(
        self,
        path: Path,
        changed: Callable[[], None] = lambda: None,
        check: Callable[[], None] = lambda: None,
        room: Quotas | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._session = SessionDirectory(path)
        self._changed = changed
        self._check = check
        self._room = room or Quotas()
        self._last_change = ""
        self._visited = -math.inf

    def record_visit(self) -> None:
        """Note that somebody is here; `delete_unvisited` goes by it."""
        if time.monotonic() - self._visited > VISIT_SECONDS:
            self._visited = time.monotonic()
            self._session.touch()

    def parsed_size(self) -> int:
        """About how much memory it takes, in bytes."""
        return self._session.parsed_size()

    def delete_if_inactive(self, since: float) -> bool:
        """Remove everything that this session has if nobody was here since then, in seconds since the epoch; returns
        whether that was so."""
        with self._locked():
            is_old = 0 < self._session.changed_at() < since
            if is_old:
                self._session.remove_all()
            return is_old

    def delete_all(self) -> None:
        """Remove everything that this session has, its directory included."""
        with self._locked():
            self._session.remove_all()
        self._changed()

    def saved_prompts(self) -> dict[str, str]:
        """The session's saved system prompts by name, in the order in which they were first saved."""
        with self._locked():
            return {name: str(record["text"]) for name, record in self._session.prompts().records.items()}

    def save_prompt(self, name: str, text: str) -> None:
        """Save a system prompt, in the place of the one of that name. Raises TooManyConversations, and Full."""
        with self._locked():
            prompts = self._session.prompts()
            if clean(name) not in prompts.records and len(prompts.records) >= MAX_SAVED_PROMPTS:
                raise TooManyConversations(f"{MAX_SAVED_PROMPTS} saved prompts are the most. Forget one of them first.")
            self._room.admit_session(self._session)
            prompts.put({clean(name): {"text": clean(text)}})
        self._changed()

    def delete_prompt(self, name: str) -> None:
        """Remove a saved system prompt; nothing where there is none of that name."""
        with self._locked():
            prompts = self._session.prompts()
            if clean(name) not in prompts.records:
                return
            prompts.drop([clean(name)])
        self._changed()

    @contextmanager
    def transaction(self, conversation_id: str) -> Iterator[None]:
        """Changes of that conversation made inside reach the disk together, or not at all; what is read inside belongs
        together. It may be one that is only created inside."""
        with self._locked():
            stored = self._session.opened(conversation_id)
            before = stored.written
            try:
                with stored.transaction():
                    yield
            finally:
                self._session.changed(conversation_id)
                if stored.written > before:
                    self._changed()

    @contextmanager
    def _writing(self, conversation_id: str) -> Iterator[ConversationFile]:
        with self._reading(conversation_id) as stored, self.transaction(conversation_id):
            yield stored

    @contextmanager
    def _reading(self, conversation_id: str) -> Iterator[ConversationFile]:
        with self._locked():
            yield self._session.existing(conversation_id)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            try:
                self._check()
                yield
            except OSError as error:
                raise StorageError from error

    def _touch(self, stored: ConversationFile, **changes: str) -> None:
        stored.change(updated_at=self._time(stored.document["updated_at"]), **changes)

    def _time(self, known: str = "") -> str:
        """The time of a change, after all changes before it even where the clock was set back. `known` is when the
        conversation was last changed: where nothing else was since, the time may be the same."""
        newest = self._last_change or at(self._session.changed_at())
        self._last_change = max(now(), known if known >= newest else later(newest))
        return self._last_change
