"""Where a request comes from, for counting."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request


def address_of(request: Request | Any, behind_proxy: bool) -> str:
    """The caller's address, empty where it is not known; `request` is Starlette's or Gradio's.

    `behind_proxy`: the app runs on a Space, whose proxy tells the address in X-Forwarded-For. Anywhere else that header
    says what the caller wants it to say; only of a proxy on this machine the web server believes it already.
    """
    headers: Mapping[str, str] = request.headers
    forwarded = headers.get("x-forwarded-for", "") if behind_proxy else ""
    first = forwarded.partition(",")[0].strip()
    return first or (str(request.client.host) if request.client else "")
