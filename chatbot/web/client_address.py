"""Where a request comes from, for counting."""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from starlette.requests import Request

OF_ONE_VISITOR = 64
"""Bits of an IPv6 address that tell visitors apart: whoever is given one is given all that begin with the same."""


def client_address(request: Request | Any, behind_proxy: bool) -> str:
    """The caller's address, empty where it is not known; `request` is Starlette's or Gradio's. Of IPv6 it is the
    network, as `2001:db8::/64`.

    `behind_proxy`: the app runs on a Space, whose proxy tells the address in X-Forwarded-For. Anywhere else that header
    says what the caller wants it to say; only of a proxy on this machine the web server believes it already.
    """
    headers: Mapping[str, str] = request.headers
    forwarded = headers.get("x-forwarded-for", "") if behind_proxy else ""
    own = str(request.client.host) if request.client else ""
    addresses = filter(None, map(_counted, forwarded.split(",")))
    return next(addresses, "") or _counted(own) or own


def _counted(text: str) -> str:
    """The address as it is counted, empty where the text is none."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or IPv6Network((int(address), OF_ONE_VISITOR), strict=False))
    return str(address)
