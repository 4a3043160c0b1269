"""Requests that another site's page makes in a visitor's browser: they must not act as the visitor.

Gradio's cookies go along with them, since the page also works in a frame of another site, and its answers let every
page read them. The frame does not need that: what the page in it asks for comes from the page's own site.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope


def is_cross_site(headers: Headers) -> bool:
    """Whether a page of another site asks, as the browser tells. A program that is no browser says nothing of it.

    Over plain HTTP browsers tell the origin alone. Where the host comes without a port, as a proxy may pass it on, the
    origin's port does not count: ports are of one site.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "cross-site"
    origin = headers.get("origin")
    return origin is not None and headers.get("host", "").lower() not in _hosts(origin)


def is_navigation(method: str, headers: Headers) -> bool:
    """Whether a window or a frame is to show the answer, which whoever made it cannot read."""
    return method == "GET" and headers.get("sec-fetch-mode") == "navigate"


def without_cookies(scope: Scope) -> Scope:
    """The request without its cookies, and without what Gradio's sign-in has read of them already."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
    nobody = {"session": type(scope["session"])()} if "session" in scope else {}
    return {**scope, "headers": headers, **nobody}


def _hosts(origin: str) -> tuple[str, ...]:
    """What the host may be called that the origin names; none for `null`, the origin of a page without one."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:  # no browser sends one that is none
        return ()
    return (parts.netloc, parts.hostname or "") if parts.netloc else ()
