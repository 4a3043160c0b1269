"""LocalModels: the models on this computer, of which one at a time is loaded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chatbot.errors import UnknownModel
from chatbot.i18n import Text
from chatbot.providers.local.capacity import check_memory, free_memory, memory_needed
from chatbot.providers.local.catalog import CATALOG, CatalogModel, find_files
from chatbot.providers.local.downloads import Downloads
from chatbot.providers.local.gguf import read_facts
from chatbot.providers.local.llama_server import LlamaServer, LoadState, file_profile
from chatbot.providers.local.weights import SMOLLM2, model_name
from chatbot.types import ModelProfile

SWITCHING = LoadState("loading", Text("model.switching"))


class LocalModels:
    """The model that LOCAL_MODEL names (`local_model`, None: the demo model); and with `has_others` the demo model, the
    files in `cache` and in Hugging Face's cache, and what `downloads` brings. `server` runs the one that is loaded."""

    def __init__(self, local_model: str | None, cache: Path, hf_token: str | None, *, has_others: bool) -> None:
        self.configured = model_name(local_model)
        self.has_others = has_others
        self.cache = cache
        self.downloads = Downloads(cache, hf_token)
        self.server = LlamaServer(local_model, cache, hf_token)
        self._sources: dict[str, str | None] = {self.configured: local_model}
        """What each model is loaded from, as LOCAL_MODEL would name it."""
        self._hf_token = hf_token
        self._switching = asyncio.Lock()
        self._next: str | None = None
        """The model that is about to be loaded, while answers of another one end."""
        self._answers = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def names(self) -> list[str]:
        """The models that can be chosen, as of the last `refresh`: what LOCAL_MODEL names first."""
        return list(self._sources)

    def refresh(self) -> None:
        """Looks for files again. Blocks: the header of each new one is read."""
        if not self.has_others:
            return
        files: dict[str, str | None] = {name: str(path) for name, path in find_files(self.cache).items()}
        configured = {self.configured: self._sources[self.configured]}
        self._sources = configured | {SMOLLM2.model: None} | files | configured

    def path(self, name: str) -> Path | None:
        """The model's file, if it is one that was found."""
        source = self._sources.get(name)
        return Path(source).expanduser() if source and not source.startswith("hf:") else None

    def profile(self, name: str) -> ModelProfile:
        """What is known of the model. Blocks for 0.1 s the first time."""
        path = self.path(name)
        if name == self.server.model or path is None:
            return self.server.profile if name == self.server.model else ModelProfile(name)
        try:
            return file_profile(name, read_facts(path))
        except (OSError, ValueError):
            return ModelProfile(name)

    def state(self, name: str) -> LoadState | None:
        """How far the model is; None if it is neither loaded nor about to be."""
        if name == self.server.model:
            return self.server.state
        return SWITCHING if name == self._next else None

    @asynccontextmanager
    async def use(self, name: str) -> AsyncIterator[LlamaServer]:
        """Lends the server that runs the model to one answer. If another model is loaded, its answers end first, then
        it is unloaded. Raises UnknownModel, and ModelNotLoaded if the memory is too small for the model."""
        async with self._switching:
            if name != self.server.model:
                await self._switch(name)
            self._answers += 1
            self._is_idle.clear()
        try:
            yield self.server
        finally:
            self._answers -= 1
            if not self._answers:
                self._is_idle.set()

    async def load(self, name: str) -> None:
        """Loads the model, and tries again what failed before. Raises as `use` does, and ModelNotLoaded."""
        async with self._switching:
            if name != self.server.model or self.server.state.phase == "failed":
                await self._switch(name)
        async with self.use(name) as server:
            await server.endpoint()

    async def remove(self, model: CatalogModel) -> None:
        """Deletes a downloaded model and what there is of its download. If it is loaded, its answers end first."""
        await asyncio.to_thread(self.downloads.remove, model)
        path = model.path(self.cache)
        if model.name == self.server.model and self.path(model.name) == path:
            async with self._switching:
                await self._switch(self.configured if self.configured != model.name else SMOLLM2.model)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await asyncio.to_thread(self.refresh)

    def close(self) -> None:
        """Pauses downloads and unloads the model. May block for seconds."""
        self.downloads.close()
        self.server.close()

    async def _switch(self, name: str) -> None:
        if name not in self._sources:
            await asyncio.to_thread(self.refresh)
        if name not in self._sources:
            raise UnknownModel(name, "local")
        await asyncio.to_thread(self._check_memory, name)
        self._next = name
        try:
            await self._is_idle.wait()
            await asyncio.to_thread(self.server.close)
            self.server = LlamaServer(self._sources[name], self.cache, self._hf_token)
            self.server.start()
        finally:
            self._next = None

    def _check_memory(self, name: str) -> None:
        """Raises ModelNotLoaded if the model does not fit into what is free, with what the loaded one takes."""
        path, loaded = self.path(name), self.path(self.server.model)
        if path is None or name == self.configured:
            return
        try:
            size, facts = path.stat().st_size, read_facts(path)
        except (OSError, ValueError):
            return  # loading it says what is wrong
        free = free_memory() + (loaded.stat().st_size if loaded and loaded.exists() else 0)
        check_memory(memory_needed(size, facts), free, name)


def catalog_model(name: str) -> CatalogModel | None:
    """The model of that name that can be downloaded."""
    return next((model for model in CATALOG if model.name == name), None)
