"""The address that a request comes from, for rate limits."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from starlette.requests import Request

if TYPE_CHECKING:
    import gradio as gr  # the API needs no Gradio

IPV6_PREFIX = 64
"""Bits of an IPv6 address that tell visitors apart: each of them has all addresses with the same prefix."""


def client_address(request: "Request | gr.Request", behind_proxy: bool) -> str:
    """The caller's address, empty if it is not known. Of IPv6 it is the network, as `2001:db8::/64`.

    `behind_proxy`: the app runs on a Space, whose proxy puts the address into X-Forwarded-For. On other hosts
    the caller can put anything there; uvicorn believes it only from a proxy on this machine.
    """
    forwarded = str(request.headers.get("x-forwarded-for", "")) if behind_proxy else ""
    own = str(request.client.host) if request.client else ""
    addresses = filter(None, map(_normalize, forwarded.split(",")))
    return next(addresses, "") or _normalize(own) or own


def _normalize(text: str) -> str:
    """The address as it is counted, empty if the text is no address."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return str(address)
