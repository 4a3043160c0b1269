"""The files that every page needs, in a folder named by a hash of them: browsers keep them for good."""

import logging
import re
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from chatbot.web.gradio_bundle import FRONTEND, Bundle, BundleError

log = logging.getLogger(__name__)

SCRIPT = "chatbot.js"
OWN_LINK = '<script defer src="./assets/FOLDER/chatbot.js"></script>'
THEME_LINK = '<link rel="stylesheet" href="theme.css?v={{ config.theme_hash }}">'
"""Gradio asks for the theme's style itself, one round trip after its scripts: by then it is cached. The page's own
script runs before Gradio's: deferred scripts and modules run in their order."""

LOGGED_IN = "{% if not config.auth_required %}LINK{% endif %}\n"
INSTALLING = """<link rel="manifest" href="./assets/FOLDER/manifest.json">
<link rel="apple-touch-icon" href="./assets/FOLDER/icon-maskable.png">"""
GRADIOS_MANIFEST = re.compile(r'<link rel="manifest"[^>]*>')
GRADIOS_SCRIPT, END = '<script type="module"', "</body>"


@dataclass(frozen=True)
class PageFiles:
    """The files in the folder, by their names. `bundle` is None if Gradio's files are not as expected: then browsers
    load them one by one."""

    folder: str
    files: Mapping[str, bytes]
    bundle: Bundle | None

    def add_to(self, template: str) -> str:
        """Gradio's page with these files."""
        own = LOGGED_IN.replace("LINK", OWN_LINK.replace("FOLDER", self.folder))
        theme = LOGGED_IN.replace("LINK", THEME_LINK)
        page = GRADIOS_MANIFEST.sub(INSTALLING.replace("FOLDER", self.folder), template)
        page = page.replace(GRADIOS_SCRIPT, own + GRADIOS_SCRIPT, 1).replace(END, theme + END, 1)
        return self.bundle.replace_links(page, self.folder) if self.bundle else page


def build_page_files(kinds: Collection[str], own: Mapping[str, bytes], frontend: Path = FRONTEND) -> Future[PageFiles]:
    """Makes the files, in a thread of their own, of a page that has these kinds of components and files of its own."""
    executor = ThreadPoolExecutor(1, "page-files")
    building = executor.submit(_build, kinds, own, frontend)
    executor.shutdown(wait=False)
    return building


def _build(kinds: Collection[str], own: Mapping[str, bytes], frontend: Path) -> PageFiles:
    bundle = _bundle(kinds, frontend)
    parts = [*own.values(), *([bundle.script.encode(), bundle.style.encode()] if bundle else [])]
    folder = sha256(b"".join(parts)).hexdigest()[:16]
    gradios = {name: text.encode() for name, text in bundle.files(folder).items()} if bundle else {}
    return PageFiles(folder, {**own, **gradios}, bundle)


def _bundle(kinds: Collection[str], frontend: Path) -> Bundle | None:
    try:
        return Bundle(kinds, frontend)
    except (BundleError, LookupError, OSError, ValueError):
        log.exception("Gradio's files have another form: the page loads them one by one")
        return None
