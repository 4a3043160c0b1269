"""The direction of imports, which the design rests on: each part knows only what is below it."""

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from tests.running import ROOT

LAYERS = (
    {"chatbot.errors", "chatbot.types"},
    {"chatbot.settings", "chatbot.attachments"},
    {"chatbot.providers", "chatbot.memory"},
    {"chatbot.replies.options", "chatbot.logs"},
    {"chatbot.engine"},
    {
        "chatbot.replies.reply",
        "chatbot.replies.generation",
        "chatbot.replies.turns",
        "chatbot.replies.limits",
        "chatbot.replies.pacing",
    },
    {"chatbot.replies.checkpoints"},
    {"chatbot.replies.imports", "chatbot.replies.replies", "chatbot.replies.uploads"},
    {"chatbot"},
    {"chatbot.web"},
    {"app"},
)
"""From the ground up. The parts of one layer do not know each other; `chatbot` itself lists what the package offers."""

DOORS = (
    {
        "chatbot.page.blocks",
        "chatbot.page.chat_interface",
        "chatbot.page.chat_handlers",
        "chatbot.page.sidebar_handlers",
        "chatbot.page.settings_handlers",
        "chatbot.page.layout",
        "chatbot.page.settings_form",
        "chatbot.page.accounts",
        "chatbot.page.notices",
        "chatbot.page.conversation_view",
        "chatbot.page.message_view",
        "chatbot.page.theme",
    },
    {"chatbot.api.chat", "chatbot.api.conversations", "chatbot.api.files"},
)
"""The page and the HTTP API: both lead to the same road, neither through the other."""

OWNERS = {
    "chatbot.web": {"gradio", "gradio_client", "fastapi", "starlette", "uvicorn"},
    "chatbot.providers": {"openai", "anthropic", "httpx2", "xllamacpp", "huggingface_hub", "genai_prices"},
    "chatbot.memory": {"tinydb", "orjson"},
    "chatbot.attachments": {"PIL", "pypdfium2", "charset_normalizer"},
}
"""The only parts that may import these libraries."""


def modules() -> dict[str, str]:
    """The source of each module of the app, by its name."""
    files = [ROOT / "app.py", *(ROOT / "chatbot").rglob("*.py")]
    return {_name(path.relative_to(ROOT)): path.read_text("utf-8") for path in files}


def wrong_imports(sources: Mapping[str, str]) -> list[str]:
    """What is wrong in those modules, a line each."""
    return [
        f"{name} imports {imported}: {fault}"
        for name, source in sources.items()
        for imported in _imports(source, sources)
        if (fault := _fault(name, imported))
    ]


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
    for owner, libraries in OWNERS.items():
        if library in libraries and not _inside(name, owner):
            return f"only {owner} may"
    if library not in ("chatbot", "app"):
        return None
    for here, there in (DOORS, DOORS[::-1]):
        if any(_inside(name, part) for part in here) and any(_inside(imported, part) for part in there):
            return "from one door to the other"
    own, other = _part(name), _part(imported)
    return None if own == other or _height(own) > _height(other) else f"{own} is not above {other}"


def _inside(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _part(name: str) -> str:
    """`chatbot.memory` for all that is inside it."""
    return ".".join(name.split(".")[:2])


def _height(part: str) -> int:
    heights = [height for height, parts in enumerate(LAYERS) if part in parts]
    assert heights, f"{part} has no place in LAYERS yet: give it one"
    return heights[0]


def test_every_import_of_the_app_goes_down() -> None:
    assert {"app", "chatbot", "chatbot.memory.context_window", "chatbot.page.blocks"} <= modules().keys()
    assert wrong_imports(modules()) == []


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("chatbot.errors", "from chatbot.types import Message", "chatbot.types: chatbot.errors is not above"),
        ("chatbot.settings", "from chatbot.providers import connect", "chatbot.settings is not above"),
        ("chatbot.storage.store", "import chatbot.providers.base", "chatbot.memory is not above chatbot.providers"),
        ("chatbot.providers.new", "from chatbot.memory import Store", "chatbot.providers is not above chatbot.memory"),
        ("chatbot.engine", "def f():\n    from chatbot.replies.replies import Replies", "chatbot.engine is not above"),
        (
            "chatbot.replies.reply",
            "if True:\n    import chatbot.page.blocks as page",
            "chatbot.replies.reply is not above chatbot.web",
        ),
        ("chatbot.replies.replies", "from chatbot import ChatEngine", "chatbot.replies.replies is not above chatbot"),
        ("chatbot.types", "from chatbot import settings", "chatbot.types is not above chatbot.settings"),
        ("chatbot", "from chatbot.web import server", "chatbot is not above chatbot.web"),
        ("chatbot.web.server", "import app", "chatbot.web is not above app"),
        ("chatbot.page.blocks", "from chatbot.api.chat import router", "from one door to the other"),
        ("chatbot.api.chat", "from chatbot.web import handlers", "from one door to the other"),
        ("chatbot.replies.replies", "import os, gradio as gr", "gradio: only chatbot.web may"),
        ("chatbot.engine", "from starlette.requests import Request", "only chatbot.web may"),
        ("app", "import fastapi", "only chatbot.web may"),
        ("chatbot.page.blocks", "from openai.types import Model", "only chatbot.providers may"),
        ("chatbot.memory.context_window", "import httpx2", "only chatbot.providers may"),
        ("chatbot.api.chat", "import orjson", "only chatbot.memory may"),
        ("chatbot.replies.replies", "from tinydb.table import Table", "only chatbot.memory may"),
        ("chatbot.storage.store", "from .storage import AtomicStorage", "write the whole name"),
    ],
)
def test_a_made_up_wrong_import_is_found(name: str, source: str, fault: str) -> None:
    found = wrong_imports(modules() | {"chatbot.api.chat": ""} | {name: source})
    assert len(found) == 1
    assert found[0].startswith(f"{name} imports ")
    assert fault in found[0]


def test_a_new_part_has_to_be_given_its_place() -> None:
    with pytest.raises(AssertionError, match=r"chatbot\.novel has no place"):
        wrong_imports({"chatbot.novel": "from chatbot.errors import ChatbotError"})


def test_importing_the_package_loads_neither_the_page_nor_an_sdk() -> None:
    command = "import sys, chatbot; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    assert "chatbot" in loaded.stdout.split()
    assert not {"gradio", "fastapi", "openai", "anthropic", "xllamacpp"} & set(loaded.stdout.split())
