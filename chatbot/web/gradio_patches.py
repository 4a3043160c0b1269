"""Every reach into Gradio's private parts, each with its reason. tests/page/test_gradio_wiring.py tests them all.

`web.gradio_queue` makes the queue wait for events. `page.chat_interface` overrides two private methods of
gr.ChatInterface and says why. requirements.txt pins Gradio's minor version because of all three.
"""

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from gradio import http_server
from gradio.routes import templates
from jinja2 import ChoiceLoader, FileSystemLoader, FunctionLoader
from starlette.requests import Request

from chatbot.web.gradio_import import gr
from chatbot.web.page_files import PageFiles

TEMPLATES = Path(gr.__file__).with_name("templates")
PREVIEW = """<meta name="description" content="{description}" />
<meta property="og:type" content="website" />
<meta property="og:title" content="{title}" />
<meta property="og:description" content="{description}" />
<meta name="twitter:card" content="summary" />
"""
PAGE_TEMPLATE = "frontend/index.html"
APP_ELEMENT = "<gradio-app"
PREVIEW_ELEMENT = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')


def forbid_files() -> None:
    """Lets Gradio store no file: a value of an event can name an address, which Gradio would fetch and store. Called
    after the import, which would create the directory."""
    os.environ["GRADIO_TEMP_DIR"] = os.devnull


def skip_matplotlib() -> None:
    """Makes the import of matplotlib fail at once: Gradio tries it twice at every update, 16 % of an update's cost."""
    sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]


def skip_asking_for_disconnects() -> None:
    """Makes Request.is_disconnected return what is known. Gradio asks before each event that it sends to a page, which
    takes longer than to compose the event. Starlette's StreamingResponse listens for the end of the connection anyway
    and then cancels the stream."""

    async def is_disconnected(request: Request) -> bool:
        return request._is_disconnected

    Request.is_disconnected = is_disconnected  # type: ignore[method-assign, assignment]


def load_scripts_locally(page: gr.Blocks) -> None:
    """After the launch, `share` only means that the page's scripts come from another host."""
    page.share = False


@contextmanager
def serve_on(sockets: Sequence[socket.socket], url: str) -> Iterator[None]:
    """Makes a launch inside it listen on `sockets`, which are open already: Gradio tries ports on 127.0.0.1 only, and
    cannot tell a wrong host from a port in use. It then asks itself at `url`, without the environment's proxies."""
    port = sockets[0].getsockname()[1]
    start_server, get, head = http_server.start_server, httpx.get, httpx.head
    http_server.start_server = lambda app, **_: ("", port, url, _run_server(app, sockets))
    httpx.get, httpx.head = partial(get, trust_env=False), partial(head, trust_env=False)
    try:
        yield
    finally:
        http_server.start_server, httpx.get, httpx.head = start_server, get, head


def _run_server(app: Any, sockets: Sequence[socket.socket]) -> http_server.Server:
    """Runs the web server in a thread; returns when it accepts connections."""
    server = http_server.Server(uvicorn.Config(app, log_level="warning"))
    server.thread = threading.Thread(target=server.run, args=[list(sockets)], daemon=True)
    server.thread.start()
    while not server.started and server.thread.is_alive():
        time.sleep(0.001)
    return server


def displayed_kinds(page: gr.Blocks) -> set[str]:
    """The kinds of components that the page loads scripts for: not of those that are not displayed."""
    return {component.get_block_name() for component in page.blocks.values() if getattr(component, "visible", True)}


def theme_css(theme: gr.themes.Base) -> str:
    """The theme's variables: those of `:root`, then those of `.dark`."""
    return str(theme._get_theme_css())  # type: ignore[no-untyped-call]


def event_data(event: gr.EventData) -> Mapping[str, Any]:
    """What the browser sent with an event; empty if it is no object."""
    return event._data if isinstance(event._data, dict) else {}


def prepare_page(title: str, description: str, script: str, shell: str, files: Future[PageFiles]) -> None:
    """Changes Gradio's page. Previews of links show these texts: Gradio's template has its own, and an address of a
    picture on another host. The script runs before Gradio, which adds scripts after its start. The shell is
    shown until then, but not before the login. The files take the place of Gradio's."""
    gradios = FileSystemLoader(TEMPLATES)
    source, *_ = gradios.get_source(templates.env, PAGE_TEMPLATE)
    head, style, rest = source.partition("<style>")
    own = PREVIEW.format(title=escape(title), description=escape(description)) + _katex_meta()
    early = "<script>{% raw %}" + script + "{% endraw %}</script>\n"
    page = PREVIEW_ELEMENT.sub("", head) + own + early + style + PREVIEW_ELEMENT.sub("", rest)
    shown = "{% if not config.auth_required %}{% raw %}" + shell + "{% endraw %}{% endif %}\n"
    page = page.replace(APP_ELEMENT, shown + APP_ELEMENT, 1)
    load = {PAGE_TEMPLATE: lambda: files.result().add_to(page)}
    templates.env.loader = ChoiceLoader([FunctionLoader(lambda name: load[name]() if name in load else None), gradios])


def _katex_meta() -> str:
    """An element of the page's head that says where KaTeX's script and style are, which Gradio brings along under names
    with hashes. assets/messages.js loads them with the first formula."""
    assets = Path(gr.__file__).with_name("templates") / "frontend" / "assets"
    (script,), (style,) = (list(assets.glob(f"katex-*.{kind}")) for kind in ("js", "css"))
    return f'<meta name="katex" data-script="assets/{script.name}" data-style="assets/{style.name}">\n'
