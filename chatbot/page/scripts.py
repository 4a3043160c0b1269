"""The page's scripts: ES modules in assets/, bundled into one file with the page's texts and styles. frames.js,
early.js and shell.js are in the page itself, worker.js is its service worker."""

import json
import re
from pathlib import Path

from chatbot.i18n import LOCALES, texts

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
    "done",
    "temporary",
    "local_models",
    "model_picker",
    "notes",
    "remember",
    "pins",
    "note_list",
    "note_lines",
    "memory_panel",
    "sent_memory",
    "settings",
    "keys",
    "remedies",
    "summary",
    "turns",
    "import_export",
    "menu",
    "sidebar",
    "search",
    "scrolling",
    "shortcuts",
    "gradio_texts",
    "offline",
    "handover",
    "main",
)
"""In the order of their imports: each imports only from those before it."""

STYLES = ("style", "model_picker", "local_models", "settings", "memory", "attachments", "queue", "summary", "print")

IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (const|let) (\w+)", re.MULTILINE)


def source(name: str) -> str:
    """The text of a module."""
    return (ASSETS / f"{name}.js").read_text("utf-8")


def early_script() -> str:
    """What runs before everything else."""
    return source("frames") + source("early")


def page_script() -> str:
    """All modules as one classic script, in which each is a function that returns its exports. Before them, it adds the
    texts and the styles to Gradio's configuration: the HTML, which is sent anew at each visit, stays short."""
    translations = {locale: texts(locale) for locale in LOCALES}
    css = "\n".join((ASSETS / f"{name}.css").read_text("utf-8") for name in STYLES)
    shared = json.dumps({"css": css, "i18n_translations": translations}, ensure_ascii=False)
    modules = "".join(map(_as_function, MODULES))
    start = f'"use strict";\nObject.assign(window.gradio_config, {shared});\nconst modules = {{}};\n'
    return f"(() => {{\n{start}{modules}}})();"


def worker_script() -> str:
    """The service worker, with what it says."""
    keys = ("offline.title", "offline.text", "offline.again")
    translations = {locale: [texts(locale)[key] for key in keys] for locale in LOCALES}
    return f"const TEXTS = {json.dumps(translations, ensure_ascii=False)};\n{source('worker')}"


def _as_function(name: str) -> str:
    text = source(name)
    exports = ", ".join(exported for _, exported in EXPORT.findall(text))
    body = EXPORT.sub(r"\1 \2", IMPORT.sub(r"const \1 = modules.\2;", text))
    return f"modules.{name} = (() => {{\n{body}return {{ {exports} }};\n}})();\n"
