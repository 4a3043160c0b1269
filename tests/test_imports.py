"""The direction of imports: each module imports only modules of lower layers, and inside a package none in a circle."""

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.running import ROOT

LAYERS = (
    {"chatbot.i18n"},
    {"chatbot.errors"},
    {"chatbot.types"},
    {"chatbot.settings"},
    {"chatbot.logs"},
    {"chatbot.attachments"},
    {"chatbot.providers", "chatbot.storage"},
    {"chatbot.memory"},
    {"chatbot.transfer", "chatbot.engine"},
    {"chatbot.replies"},
    {"chatbot"},
    {"chatbot.web"},
    {"chatbot.page", "chatbot.api"},
    {"chatbot.web.server"},
    {"app"},
)
"""From the lowest up. Parts of one layer do not import each other; `chatbot` itself lists what the package offers."""

OWNERS = {
    ("chatbot.web", "chatbot.page", "chatbot.api"): {"fastapi", "starlette", "uvicorn"},
    ("chatbot.web", "chatbot.page"): {"gradio", "gradio_client"},
    ("chatbot.providers",): {"openai", "anthropic", "httpx2", "xllamacpp", "huggingface_hub", "genai_prices"},
    ("chatbot.storage",): {"tinydb", "psycopg", "psycopg_pool"},
    ("chatbot.storage", "chatbot.transfer"): {"orjson"},
    ("chatbot.attachments",): {"PIL", "pypdfium2", "chardet", "mammoth", "pptx", "bs4"},
}
"""The only parts that may import these libraries."""


def modules() -> dict[str, str]:
    """The source of each module of the app, by its name."""
    files = [ROOT / "app.py", *(ROOT / "chatbot").rglob("*.py")]
    return {_name(path.relative_to(ROOT)): path.read_text("utf-8") for path in files}


def wrong_imports(sources: Mapping[str, str]) -> list[str]:
    """What is wrong in those modules, one line each."""
    edges = [(name, imported) for name, source in sources.items() for imported in _imports(source, sources)]
    faults = [f"{name} imports {imported}: {fault}" for name, imported in edges if (fault := _fault(name, imported))]
    return faults + _cycle(edges)


def _cycle(edges: list[tuple[str, str]]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for name, imported in edges:
        graph.setdefault(name, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return ["a circle: " + " imports ".join(reversed(error.args[1]))]
    return []


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imports(source: str, known: Collection[str]) -> Iterator[str]:
    """The full name of each module that is imported anywhere in `source`, functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from (full if (full := f"{origin}.{alias.name}") in known else origin for alias in node.names)


def _fault(name: str, imported: str) -> str | None:
    if imported.startswith("."):
        return "write the whole name"
    library = imported.partition(".")[0]
    for owners, libraries in OWNERS.items():
        if library in libraries and not any(_inside(name, owner) for owner in owners):
            return f"only {' and '.join(owners)} may"
    if library not in ("chatbot", "app"):
        return None
    own, other = _part(name), _part(imported)
    return None if own == other or _height(own) > _height(other) else f"{own} is not above {other}"


def _inside(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _part(name: str) -> str:
    """`chatbot.memory` for all that is inside it; the web server is a part of its own."""
    return name if name == "chatbot.web.server" else ".".join(name.split(".")[:2])


def _height(part: str) -> int:
    heights = [height for height, parts in enumerate(LAYERS) if part in parts]
    assert heights, f"{part} has no place in LAYERS yet: give it one"
    return heights[0]


def test_every_import_goes_down_and_none_in_a_circle() -> None:
    assert {"app", "chatbot", "chatbot.memory.context_window", "chatbot.page.blocks"} <= modules().keys()
    assert wrong_imports(modules()) == []


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("chatbot.errors", "from chatbot.types import Message", "chatbot.types: chatbot.errors is not above"),
        ("chatbot.settings", "from chatbot.providers import connect", "chatbot.settings is not above"),
        ("chatbot.storage.store", "import chatbot.providers.base", "chatbot.storage is not above chatbot.providers"),
        ("chatbot.providers.new", "from chatbot.storage import Store", "is not above chatbot.storage"),
        ("chatbot.engine", "def f():\n    from chatbot.replies.replies import Replies", "chatbot.engine is not above"),
        ("chatbot.replies.new", "if True:\n    import chatbot.page.blocks as page", "is not above chatbot.page"),
        ("chatbot.replies.new", "from chatbot import ChatEngine", "chatbot.replies is not above chatbot"),
        ("chatbot.types.new", "from chatbot import settings", "chatbot.types is not above chatbot.settings"),
        ("chatbot.web.new", "from chatbot.web import server", "chatbot.web is not above chatbot.web.server"),
        ("chatbot.web.server", "import app", "chatbot.web.server is not above app"),
        ("chatbot.page.new", "from chatbot.api.chat import router", "chatbot.page is not above chatbot.api"),
        ("chatbot.api.new", "from chatbot.page import chat_handlers", "chatbot.api is not above chatbot.page"),
        ("chatbot.replies.new", "import os, gradio as gr", "gradio: only chatbot.web and chatbot.page may"),
        ("chatbot.api.new", "import gradio", "only chatbot.web and chatbot.page may"),
        ("chatbot.new", "from starlette.requests import Request", "only chatbot.web"),
        ("app", "import fastapi", "only chatbot.web"),
        ("chatbot.page.new", "from openai.types import Model", "only chatbot.providers may"),
        ("chatbot.memory.new", "import httpx2", "only chatbot.providers may"),
        ("chatbot.api.new", "import orjson", "only chatbot.storage and chatbot.transfer may"),
        ("chatbot.replies.new", "from tinydb.table import Table", "only chatbot.storage may"),
        ("chatbot.storage.new", "from .store import Store", "write the whole name"),
    ],
)
def test_a_wrong_import_is_found(name: str, source: str, fault: str) -> None:
    others = dict.fromkeys(("chatbot.settings", "chatbot.web.server", "chatbot.page.chat_handlers"), "")
    found = wrong_imports(others | {name: source})
    assert len(found) == 1
    assert found[0].startswith(f"{name} imports ")
    assert fault in found[0]


def test_a_circle_inside_a_package_is_found() -> None:
    made_up = {
        "chatbot.storage.a": "from chatbot.storage.b import B",
        "chatbot.storage.b": "from chatbot.storage.c import C",
        "chatbot.storage.c": "def f():\n    from chatbot.storage.a import A",
    }
    (found,) = wrong_imports(made_up)
    assert found.startswith("a circle: ")
    assert found.count(" imports ") == 3


def test_a_new_part_has_to_be_given_its_layer() -> None:
    with pytest.raises(AssertionError, match=r"chatbot\.novel has no place"):
        wrong_imports({"chatbot.novel": "from chatbot.errors import ChatbotError"})


def test_importing_the_package_loads_neither_the_page_nor_an_sdk() -> None:
    command = "import sys, chatbot; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    assert "chatbot" in loaded.stdout.split()
    assert not {"gradio", "fastapi", "openai", "anthropic", "xllamacpp"} & set(loaded.stdout.split())
