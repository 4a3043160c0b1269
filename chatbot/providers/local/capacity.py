"""How much memory and disk there is, and how much a model takes."""

import shutil
from contextlib import suppress
from pathlib import Path

from chatbot.errors import ModelNotLoaded
from chatbot.i18n import Text
from chatbot.providers.local.gguf import GgufFacts

MIN_CONTEXT, MAX_CONTEXT = 2048, 8192
"""Tokens of each answer's context: at 100 to 200 tokens a second, a longer prompt would be read for minutes."""
CONTEXT_SHARE = 4
"""The context takes a quarter of the free memory at most."""
CACHE_BYTES = 100_000
"""What a token of the context takes in memory, as long as the model's header is not here."""
WORKING_BYTES = 200_000_000
"""What llama.cpp takes besides weights and context (140 to 310 MB, measured)."""


def free_memory() -> int:
    """The bytes that can be had without swapping: the machine's, or what the container's limit leaves."""
    import psutil  # noqa: PLC0415 - only who looks for other models needs it

    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # "max" is no number: there is no limit
        free = min(free, _container("max") - _container("current"))
    return max(0, free)


def _container(figure: str) -> int:
    """A figure of the container's memory."""
    return int(Path(f"/sys/fs/cgroup/memory.{figure}").read_text(encoding="ascii"))


def check_memory(needed: int, free: int, model: str = "") -> None:
    """Raises ModelNotLoaded if `needed` bytes are more than are `free`."""
    if needed > free:
        raise ModelNotLoaded(Text("cause.memory", {"size": megabytes(needed), "free": megabytes(free)}), model)


def megabytes(size: int) -> int:
    """Rounded up, for people."""
    return -(-size // 1_000_000)


def free_disk(folder: Path) -> int:
    """The free bytes of the disk on which `folder` is, or will be."""
    existing = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
    return shutil.disk_usage(existing).free


def fitting_context(facts: GgufFacts, free: int, answers: int) -> int:
    """The context of each of so many answers, in tokens: the model's own, as far as `free` bytes of memory allow."""
    affordable = free // CONTEXT_SHARE // (max(1, facts.cache_bytes) * answers) // 256 * 256
    return min(facts.context_tokens or MIN_CONTEXT, max(MIN_CONTEXT, min(MAX_CONTEXT, affordable)))


def memory_needed(size: int, facts: GgufFacts | None = None, answers: int = 2) -> int:
    """The bytes that a model of `size` bytes takes at least, once it is loaded."""
    cache_bytes = facts.cache_bytes if facts else CACHE_BYTES
    return size + cache_bytes * MIN_CONTEXT * answers + WORKING_BYTES
