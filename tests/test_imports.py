"""The direction of imports, which the design rests on: each part knows only what is below it."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = (
    {"chatbot.errors", "chatbot.messages"},
    {"chatbot.settings"},
    {"chatbot.providers", "chatbot.memory"},
    {"chatbot.engine"},
    {"chatbot.reply"},
    {"chatbot.replies"},
    {"chatbot"},
    {"chatbot.web"},
    {"app"},
)
"""From the ground up. The parts of one layer do not know each other; `chatbot` itself lists what the package offers."""

DOORS = (
    {"chatbot.web.ui", "chatbot.web.handlers", "chatbot.web.controls", "chatbot.web.rendering", "chatbot.web.theme"},
    {"chatbot.web.api"},
)
"""The page and the HTTP API: both lead to the same road, neither through the other."""

OWNERS = {
    "chatbot.web": {"gradio", "gradio_client", "fastapi", "starlette", "uvicorn"},
    "chatbot.providers": {"openai", "anthropic", "httpx2", "xllamacpp", "huggingface_hub", "genai_prices"},
    "chatbot.memory": {"tinydb", "orjson"},
}
"""The only parts that may import these libraries."""


def modules() -> dict[str, str]:
    """The source of each module of the app, by its name."""
    files = [ROOT / "app.py", *(ROOT / "chatbot").rglob("*.py")]
    return {_name(path.relative_to(ROOT)): path.read_text("utf-8") for path in files}


def wrong_imports(sources: Mapping[str, str]) -> list[str]:
    """What is wrong in those modules, a line each."""
    names = sources.keys()
    return [
        f"{name} imports {imported}: {fault}"
        for name, source in sources.items()
        for imported in _imports(name, source, names)
        if (fault := _fault(name, imported, names))
    ]


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imports(name: str, source: str, names: Mapping[str, str] | set[str]) -> Iterator[str]:
    """The full name of each module that is imported anywhere in `source`, functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(name.split(".")[: -node.level]) if node.level else ""
            origin = ".".join(filter(None, (start, node.module)))
            yield from (full if (full := f"{origin}.{alias.name}") in names else origin for alias in node.names)


def _fault(name: str, imported: str, names: object) -> str | None:
    library = imported.partition(".")[0]
    for owner, libraries in OWNERS.items():
        if library in libraries and not _within(name, owner):
            return f"only {owner} may"
    if library not in ("chatbot", "app"):
        return None
    if any(_is_one_of(name, here) and _is_one_of(imported, there) for here, there in (DOORS, DOORS[::-1])):
        return "one door to the other"
    own, other = _part(name), _part(imported)
    return None if own == other or _height(own) > _height(other) else f"{own} is not above {other}"


def _part(name: str) -> str:
    """`chatbot.memory` for everything inside it."""
    return ".".join(name.split(".")[:2])


def _height(part: str) -> int:
    places = [height for height, parts in enumerate(LAYERS) if part in parts]
    assert places, f"{part} has no place in LAYERS yet: give it one"
    return places[0]


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _is_one_of(name: str, packages: set[str]) -> bool:
    return any(_within(name, package) for package in packages)
