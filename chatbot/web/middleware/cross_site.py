"""Requests that another site's page makes in a visitor's browser must not act as the visitor.

Gradio's cookies go along with them, because the page also works in a frame of another site, and Gradio's answers let
every page read them. The frame does not need that: requests of the page in it come from the page's own site.
"""

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.errors import ChatbotError, NotFound
from chatbot.web.error_response import error_response

log = logging.getLogger(__name__)

OWN_SITE_ONLY = ("/login", "/logout")
"""Another site's page would log a visitor in as somebody else with the one, and out with the other."""


class OtherOrigin(ChatbotError):
    """A login or logout of a page whose address is not the one that this server was asked at. It may be another site's,
    or a proxy has replaced the Host header."""

    code = "other_origin"
    status = 403


class CrossSiteMiddleware:
    """Removes the cookies of cross-site requests, and refuses those that log in or out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_cross_site(headers := Headers(scope=scope), is_forwarded(scope)):
            await self._app(scope, receive, send)
        elif scope["path"].rstrip("/") in OWN_SITE_ONLY:
            await error_response(_refusal(headers), Request(scope))(scope, receive, send)
        elif _is_navigation(scope["method"], headers):
            await self._app(scope, receive, send)
        else:
            await self._app(without_cookies(scope), receive, send)


def is_cross_site(headers: Headers, is_forwarded: bool = False) -> bool:
    """Whether a page of another site asks, as browsers tell. Programs that are no browsers say nothing of it.

    Over plain HTTP browsers send the origin only. If the host comes without a port, as some proxies pass it on, the
    origin's port does not count: ports do not make a site. A proxy that replaces the Host header (`is_forwarded`) puts
    the visitor's into X-Forwarded-Host; from anybody else that header proves nothing.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "cross-site"
    origin = headers.get("origin")
    forwarded = headers.get("x-forwarded-host", "").partition(",")[0] if is_forwarded else ""
    own = {headers.get("host", "").lower(), forwarded.strip().lower()} - {""}
    return origin is not None and own.isdisjoint(_hosts(origin))


def is_forwarded(scope: Scope) -> bool:
    """Whether a proxy that uvicorn trusts (FORWARDED_ALLOW_IPS, by default on this machine) sent the request. uvicorn
    then puts the visitor's address in the place of the proxy's, with the port 0."""
    host, port = scope.get("client") or ("", 0)
    try:
        return port == 0 or ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(headers: Headers) -> ChatbotError:
    """Says what to set if only the origin differs, which can be the work of a proxy."""
    if headers.get("sec-fetch-site") or headers["origin"] == "null":
        return NotFound()
    error = OtherOrigin(origin=headers["origin"], host=headers.get("host", ""))
    log.warning("login refused: %s", error)
    return error


def without_cookies(scope: Scope) -> Scope:
    """The request without its cookies, and without what Gradio's sign-in has read of them already."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
    empty_session = {"session": type(scope["session"])()} if "session" in scope else {}
    return {**scope, "headers": headers, **empty_session}


def _is_navigation(method: str, headers: Headers) -> bool:
    """Whether a window or frame shows the answer, which the page that asked cannot read."""
    return method == "GET" and headers.get("sec-fetch-mode") == "navigate"


def _hosts(origin: str) -> tuple[str, ...]:
    """The hosts that the origin may name; none for `null`, the origin of a page without one."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:  # no browser sends such an origin
        return ()
    return (parts.netloc, parts.hostname or "") if parts.netloc else ()
