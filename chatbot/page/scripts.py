"""The page's scripts: ES modules in assets/, bundled into one script in the page's head. frames.js stands before it."""

import re
from pathlib import Path

ASSETS = Path(__file__).with_name("assets")

MODULES = (
    "storage",
    "preferences",
    "i18n",
    "dom",
    "state",
    "session",
    "tools",
    "deletion",
    "messages",
    "attachments",
    "uploads",
    "answer_words",
    "address",
    "view",
    "queue",
    "temporary",
    "local_models",
    "model_picker",
    "notes",
    "remember",
    "note_list",
    "note_lines",
    "memory_panel",
    "sent_memory",
    "settings",
    "keys",
    "remedies",
    "turns",
    "import_export",
    "menu",
    "sidebar",
    "search",
    "scrolling",
    "shortcuts",
    "gradio_texts",
    "main",
)
"""In the order of their imports: each imports only from those before it."""

IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (const|let) (\w+)", re.MULTILINE)


def source(name: str) -> str:
    """The text of a module."""
    return (ASSETS / f"{name}.js").read_text("utf-8")


def bundle() -> str:
    """All modules as one classic script, in which each is a function that returns its exports. One script in the head
    costs no further request; seventeen modules would cost several round trips before the page is usable."""
    modules = "".join(map(_as_function, MODULES))
    return f'(() => {{\n"use strict";\nconst modules = {{}};\n{modules}}})();'


def _as_function(name: str) -> str:
    text = source(name)
    exports = ", ".join(exported for _, exported in EXPORT.findall(text))
    body = EXPORT.sub(r"\1 \2", IMPORT.sub(r"const \1 = modules.\2;", text))
    return f"modules.{name} = (() => {{\n{body}return {{ {exports} }};\n}})();\n"
