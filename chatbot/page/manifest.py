"""What a browser needs to install the page as an app: a manifest, icons, what other apps share with it, and the service
worker, which says so while the server cannot be reached."""

import json
from collections.abc import Mapping
from typing import Any

from chatbot.page.blocks import TITLE
from chatbot.page.scripts import ASSETS, worker_script

PAGE = "../../"
"""The page, as seen from the manifest, so that it is found under any path."""

ICONS = (("icon.svg", "any", "any"), ("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"))
MASKABLE = ("icon-maskable.png", "512x512", "maskable")
"""Files in assets/, their sizes and purposes."""

MANIFEST: Mapping[str, Any] = {
    "name": TITLE,
    "short_name": TITLE,
    "start_url": PAGE,
    "scope": PAGE,
    "display": "standalone",
    "background_color": "#ffffff",
    "theme_color": "#6366f1",
    "icons": [{"src": src, "sizes": sizes, "purpose": purpose} for src, sizes, purpose in (*ICONS, MASKABLE)],
    # assets/shell.js puts it into the message box
    "share_target": {
        "action": PAGE,
        "method": "GET",
        "enctype": "application/x-www-form-urlencoded",
        "params": {"title": "title", "text": "text", "url": "url"},
    },
}


def manifest_files() -> dict[str, bytes]:
    """The manifest, its icons and the service worker, by the names of their files."""
    icons = {src: (ASSETS / src).read_bytes() for src, *_ in (*ICONS, MASKABLE)}
    return {"manifest.json": json.dumps(MANIFEST).encode(), "worker.js": worker_script().encode()} | icons
