"""Download: one file from Hugging Face, in as many pieces as the network needs, checked before it gets its name."""

import asyncio
import hashlib
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from chatbot.errors import ModelNotLoaded
from chatbot.i18n import Text
from chatbot.providers.local.capacity import free_disk, megabytes
from chatbot.providers.local.hub import CONNECT_SECONDS, HubFile, status_cause

if TYPE_CHECKING:
    import httpx2

RETRY_SECONDS = (1, 2, 4, 8, 15)
"""The pauses between tries that bring nothing new; after the last of them the download has failed."""
DISK_RESERVE = 100_000_000
"""The bytes of disk that a download leaves for conversations."""
RATE_SECONDS = 5
"""The speed is that of the last so many seconds."""
PARTIAL_CONTENT, OK = 206, 200


class Download:
    """Brings `source` to `target`. What has come is in `part` beside it, which is named by the digest: a later Download
    goes on there, of another process too. `received` counts bytes, those of earlier processes included."""

    def __init__(self, source: HubFile, target: Path) -> None:
        self.source = source
        self.target = target
        self.part = target.with_name(f"{target.name}.{source.sha256[:16]}.part")
        self._lock = Path(f"{self.part}.lock")
        self.received = self.part.stat().st_size if self.part.exists() else 0
        self.is_checking = False
        self._progress: deque[tuple[float, int]] = deque()

    @property
    def bytes_per_second(self) -> float:
        """The present speed; 0 if nothing comes."""
        if len(self._progress) < 2 or time.monotonic() - self._progress[-1][0] > RATE_SECONDS:
            return 0.0
        (start, first), (end, last) = self._progress[0], self._progress[-1]
        return (last - first) / max(0.001, end - start)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the present speed; None if nothing comes."""
        speed = self.bytes_per_second
        return (self.source.size - self.received) / speed if speed else None

    def check_disk(self) -> None:
        """Raises ModelNotLoaded if the disk has no room for the rest."""
        free, rest = free_disk(self.target.parent), self.source.size - self.received
        if rest + DISK_RESERVE > free:
            raise ModelNotLoaded(Text("cause.space", {"size": megabytes(rest), "free": megabytes(free)}))

    async def run(self, tell: Callable[["Download"], None] = lambda _: None) -> None:
        """Downloads the rest, checks the whole and gives it its name; `tell` is called after each piece. Cancelling
        pauses. Raises ModelNotLoaded, which says why there is no file."""
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock, timeout=0):
                await self._fetch(tell)
                self.is_checking = True
                await asyncio.to_thread(self._finish)
        except Timeout:
            raise ModelNotLoaded(Text("cause.other_process", {"file": self.target.name})) from None
        except OSError as error:
            self.part.unlink(missing_ok=True)  # a full disk would lose conversations
            self.received = 0
            raise ModelNotLoaded(Text("cause.disk", {"reason": str(error.strerror or error)})) from None

    async def _fetch(self, tell: Callable[["Download"], None]) -> None:
        """Asks for what is missing until nothing is."""
        import httpx2  # noqa: PLC0415 - 0.1 s that only a download needs

        failures, most = 0, self.received
        timeout = httpx2.Timeout(CONNECT_SECONDS)
        async with httpx2.AsyncClient(follow_redirects=True, timeout=timeout) as client:
            while self.received < self.source.size:
                with suppress(httpx2.TransportError):  # the connection broke off
                    await self._fetch_rest(client, tell)
                if self.received < self.source.size:
                    failures = 0 if self.received > most else failures + 1
                    most = max(most, self.received)
                    if failures > len(RETRY_SECONDS):
                        raise ModelNotLoaded(Text("cause.dropped"))
                    await asyncio.sleep(RETRY_SECONDS[max(0, failures - 1)])

    async def _fetch_rest(self, client: "httpx2.AsyncClient", tell: Callable[["Download"], None]) -> None:
        """One request for the rest. Raises httpx2.TransportError, ModelNotLoaded and OSError."""
        headers = {"Range": f"bytes={self.received}-", "Accept-Encoding": "identity"}
        if self.source.token:
            headers["Authorization"] = f"Bearer {self.source.token}"  # dropped at a redirect to another host
        async with client.stream("GET", self.source.url, headers=headers) as response:
            if response.status_code >= 500:
                return  # as if the connection had broken off
            if response.status_code not in (OK, PARTIAL_CONTENT):
                source = self.source
                raise ModelNotLoaded(
                    status_cause(response.status_code, dict(response.headers), source.repo, source.file)
                )
            if response.status_code == OK:
                self.received = 0  # it knows no ranges: this is the whole file
            elif not response.headers.get("content-range", "").startswith(f"bytes {self.received}-"):
                return  # another part than was asked for
            with self.part.open("r+b" if self.part.exists() else "wb") as file:
                file.truncate(self.received)
                file.seek(self.received)
                async with aclosing(response.aiter_raw()) as chunks:
                    async for chunk in chunks:
                        piece = chunk[: self.source.size - self.received]
                        file.write(piece)
                        self._count(len(piece))
                        tell(self)
                        if self.received >= self.source.size:
                            return

    def _count(self, length: int) -> None:
        self.received += length
        now = time.monotonic()
        if not self._progress or now - self._progress[-1][0] > 0.1:
            self._progress.append((now, self.received))
        while now - self._progress[0][0] > RATE_SECONDS:
            self._progress.popleft()

    def _finish(self) -> None:
        """Gives the file its name, if it is the one that the hub promised. What is not is removed."""
        with self.part.open("r+b") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())  # or a power failure could leave the name without the content
        if digest != self.source.sha256:
            self.part.unlink()
            self.received = 0
            raise ModelNotLoaded(Text("cause.digest"))
        self.part.replace(self.target)
        with suppress(OSError):  # Windows keeps it as long as it is locked
            self._lock.unlink()


class TerminalProgress:
    """Writes how far a download is to the terminal: a line that changes; ten lines where nobody watches."""

    def __init__(self) -> None:
        self._written = -1.0

    def __call__(self, download: Download) -> None:
        """Writes, if there is something new."""
        is_watched = sys.stderr.isatty()
        share = download.received / download.source.size
        step = time.monotonic() if is_watched else share * 10
        if int(step) == int(self._written) and share < 1:
            return
        self._written = step
        sys.stderr.write(f"\r{self._line(download, share)}\033[K" if is_watched else f"{self._line(download, share)}\n")
        if is_watched and share == 1:
            sys.stderr.write("\n")
        sys.stderr.flush()

    def _line(self, download: Download, share: float) -> str:
        size, left = download.source.size / 1e6, download.seconds_left
        speed = f", {download.bytes_per_second / 1e6:.1f} MB/s" if left is not None else ""
        rest = f", {left:.0f} s left" if left else ""
        return f"Fetching {download.target.name}: {share:.0%} of {size:.0f} MB{speed}{rest}"
