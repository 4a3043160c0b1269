"""What there is to say of each model on this computer, and of those that can be downloaded to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.providers.local.capacity import memory_needed
from chatbot.providers.local.catalog import CATALOG, CatalogModel
from chatbot.providers.local.downloads import Progress
from chatbot.providers.local.gguf import read_facts
from chatbot.providers.local.local_models import LocalModels, catalog_model
from chatbot.providers.local.weights import SMOLLM2

State = Literal["ready", "absent", "downloading", "checking", "paused", "failed"]


@dataclass(frozen=True, slots=True)
class LocalModelEntry:
    """A model. `size` and `memory` (once it is loaded) are in bytes. Unknown facts are None."""

    name: str
    state: State
    is_demo: bool = False
    is_loaded: bool = False
    is_removable: bool = False
    size: int | None = None
    memory: int | None = None
    license: str | None = None
    tokens_per_second: float | None = None
    progress: Progress | None = None


def list_entries(local_models: LocalModels, *, can_download: bool) -> list[LocalModelEntry]:
    """Those that can be chosen, then those that can be downloaded. Blocks: looks at the disk."""
    local_models.refresh()
    here = [_present(local_models, name, can_download=can_download) for name in local_models.names]
    if not can_download:
        return here
    return here + [_absent(local_models, model) for model in CATALOG if model.name not in local_models.names]


def _present(local_models: LocalModels, name: str, *, can_download: bool) -> LocalModelEntry:
    path, model, server = local_models.path(name), catalog_model(name), local_models.server
    is_ready = name == server.model and server.state.phase == "ready"
    size, memory = _extent(path)
    is_demo = name == SMOLLM2.model and path is None
    return LocalModelEntry(
        name,
        "ready",
        is_demo=is_demo,
        is_loaded=is_ready,
        is_removable=bool(can_download and model and path == model.path(local_models.cache)),
        size=SMOLLM2.size if is_demo else size,
        memory=memory,
        license="Apache-2.0" if is_demo else model.license if model else None,
        tokens_per_second=server.tokens_per_second if is_ready else None,
    )


def _absent(local_models: LocalModels, model: CatalogModel) -> LocalModelEntry:
    progress = local_models.downloads.progress(model)
    return LocalModelEntry(
        model.name,
        progress.state if progress else "absent",
        size=progress.size if progress else model.size,
        memory=memory_needed(model.size),
        license=model.license,
        progress=progress,
    )


def _extent(path: Path | None) -> tuple[int | None, int | None]:
    """The file's size, and the memory that it takes."""
    try:
        size = path.stat().st_size if path else None
        return size, memory_needed(size, read_facts(path)) if size and path else None
    except (OSError, ValueError):
        return None, None
