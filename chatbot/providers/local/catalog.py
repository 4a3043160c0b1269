"""The models that the page offers to download, and the GGUF files that are on this computer already."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chatbot.providers.local.gguf import read_facts
from chatbot.providers.local.weights import SMOLLM2

PART_OF_MANY = re.compile(r"-0*(?:[2-9]|1\d|[2-9]\d)-of-\d+$")
"""Of a model in several files llama.cpp takes the first, and finds the others."""


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """A GGUF file on Hugging Face. `size` is in bytes, as its page says; the hub's own answer counts."""

    repo: str
    file: str
    size: int
    license: str

    @property
    def name(self) -> str:
        """The model's name for people and programs."""
        return PurePosixPath(self.file).stem

    def path(self, cache: Path) -> Path:
        """Where it is kept."""
        return cache / self.repo.replace("/", "--") / self.file


CATALOG = (
    CatalogModel("ibm-granite/granite-4.0-350m-GGUF", "granite-4.0-350m-Q4_K_M.gguf", 236_985_760, "Apache-2.0"),
    CatalogModel("unsloth/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q4_K_M.gguf", 396_705_472, "Apache-2.0"),
    CatalogModel("unsloth/Qwen3.5-0.8B-GGUF", "Qwen3.5-0.8B-Q4_K_M.gguf", 532_517_120, "Apache-2.0"),
    CatalogModel(
        "LiquidAI/LFM2.5-1.2B-Instruct-GGUF", "LFM2.5-1.2B-Instruct-Q4_K_M.gguf", 730_895_168, "LFM Open License"
    ),
    CatalogModel("ibm-granite/granite-4.0-h-1b-GGUF", "granite-4.0-h-1b-Q4_K_M.gguf", 901_162_208, "Apache-2.0"),
)
"""Small instruct models, from the smallest to the largest. As of November 2026."""


def find_files(cache: Path) -> dict[str, Path]:
    """The chat models in `cache` and in Hugging Face's cache, by name. Blocks: reads the header of each file."""
    found: dict[str, Path] = {}
    for folder, pattern in ((cache, "**/*.gguf"), (hub_cache(), "models--*/snapshots/*/**/*.gguf")):
        for path in sorted(folder.glob(pattern)):
            if path.name != PurePosixPath(SMOLLM2.member).name and is_chat_model(path):
                found.setdefault(path.stem, path)
    return found


def hub_cache() -> Path:
    """Hugging Face's cache, where its variables say. huggingface_hub knows too, and takes half a second to import."""
    home = Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"))
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def is_chat_model(path: Path) -> bool:
    """Whether llama.cpp may load the file by its name, and chat with it."""
    if PART_OF_MANY.search(path.stem):
        return False
    try:
        return read_facts(path).is_chat_model
    except (OSError, ValueError):
        return False
