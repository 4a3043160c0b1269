"""Security headers on every response: what a page may load, run and send, and who may frame it."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-eval'",  # Gradio makes functions of the scripts that its events bring
    "style-src": "'self' 'unsafe-inline'",  # Gradio and KaTeX write styles into the elements
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'self'",
}
"""Nothing is loaded from another host or sent to one, whatever a model or a visitor gets onto the page."""

FRAME_ANCESTORS = ("'self'", "https://huggingface.co", "https://*.hf.space")
"""Sites that may frame the page: Hugging Face frames a Space's page."""

OTHER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
}

INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


class SecurityHeaders:
    """Adds the headers. `frames` are further sites that may frame the page, `scripts` inline scripts that the page
    adds.

    A page's own inline scripts are allowed by their hashes, so a page is held back until it is complete; the chunks of
    a stream pass as they come.
    """

    def __init__(self, app: ASGIApp, frames: Iterable[str] = (), scripts: Iterable[str] = ()) -> None:
        self._app = app
        self._scripts = [script.encode() for script in scripts]
        self._frames = " ".join((*FRAME_ANCESTORS, *frames))
        self._policy_without_scripts = self._policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page: list[Message] = []

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(OTHER_HEADERS)
                if headers.get("content-type", "").startswith("text/html"):
                    page.append(message)
                    return
                headers["Content-Security-Policy"] = self._policy_without_scripts
            elif page:
                page.append(message)
                if not message.get("more_body"):
                    await self._send_page(page, send)
                return
            await send(message)

        await self._app(scope, receive, send_with_headers)

    async def _send_page(self, page: list[Message], send: Send) -> None:
        scripts = INLINE_SCRIPT.findall(b"".join(part.get("body", b"") for part in page[1:]))
        MutableHeaders(scope=page[0])["Content-Security-Policy"] = self._policy([*scripts, *self._scripts])
        for message in page:
            await send(message)

    def _policy(self, scripts: Iterable[bytes] = ()) -> str:
        hashes = (f" 'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in scripts)
        rules = POLICY | {"script-src": POLICY["script-src"] + "".join(hashes), "frame-ancestors": self._frames}
        return "; ".join(f"{name} {value}" for name, value in rules.items())
