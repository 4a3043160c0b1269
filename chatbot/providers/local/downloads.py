"""Downloads: the downloads of this process, each in a thread of its own, and what earlier processes left of theirs."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.errors import DownloadRefused, ModelNotLoaded
from chatbot.i18n import Text
from chatbot.providers.local.capacity import check_memory, free_memory, memory_needed
from chatbot.providers.local.catalog import CatalogModel, is_chat_model
from chatbot.providers.local.download import Download, TerminalProgress
from chatbot.providers.local.hub import look_up

PAUSE_SECONDS = 5
"""The longest that pausing waits for the last piece to be written."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is. `received` and `size` are in bytes; `cause` says why it failed."""

    state: Literal["downloading", "checking", "paused", "failed"]
    received: int
    size: int
    bytes_per_second: float = 0
    seconds_left: float | None = None
    cause: Text | None = None


class Downloads:
    """Downloads models of the catalog into `cache`, with `hf_token` if there is one. Any thread may call it."""

    def __init__(self, cache: Path, hf_token: str | None) -> None:
        self._cache = cache
        self._hf_token = hf_token
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._causes: dict[str, Text] = {}
        """Why the last attempt failed, by the model's name."""

    def start(self, model: CatalogModel) -> None:
        """Starts the download, or goes on with it. Blocks until the hub has answered. Raises DownloadRefused if it
        cannot be done."""
        with self._lock:
            if model.name in self._running and self._running[model.name].is_alive():
                return
            self._causes.pop(model.name, None)
            try:
                source = look_up(model.repo, model.file, self._hf_token)
                check_memory(memory_needed(source.size), free_memory())
                download = Download(source, model.path(self._cache))
                download.check_disk()
            except ModelNotLoaded as error:
                raise DownloadRefused(error.cause) from None
            self._running[model.name] = running = _Running(download, lambda cause: self._fail(model, cause))
            running.start()

    def pause(self, model: CatalogModel) -> None:
        """Pauses the download; what has come stays. Blocks for a moment."""
        if running := self._running.get(model.name):
            running.cancel()
            running.join(PAUSE_SECONDS)

    def remove(self, model: CatalogModel) -> None:
        """Deletes what has come so far."""
        self.pause(model)
        self._running.pop(model.name, None)
        self._causes.pop(model.name, None)
        for part in self._parts(model):
            part.unlink(missing_ok=True)

    def progress(self, model: CatalogModel) -> Progress | None:
        """How far the download of a model is that cannot be chosen; None if nothing of it is here."""
        if (whole := model.path(self._cache)).is_file() and not is_chat_model(whole):
            size = whole.stat().st_size
            return Progress("failed", size, size, cause=Text("cause.damaged"))
        running = self._running.get(model.name)
        if running and running.is_alive():
            now = running.download
            state: Literal["checking", "downloading"] = "checking" if now.is_checking else "downloading"
            return Progress(state, now.received, now.source.size, now.bytes_per_second, now.seconds_left)
        size = running.download.source.size if running else model.size
        received = max((part.stat().st_size for part in self._parts(model)), default=0)
        if cause := self._causes.get(model.name):
            return Progress("failed", received, size, cause=cause)
        return Progress("paused", received, size) if received else None

    def close(self) -> None:
        """Pauses all downloads."""
        for running in [*self._running.values()]:
            running.cancel()
        for running in [*self._running.values()]:
            running.join(PAUSE_SECONDS)

    def _parts(self, model: CatalogModel) -> list[Path]:
        target = model.path(self._cache)
        return [*target.parent.glob(f"{target.name}.*.part")]

    def _fail(self, model: CatalogModel, cause: Text | None) -> None:
        self._causes[model.name] = cause or Text("cause.hub", {"file": model.file})


class _Running(threading.Thread):
    """A download under way. A loop of its own: a fast network must not hold up answers."""

    def __init__(self, download: Download, fail: Callable[[Text | None], None]) -> None:
        super().__init__(name=f"download {download.target.name}", daemon=True)
        self.download = download
        self._fail = fail
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(download.run(TerminalProgress()))

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except ModelNotLoaded as error:
            self._fail(error.cause)
        finally:
            self._loop.close()

    def cancel(self) -> None:
        """Ends it, also while it waits for a piece. A file that is being checked is not given up."""
        if not self.download.is_checking:
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._task.cancel)
